"""What a rig does with the emulator: the checklist, the engineer's answers, waiting, a service that was down."""

import json
import re
import threading
import xml.etree.ElementTree as ElementTree

import pytest

from support import PATIENCE, RigTest, UploadTest, fio_c2c
from fio_c2c.checklist import ChecklistBroken
from fio_c2c.emulator import Emulator, EmulatorError


class Judged(RigTest):
    def careless(self) -> None:
        """What a device does that sends no version and no token."""
        with pytest.raises(EmulatorError):
            self.service.raw("GET", "/v2/devices/me")

    def test_a_good_camera_is_clean(self) -> None:
        camera = self.paired()
        self.service.assert_clean("version_header", "device_information", "https_only")
        checklist = self.service.checklist()
        assert checklist.broken == []
        assert "polling_ends" in checklist.names("fulfilled")
        assert len(list(checklist)) == len(checklist.rows)
        assert checklist.devices[camera.client_id]["version_header"] == "fulfilled"

    def test_a_breach_names_its_row_and_quotes_its_request(self) -> None:
        self.careless()
        with pytest.raises(ChecklistBroken) as caught:
            self.service.assert_clean()
        assert re.search(r"^checklist: version_header is broken\nversion_header is broken: .*\n"
                         r"  \(no device\): It has no x-client-version header\.\n"
                         r"    request 1 at \d+\.\d+ s: GET /v2/devices/me: 401\Z", str(caught.value))
        row, = self.service.checklist().broken
        assert (row.name, row.broken, row.breaches[0].culprit["seq"]) == ("version_header", 1, 1)
        assert re.search(r"\A1 broken, .*\nversion_header is broken", str(self.service.checklist()))

    def test_what_was_to_be_exercised_and_was_not(self) -> None:
        self.paired()
        with pytest.raises(ChecklistBroken, match="\npause_honoured is not_exercised: "):
            self.service.assert_clean("version_header", "pause_honoured")
        with pytest.raises(KeyError):
            self.service.assert_clean("version_headers")

    def test_the_engineer_answers(self) -> None:
        row = self.service.answer("shows_user_code", "yes", "on the LCD")
        assert (row.status, row.answer["note"]) == ("confirmed", "on the LCD")
        self.service.assert_clean("shows_user_code")
        self.service.answer("shows_user_code", "no", "no display")
        with pytest.raises(ChecklistBroken, match=r"shows_user_code is denied: (?s:.*)\? Does .*\n  = no: no display"):
            self.service.assert_clean()
        assert self.service.answer("shows_user_code", None).status == "ask_the_engineer"
        with pytest.raises(EmulatorError, match=r"400 \"shows_code\" is no row of the checklist.*shows_user_code"):
            self.service.answer("shows_code", "yes")

    def test_what_was_done_at_the_device(self) -> None:
        camera = self.paired()
        assert self.service.checklist()["network_change"].status == "ask_the_engineer"
        self.service.told("network_changed", camera.client_id)
        camera.heartbeat().wait(PATIENCE)
        self.service.assert_clean("network_change")

    def test_reports(self) -> None:
        self.careless()
        folder = self.scratch()
        assert "BROKEN: 1\n\n  version_header\n" in self.service.report()
        self.service.report(folder / "checklist.txt")
        assert "BROKEN: 1" in (folder / "checklist.txt").read_text(encoding="utf-8")
        self.service.report(folder / "checklist.xml")
        failed = ElementTree.parse(folder / "checklist.xml").findall(".//testcase[failure]")
        assert [case.get("name") for case in failed] == ["version_header"]
        assert json.loads(self.service.report(folder / "checklist.json"))["summary"]["broken"] == 1
        assert "<testsuites>" in self.service.report(format="junit")


class Waits(UploadTest):
    def test_for_a_request_of_another_thread(self) -> None:
        camera = self.paired()
        seen = self.service.requests()[-1]["seq"]
        thread = threading.Thread(target=lambda: camera.heartbeat().wait(PATIENCE))
        thread.start()
        self.at_end(thread.join)
        assert self.service.wait_for_request("heartbeat", since=seen, status=204)["method"] == "POST"

    def test_for_what_a_camera_in_this_thread_does(self) -> None:
        camera = self.paired()
        camera.upload(path=self.media())
        upload = self.service.wait_for_upload("A001.mov", drive=lambda: camera.drive(20))
        assert upload["size"] == 100_000

    def test_for_the_second_one(self) -> None:
        camera = self.paired()
        for _ in range(2):
            camera.heartbeat().wait(PATIENCE)
        first, second = self.service.requests("heartbeat")
        assert self.service.wait_for_request("heartbeat", times=2) == second

    def test_in_vain(self) -> None:
        camera = self.paired()
        with pytest.raises(TimeoutError, match=r"request 1 to heartbeat, status=204 did not come within 0\.05 s; the last "
                                                  r"requests:(\n  request \d.*)+GET /v2/devices/me: 200"):
            self.service.wait_for_request("heartbeat", status=204, timeout=0.05)
        with pytest.raises(TimeoutError, match="an upload called A001.mov, state='complete' did not come"):
            self.service.wait_for_upload("A001.mov", timeout=0.05, drive=lambda: camera.drive(5))


class Network(RigTest):
    def test_it_is_gone_for_devices_only(self) -> None:
        camera = self.paired()
        self.service.network("down")
        with pytest.raises(fio_c2c.FioError):
            camera.heartbeat().wait(PATIENCE)
        assert self.service.requests("heartbeat") == []
        self.service.network("up")
        camera.heartbeat().wait(PATIENCE)


class Down(RigTest):
    @pytest.fixture(autouse=True)
    def down_ready(self, rig_ready: None) -> None:
        self.service = Emulator(state=self.scratch())
        self.at_end(self.service.close)

    def test_a_device_goes_on_when_the_service_is_back(self) -> None:
        camera, url = self.paired(), self.service.url
        self.service.answer("ethernet", "yes")
        self.service.stop()
        self.fails(fio_c2c.FIO_E_CONNECT, camera.heartbeat)
        with pytest.raises(EmulatorError, match="was stopped"):
            self.service.requests()
        self.service.start()
        camera.heartbeat().wait(PATIENCE)
        self.service.restart()
        camera.heartbeat().wait(PATIENCE)
        assert self.service.url == url
        assert len(self.service.requests("heartbeat", status=204)) == 1, "the log started over"
        self.service.assert_clean("ethernet")

    def test_without_a_folder_nothing_would_be_left(self) -> None:
        with Emulator() as service, pytest.raises(EmulatorError, match="state="):
            service.stop()
