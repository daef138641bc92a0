"""Pairing in a browser: by the digits, by the QR code, with the keyboard only."""

import unittest

from page import PageTest


class Pairing(PageTest):
    def test_by_typing_the_digits(self) -> None:
        client = self.client(client_id="CAM-1")
        codes = []
        pairing = client.pair(codes.append)
        self.until(lambda: codes, client)
        self.sees("#codes li", "CAM-1", client)
        self.browser.press("Connect a device", "header")
        self.browser.one("#code").send_keys(codes[0].user_code)
        self.browser.one("#new-project").send_keys("Tom & Jerry <3")
        self.browser.press("Approve")
        self.sees("main", "Approved", client)
        self.until(lambda: pairing.is_over, client)
        self.browser.one("main a").click()
        self.sees(".device", "Tom & Jerry <3", client)


if __name__ == "__main__":
    unittest.main()
