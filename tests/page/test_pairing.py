"""Pairing in a browser: by typing the digits, by the QR code, and with the keyboard alone."""

from typing import Tuple

from page import Operation, PageTest, RigClient

TAB = "\ue004"
ENTER = "\ue007"


class Pairing(PageTest):
    def offering(self) -> "Tuple[RigClient, Operation]":
        """A device that shows a code."""
        client = self.client(client_id="CAM-1")
        pairing = client.pair()
        client.drive_until(lambda: pairing.codes)
        return client, pairing

    def has_joined(self, client: RigClient, pairing: Operation, project: str) -> None:
        """Checks that it became what the person chose, also on the page."""
        self.sees("h1", "Approved", client)
        client.drive_until(lambda: pairing.is_over)
        assert pairing.result().project_name == project
        self.browser.one("main a").click()
        self.sees(".device[data-status=offline]", project, client)
        client.heartbeat().wait(20)
        self.sees(".device[data-status=online]", project, client)

    def test_by_typing_the_digits(self) -> None:
        client, pairing = self.offering()
        self.sees("#codes li", "CAM-1", client)
        assert pairing.codes[0].user_code not in self.browser.text("body"), "the code is for the device to show"
        self.browser.press("Connect a device", "header")
        self.browser.one("#code").send_keys(pairing.codes[0].user_code)
        self.browser.resize((640, 560))
        self.picture("page-pairing.png")
        self.browser.one("#new-project").send_keys("Tom & <i>Jerry</i>")
        self.browser.press("Approve")
        self.has_joined(client, pairing, "Tom & <i>Jerry</i>")
        assert not self.browser.all(".device i")

    def test_by_the_qr_code(self) -> None:
        client, pairing = self.offering()
        link = pairing.codes[0].verification_uri_complete
        assert link is not None
        self.browser.open(link)
        assert self.browser.one("#code").get_property("value") == pairing.codes[0].user_code
        assert "emulated-camera-" in self.browser.text("main")
        self.browser.press("Approve")
        self.has_joined(client, pairing, "Feature A")

    def test_with_the_keyboard_alone(self) -> None:
        client, pairing = self.offering()
        self.browser.keys(TAB, TAB)
        assert self.browser.focus() == "Connect a device"
        self.browser.keys(ENTER)
        self.sees("h1", "Connect a device", client)
        assert self.browser.focus() == "Code"
        self.browser.keys(pairing.codes[0].user_code, TAB)
        assert self.browser.focus() == "Project"
        self.browser.keys("Doc", TAB, TAB)
        assert self.browser.focus() == "Approve"
        self.browser.keys(ENTER)
        self.has_joined(client, pairing, "Documentary B")

    def test_a_wrong_code_and_a_refusal(self) -> None:
        client, pairing = self.offering()
        right = pairing.codes[0].user_code
        wrong = f"{(int(right) + 1) % 1_000_000:06}"
        self.browser.open(f"{self.service.url}/pair")
        self.browser.one("#code").send_keys(wrong, ENTER)
        self.sees("[role=alert]", "No device is waiting with this code.")
        assert self.browser.focus() == "Code"
        self.browser.one("#code").clear()
        self.browser.one("#code").send_keys(right)
        self.browser.press("Deny")
        self.sees("h1", "Denied", client)
        client.drive_until(lambda: pairing.is_over)
        assert (pairing.error and pairing.error.name) == "FIO_E_ACCESS_DENIED"

    # The answer to a code that nobody waits with is a 404, which the console tells.
    expected_complaint = "404"
