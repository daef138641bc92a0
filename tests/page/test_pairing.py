"""Pairing in a browser: by typing the digits, by the QR code, and with the keyboard alone."""

import unittest
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
        self.assertEqual(pairing.result().project_name, project)
        self.browser.one("main a").click()
        self.sees(".device[data-status=offline]", project, client)
        client.heartbeat().wait(20)
        self.sees(".device[data-status=online]", project, client)

    def test_by_typing_the_digits(self) -> None:
        client, pairing = self.offering()
        self.sees("#codes li", "CAM-1", client)
        self.assertNotIn(pairing.codes[0].user_code, self.browser.text("body"), "the code is for the device to show")
        self.browser.press("Connect a device", "header")
        self.browser.one("#code").send_keys(pairing.codes[0].user_code)
        self.browser.resize((640, 560))
        self.picture("page-pairing.png")
        self.browser.one("#new-project").send_keys("Tom & <i>Jerry</i>")
        self.browser.press("Approve")
        self.has_joined(client, pairing, "Tom & <i>Jerry</i>")
        self.assertFalse(self.browser.all(".device i"))

    def test_by_the_qr_code(self) -> None:
        client, pairing = self.offering()
        link = pairing.codes[0].verification_uri_complete
        assert link is not None
        self.browser.open(link)
        self.assertEqual(self.browser.one("#code").get_property("value"), pairing.codes[0].user_code)
        self.assertIn("emulated-camera-", self.browser.text("main"))
        self.browser.press("Approve")
        self.has_joined(client, pairing, "Feature A")

    def test_with_the_keyboard_alone(self) -> None:
        client, pairing = self.offering()
        self.browser.keys(TAB, TAB)
        self.assertEqual(self.browser.focus(), "Connect a device")
        self.browser.keys(ENTER)
        self.sees("h1", "Connect a device", client)
        self.assertEqual(self.browser.focus(), "Code")
        self.browser.keys(pairing.codes[0].user_code, TAB)
        self.assertEqual(self.browser.focus(), "Project")
        self.browser.keys("Doc", TAB, TAB)
        self.assertEqual(self.browser.focus(), "Approve")
        self.browser.keys(ENTER)
        self.has_joined(client, pairing, "Documentary B")

    def test_a_wrong_code_and_a_refusal(self) -> None:
        client, pairing = self.offering()
        right = pairing.codes[0].user_code
        wrong = f"{(int(right) + 1) % 1_000_000:06}"
        self.browser.open(f"{self.service.url}/pair")
        self.browser.one("#code").send_keys(wrong, ENTER)
        self.sees("[role=alert]", "No device is waiting with this code.")
        self.assertEqual(self.browser.focus(), "Code")
        self.browser.one("#code").clear()
        self.browser.one("#code").send_keys(right)
        self.browser.press("Deny")
        self.sees("h1", "Denied", client)
        client.drive_until(lambda: pairing.is_over)
        self.assertEqual(pairing.error and pairing.error.name, "FIO_E_ACCESS_DENIED")

    # The answer to a code that nobody waits with is a 404, which the console tells.
    expected_complaint = "404"


if __name__ == "__main__":
    unittest.main()
