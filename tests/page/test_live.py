"""The page as a whole: it keeps up, keeps the focus, fits a phone, and says when the emulator has ended."""

from page import DESKTOP, PHONE, PageTest, fio_c2c, png

#: More than the page shows of devices.
MANY = 45


class Live(PageTest):
    def test_what_somebody_types_survives_what_happens(self) -> None:
        camera = self.paired(client_id="CAM-1")
        self.sees(".device", "CAM-1", camera)
        box = self.browser.one(".move input")
        box.send_keys("Feat")
        for number in range(3):
            upload = camera.upload(path=str(self.media(f"A00{number}.mov", bytes(10))))
            camera.drive_until_over(upload, fio_c2c.FIO_UPLOAD_DONE)
            self.sees(".upload[data-state=complete]", f"A00{number}.mov")
        self.paired(client_id="AAA-BEFORE-IT")
        self.sees(".device", "AAA-BEFORE-IT")
        self.browser.keys("ure")
        assert box.get_property("value") == "Feature"

    def test_a_phone(self) -> None:
        camera = self.paired(client_id="CAM-" + "1" * 80)
        for name, content in (("still.png", png(320, 200)), ("x" * 200 + ".mov", b"x")):
            upload = camera.upload(path=str(self.media("it", content)), name=name)
            camera.drive_until_over(upload, fio_c2c.FIO_UPLOAD_DONE)
        for path in ("/", "/pair", "/pair/012345"):
            self.browser.open(f"{self.service.url}{path}")
            self.sees("h1")
            if path == "/":
                self.sees(".upload[data-state=complete]", "still.png")
                self.sees(".row")
            for size in (PHONE, DESKTOP):
                self.browser.resize(size)
                wide = self.browser.script("return document.documentElement.scrollWidth")
                assert wide <= size[0], path

    def test_many_devices(self) -> None:
        self.service.person("approve", after_polls=0)
        for name in (f"CAM-{number:03}" for number in range(MANY)):
            code = self.ask_for_code(name, x_client_version="1.0.0")["device_code"]
            grant = "urn:ietf:params:oauth:grant-type:device_code"
            poll = {"client_id": name, "grant_type": grant, "device_code": code}
            assert "access_token" in self.ask("/v2/auth/token", poll, x_client_version="1.0.0")
        self.sees("#devices-count", str(MANY))
        self.sees("#more-devices", "more devices are not shown.")
        assert len(self.browser.all(".device")) < MANY
        self.browser.one("#find").send_keys("cam-007")
        self.until(lambda: self.browser.script("return document.querySelectorAll('.device').length") == 1)
        assert "CAM-007" in self.browser.text(".device")
        assert self.browser.focus() == "Find a device"


class End(PageTest):
    # The browser finds nobody there any more.
    expected_complaint = "ERR_CONNECTION_REFUSED"

    def test_the_emulator_ends(self) -> None:
        self.sees("#connection", "live")
        self.service.call("POST", "/emulator/shutdown")
        self.sees("#connection", "the emulator has ended")
