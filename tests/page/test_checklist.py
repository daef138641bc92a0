"""The checklist on the page, as it fills up."""

from page import SECRET, PageTest


class Checklist(PageTest):
    def test_a_good_call_and_a_bad_one(self) -> None:
        self.sees("#row-version_header[data-status=not_exercised]")
        self.ask_for_code("BAD-1", x_client_version="1.2.3")
        self.sees("#row-version_header[data-status=fulfilled]")
        assert self.browser.one("#row-version_header .mark").accessible_name == "Fulfilled"
        self.ask_for_code("BAD-1")
        self.sees("#row-version_header[data-status=broken] .why", "BAD-1: It has no x-client-version header.")
        assert self.browser.one("#checklist-list li").get_attribute("id") == "row-version_header", "it comes first"
        self.sees("#row-version_header summary", "2: POST /v2/auth/device/code → 200")
        self.browser.one("#row-version_header summary").click()
        self.sees("#row-version_header pre", "client_id: BAD-1")
        assert SECRET not in self.browser.text("#row-version_header")
        self.sees("#news", "Broken: Every call of the service names the firmware version")
        # What is open stays open, and what has the focus keeps it, while more comes.
        self.ask_for_code("BAD-1")
        self.sees("#row-version_header .soft", "broken 2 ×")
        self.sees("#row-version_header pre", "client_id: BAD-1")
        assert self.browser.script("return document.activeElement.tagName") == "SUMMARY"

    def test_questions_are_answered(self) -> None:
        row = "#row-shows_user_code"
        self.sees(f"{row}[data-status=ask_the_engineer]", "Does the device show the code")
        for answer, status in (("Yes", "confirmed"), ("No", "denied"), ("Does not apply", "not_applicable")):
            self.browser.press(answer, row)
            self.sees(f"{row}[data-status={status}]")
            assert self.browser.button(answer, row).get_attribute("aria-pressed") == "true"
            assert self.browser.focus() == answer
        self.browser.press("Does not apply", row)
        self.sees(f"{row}[data-status=ask_the_engineer]")

    def test_only_some_rows(self) -> None:
        self.ask_for_code("BAD-1")
        self.sees("#row-version_header[data-status=broken]")
        self.browser.one("#checklist-filter input[value=bad]").click()
        self.until(lambda: [row.get_attribute("id") for row in self.browser.all(".row") if row.is_displayed()]
                   == ["row-version_header"])
        assert self.browser.text("#chip-bad") == "1"

    def test_the_report(self) -> None:
        links = {link.text: link for link in self.browser.all("#checklist a")}
        assert set(links) == {"text", "JSON", "JUnit"}
        folder = self.scratch()
        self.browser.download_to(folder)
        for name, file, begins in (("text", "checklist.txt", "Integrator checklist"), ("JSON", "checklist.json", "{"),
                                   ("JUnit", "checklist.xml", "<?xml")):
            links[name].click()
            # It has its name when it is whole.
            self.until((folder / file).exists)
            assert (folder / file).read_text().startswith(begins)
