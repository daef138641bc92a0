"""Scenarios from the page: begun there, and operated by the person who reads what to do."""

from page import PageTest

SHORT = """
title = "A pairing & one clip"
about = "A new device is paired and sends what it records."

[[step]]
person = { decision = "approve" }

[[step]]
operate = "switch_on"

[[step]]
await = { device = "paired" }

[[step]]
operate = "record"
name = "A001.mov"
bytes = 1000

[[step]]
await = { uploads = { state = "complete", count = 1 } }
"""


class Scenarios(PageTest):
    def test_the_person_does_what_the_page_says(self) -> None:
        self.service.call("POST", "/emulator/scenario", {"toml": SHORT})
        self.sees("#scenario-title", "A pairing & one clip")
        self.sees("#scenario-step", "step 2 of 5")
        self.sees("#operation-words")
        camera = self.client(client_id="CAM-1")
        pairing = camera.pair()
        self.browser.press("Done")
        self.sees("#scenario-step", "step 4 of 5", camera)
        assert pairing.is_over
        self.sees("#operation-words", "Record a clip")
        self.browser.resize((640, 420))
        self.browser.script("document.querySelector('#scenarios').scrollIntoView()")
        self.picture("page-scenario.png")
        upload = camera.upload(path=str(self.media("A001.mov", bytes(1000))))
        self.browser.press("Done")
        self.sees(".scenario[data-state=passed]", "A pairing & one clip", camera)
        assert upload.info().is_over
        self.until(lambda: not self.browser.one("#scenario").is_displayed())

    def test_what_the_person_cannot_do_fails_it(self) -> None:
        self.service.call("POST", "/emulator/scenario", {"toml": SHORT})
        self.sees("#operation-words")
        self.browser.press("Could not")
        self.sees(".scenario[data-state=failed] .problem", "could not do it")

    def test_one_is_begun_and_ended(self) -> None:
        [scenario] = [one for one in self.service.call("GET", "/emulator/scenario")["known"] if one["name"] == "lost_refresh_reply"]
        self.sees(".scenario", scenario["title"])
        self.browser.press(f"Play {scenario['title']}")
        self.sees("#scenario-title", scenario["title"])
        self.browser.press("End the scenario")
        self.sees(".scenario[data-state=failed]", scenario["title"])
