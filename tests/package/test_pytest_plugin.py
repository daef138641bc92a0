"""The fixtures for pytest, as a test engineer has them after `pip install`."""

import unittest
from pathlib import Path

from installation import PACKAGE, PackageTest, tools
from test_installed import BLOCKS

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


class Plugin(PackageTest):
    def passes(self, path: Path, count: int) -> None:
        said = self.python("-X", "dev", "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", str(path), python=self.have(tools))
        self.assertRegex(said, rf"\b{count} passed in ")

    def written(self, text: str) -> Path:
        (self.folder / "test_written.py").write_text(text)
        return self.folder / "test_written.py"

    def test_the_example(self) -> None:
        self.passes(PACKAGE / "examples" / "test_camera.py", 3)

    def test_the_example_of_the_readme(self) -> None:
        [block] = [block for block in BLOCKS if "def test_" in block]
        self.passes(self.written(block), 1)

    def test_a_run_that_uses_none_of_it_loads_none_of_it(self) -> None:
        self.passes(self.written(NO_LIBRARY), 2)

    def test_clients_are_devices_of_their_own(self) -> None:
        self.passes(self.written(CLIENTS), 2)

    def test_without_an_emulator_it_says_so(self) -> None:
        said = self.fails("-m", "pytest", "-p", "no:cacheprovider", str(self.written(NO_LIBRARY)), python=self.have(tools),
                          FIO_EMULATOR="/nowhere/fio-emulator")
        self.assertRegex(said, "EmulatorError: the emulator cannot be started: .*/nowhere/fio-emulator")


if __name__ == "__main__":
    unittest.main()
