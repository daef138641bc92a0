"""Faults and the clock, from the page."""

import pytest
from page import PageTest, fio_c2c


class Bench(PageTest):
    def test_a_fault_is_ordered_strikes_and_is_cleared(self) -> None:
        camera = self.paired(client_id="CAM-1")
        self.browser.press("503 for the next call")
        self.sees("#fault-list", "the next call: answered 503", camera)
        self.browser.press("Lose the answer to the next refresh")
        self.sees("#fault-list", "the next refresh: reset, after it took effect", camera)
        self.fails(fio_c2c.FIO_E_SERVER, camera.device_info)
        self.sees(".request.fault", "503")
        assert "fault: status" in self.browser.text(".request.fault")
        self.until(lambda: "503" not in self.browser.text("#fault-list"))
        self.browser.press("Clear all faults")
        self.sees("#no-faults", "None.", camera)
        assert self.service.faults_left() == 0
        assert self.browser.focus() == "503 for the next call", "the button that was pressed is gone"

    def test_every_fault_that_is_offered_can_be_ordered(self) -> None:
        for number, button in enumerate(self.browser.all("#fault-buttons button"), start=1):
            button.click()
            self.until(lambda: len(self.browser.all("#fault-list li")) == number)
        assert number >= 5
        assert len(set(self.browser.text("#fault-list").split("\n"))) == number

    def test_the_network(self) -> None:
        camera = self.paired(client_id="CAM-1")
        self.browser.press("Take the network down")
        self.sees("#network", "Down: every connection of a device is reset.")
        # The connection that the device has is reset, or it meets the reset of a new one.
        with pytest.raises(fio_c2c.FioError):
            camera.device_info().wait(20)
        self.sees("#connection", "live")
        self.browser.press("Bring the network up")
        self.sees("#network", "Up.")
        camera.device_info().wait(20)

    def test_the_clock(self) -> None:
        camera = self.paired(client_id="CAM-1")
        self.sees(".device[data-status=online]", "", camera)
        self.browser.press("+8 h")
        self.sees("#clock", "8 h ahead")
        self.sees(".device[data-status=offline] dd", "8 h ago")
        camera.device_info().wait(20)
        self.sees(".device[data-status=online]")
        assert len(self.service.requests(grant="refresh_token")) == 1, "the token had expired"
        self.browser.press("+14 days")
        self.sees(".device[data-status=disconnected]")
        self.fails(fio_c2c.FIO_E_AUTHORIZATION_LOST, camera.device_info)
