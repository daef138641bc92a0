"""The fixtures for pytest, as a test engineer has them after `pip install`."""

import json
import re
from pathlib import Path

from installation import PACKAGE, PackageTest, tools
from test_installed import BLOCKS
from fio_c2c.emulator import Emulator

NO_LIBRARY = """
import sys
from pathlib import Path

def test_none_of_it_is_loaded():
    assert not [name for name in sys.modules if name.startswith("fio_c2c")]

def test_the_emulator_alone_needs_no_library(fio_emulator):
    assert fio_emulator.requests() == []
    assert "libfio_c2c" not in Path("/proc/self/maps").read_text()
"""

CLIENTS = """
def test_two_devices(fio_emulator, fio_client, tmp_path):
    fio_emulator.person("approve")
    one, other = fio_client(), fio_client(client_version="2.0.0", store_dir=tmp_path)
    for camera in (one, other):
        camera.pair().wait(20)
    assert len({request["client_id"] for request in fio_emulator.requests("code")}) == 2
    test_two_devices.clients = [one, other]

def test_they_are_closed_at_the_end():
    import fio_c2c
    import pytest
    for camera in test_two_devices.clients:
        with pytest.raises(fio_c2c.FioError, match="FIO_E_CLOSED"):
            camera.auth_state()
"""

JUDGED = """
import pytest
from fio_c2c.emulator import EmulatorError

def careless(service):
    with pytest.raises(EmulatorError):
        service.raw("GET", "/v2/devices/me")

def test_careless(fio_emulator):
    careless(fio_emulator)

@pytest.mark.fio_clean
def test_found_out(fio_emulator):
    careless(fio_emulator)

@pytest.mark.fio_clean(may_break=["version_header"])
def test_forgiven(fio_emulator):
    careless(fio_emulator)

@pytest.mark.fio_clean("device_information")
def test_clean(fio_emulator, fio_client):
    fio_emulator.person("approve")
    fio_client().pair().wait(20)

@pytest.mark.fio_clean("pause_honoured")
def test_not_exercised(fio_emulator):
    pass

@pytest.mark.fio_clean
def test_fails_by_itself(fio_emulator):
    careless(fio_emulator)
    assert not fio_emulator.requests(), "its own reason"
"""

STARTED = """
import pytest

@pytest.mark.fio_emulator("--strict", "--person", "approve", interval=1)
def test_arguments(fio_emulator):
    settings = fio_emulator.state()["settings"]
    assert (settings["strict"], settings["interval"]) == (True, 1)
    assert fio_emulator.call("GET", "/emulator/person")["decision"] == "approve"

def test_a_service_that_is_down(fio_emulator, fio_client):
    fio_emulator.person("approve")
    camera = fio_client()
    camera.pair().wait(20)
    fio_emulator.stop()
    with pytest.raises(Exception, match="FIO_E_CONNECT"):
        camera.heartbeat().wait(20)
    fio_emulator.start()
    camera.heartbeat().wait(20)

def test_answers(fio_emulator):
    fio_emulator.assert_clean("ethernet")
"""


class Plugin(PackageTest):
    def judged(self, *options: str) -> str:
        return self.fails("-X", "dev", "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", *options, str(self.written(JUDGED)),
                          python=self.have(tools))

    def passes(self, path: Path, count: int, *options: str) -> None:
        said = self.python("-X", "dev", "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", *options, str(path), python=self.have(tools))
        assert re.search(rf"=+ {count} passed\b", said)

    def written(self, text: str) -> Path:
        (self.folder / "test_written.py").write_text(text)
        return self.folder / "test_written.py"

    def test_the_examples(self) -> None:
        self.passes(PACKAGE / "examples" / "test_camera.py", 3)
        example = PACKAGE / "examples" / "test_session.py"
        with Emulator() as service:
            assert [name for name in service.scenarios() if f'"{name}"' not in example.read_text()] == []
        # The others take seconds each, and are played with the example camera in C as well.
        self.passes(example, 6, "-k", "of_our_own or lost_refresh_reply or pause or power_cut or network_change or cancel")

    def test_the_examples_of_the_readme(self) -> None:
        blocks = [block for block in BLOCKS if "def test_" in block]
        assert len(blocks) == 2
        for block in blocks:
            self.passes(self.written(block), 1)

    def test_a_run_that_uses_none_of_it_loads_none_of_it(self) -> None:
        self.passes(self.written(NO_LIBRARY), 2)

    def test_clients_are_devices_of_their_own(self) -> None:
        self.passes(self.written(CLIENTS), 2)

    def test_without_an_emulator_it_says_so(self) -> None:
        said = self.fails("-m", "pytest", "-p", "no:cacheprovider", str(self.written(NO_LIBRARY)), python=self.have(tools),
                          FIO_EMULATOR="/nowhere/fio-emulator")
        assert re.search("EmulatorError: the emulator cannot be started: .*/nowhere/fio-emulator", said)

    def test_a_test_that_is_to_be_clean_fails_for_a_broken_row(self) -> None:
        said = self.judged()
        assert re.search(r"\b3 failed, 3 passed in ", said)
        assert re.search(r"_ test_found_out _+\nchecklist: version_header is broken\nversion_header is broken: ", said)
        assert re.search(r"_ test_not_exercised _+\nchecklist: pause_honoured is not_exercised\n", said)
        assert re.search(r"FAILED .*::test_fails_by_itself - AssertionError: its own reason\n", said)

    def test_what_the_emulator_saw_is_told_with_a_failure(self) -> None:
        found = self.judged("-k", "fails_by_itself")
        assert re.search(r"-+ fio_emulator: the last requests -+\nrequest 1 at \d+\.\d+ s: GET /v2/devices/me: 401 "
                         r"\[client_version_missing\]\n-+ fio_emulator: checklist -+\n1 broken, ", found)

    def test_every_test_can_be_made_to_be_clean(self) -> None:
        (self.folder / "pytest.ini").write_text("[pytest]\nfio_fail_on_broken_rows = true\n")
        said = self.judged("-k", "careless or forgiven")
        assert re.search(r"test_careless - Failed: checklist: version_header(.|\n)*\b1 failed, 1 passed, 4 deselected in ",
                         said)

    def test_the_report_of_a_run(self) -> None:
        said = self.judged("--fio-report", "checklist.txt", "-k", "not fails_by_itself")
        assert re.search(r"integrator checklist: 1 broken, \d+ fulfilled, .* in 5 sessions: .*/checklist\.txt\n", said)
        text = (self.folder / "checklist.txt").read_text()
        assert re.search(r"\nBROKEN: 1\n\n  version_header\n    .*\n    in test_written.py::test_careless\n        "
                         r"\(no device\): It has .*\n          request 1 at .*\n    in test_written.py::test_found_out\n", text)
        assert re.search(r"\n  device_information\n    .*\n    in test_written.py::test_clean\n", text)
        self.judged("--fio-report", "checklist.json", "-n", "2", "-k", "test_clean or test_found_out")
        rows = {row["name"]: row for row in json.loads((self.folder / "checklist.json").read_text())["rows"]}
        assert rows["version_header"]["status"] == "broken"
        assert ({session.split("::")[1]: told["status"] for session, told in rows["version_header"]["sessions"].items()}
                == {"test_found_out": "broken", "test_clean": "fulfilled"})
        assert "--fio-report: " in self.judged("--fio-report", "absent/checklist.txt")

    def test_the_emulator_is_started_as_the_test_wants_it(self) -> None:
        (self.folder / "answers.json").write_text('{"ethernet": {"answer": "yes"}}')
        (self.folder / "pytest.ini").write_text("[pytest]\nfio_answers = answers.json\n")
        self.passes(self.written(STARTED), 3)
