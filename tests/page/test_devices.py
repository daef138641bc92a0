"""What a person does to devices in a browser."""

import pytest
from page import PageTest, fio_c2c


class Devices(PageTest):
    @pytest.fixture(autouse=True)
    def devices_ready(self, page_ready: None) -> None:
        self.camera = self.paired(client_id="CAM-1")
        self.sees(".device[data-status=online]", "2.16.4", self.camera)
        self.name = self.browser.text(".device h3")

    def test_pause_and_resume(self) -> None:
        self.browser.press(f"Pause {self.name}")
        self.sees(".device[data-status=paused] .badge", "paused", self.camera)
        assert self.browser.focus() == f"Resume {self.name}", "the button is the same, and has the focus still"
        refused = self.camera.upload(path=str(self.media("A001.mov", b"recorded in the pause")))
        info = self.camera.drive_until_over(refused, fio_c2c.FIO_UPLOAD_SKIPPED)
        assert (info.reason and info.reason.name) == "FIO_E_CHANNEL_PAUSED"
        self.sees(".request.refused", "New file · A001.mov", self.camera)

        self.browser.press(f"Resume {self.name}")
        self.sees(".device[data-status=online]", "", self.camera)
        # A file knows the second of its recording only, and the pause has just ended.
        self.browser.press("+1 min")
        self.sees("#clock", "1 min ahead")
        taken = self.camera.upload(path=str(self.media("A002.mov", b"recorded after it")))
        self.camera.drive_until_over(taken, fio_c2c.FIO_UPLOAD_DONE)
        self.sees(".upload[data-state=complete]", "A002.mov", self.camera)

    def test_another_project(self) -> None:
        box = self.browser.one(f"[aria-label='Another project for {self.name}']")
        box.send_keys("Feature <B>")
        self.browser.press("Move", ".device")
        self.sees(".device dd", "Feature <B>", self.camera)
        assert self.camera.device_info().wait(20).project_name == "Feature <B>"
        self.until(lambda: box.get_property("value") == "")

    def test_disconnect(self) -> None:
        self.browser.press(f"Disconnect {self.name}")
        self.sees(".device[data-status=disconnected] .badge", "disconnected", self.camera)
        self.fails(fio_c2c.FIO_E_AUTHORIZATION_LOST, self.camera.device_info)
        assert not [button.text for button in self.browser.all(".device button") if button.is_displayed()
                    and button.text != "Only this one"]

    def test_an_end_date(self) -> None:
        self.sees(".device dd", "never", self.camera)
        box = self.browser.one(f"[aria-label='When the connection of {self.name} ends']")
        # What is typed into such a field depends on the language of the browser; its value does not.
        self.browser.driver.execute_script("arguments[0].value = '2999-01-31T12:00'", box)
        self.browser.press("End then", ".device")
        self.sees(".device dd", "31/01/2999", self.camera)
        self.until(lambda: box.get_property("value") == "")
        self.browser.press(f"No end: {self.name}")
        self.sees(".device dd", "never", self.camera)
        self.service.device("CAM-1", "expiry", in_seconds=30)
        self.browser.press("+1 min")
        self.sees(".device[data-status=disconnected] .badge", "disconnected", self.camera)
        self.fails(fio_c2c.FIO_E_AUTHORIZATION_LOST, self.camera.device_info)

    def test_one_device_among_many(self) -> None:
        other = self.paired(client_id="CAM-2")
        upload = other.upload(path=str(self.media("B001.mov", b"the other's")))
        other.drive_until_over(upload, fio_c2c.FIO_UPLOAD_DONE)
        self.sees(".upload", "CAM-2", other)
        self.browser.press(f"Only this one: {self.name}")
        self.sees("#filter-words", "Only CAM-1.")
        self.until(lambda: not self.browser.all(".upload"))
        assert "CAM-2" not in self.browser.text("#requests")
        self.browser.press("Show all devices")
        self.sees(".upload", "CAM-2")
        self.sees("#requests", "CAM-2")


class Foreign(PageTest):
    def test_what_a_device_says_is_text(self) -> None:
        nasty = "<img src=x onerror=document.title='taken'>&\"'\u202e.mov"
        camera = self.paired(client_id="<b>CAM</b>")
        upload = camera.upload(path=str(self.media("A.mov", b"x")), name=nasty)
        camera.drive_until_over(upload, fio_c2c.FIO_UPLOAD_DONE)
        self.sees(".upload[data-state=complete] h3", nasty, camera)
        self.sees(".device dd", "<b>CAM</b>")
        assert not self.browser.all("img, b")
        assert self.browser.driver.title == "Camera-to-Cloud emulator"
