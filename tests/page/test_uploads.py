"""Uploads as the page shows them: part by part, then whole, with checksum and picture."""

import hashlib
import random

import pytest

from page import PageTest, fio_c2c, png

MB = 1_000_000


class Uploads(PageTest):
    @pytest.fixture(autouse=True)
    def uploads_ready(self, page_ready: None) -> None:
        self.camera = self.paired(client_id="CAM-1")

    def cells(self) -> "list[str]":
        return list(self.browser.script("return [...document.querySelectorAll('.upload .cell')].map(cell => cell.className)"))

    def test_an_upload_from_its_first_part_to_its_checksum(self) -> None:
        content = random.Random(1).randbytes(24 * MB)
        # The last part stops half-way until the upload is paused and resumed, so that there is time to look at it.
        self.service.fault("part", "stall", after_request_bytes=3 * MB, part=4)
        upload = self.camera.upload(path=str(self.media("A001_C001.mov", content)))
        self.sees(".upload[data-state=open] .soft", "75 % of 24.0 MB, 3 of 4 parts", self.camera)
        self.until(lambda: self.cells() == ["cell stored"] * 3 + ["cell coming"], self.camera)
        upload.pause()
        upload.resume()
        self.sees(".upload[data-state=complete] .soft", "100 % of 24.0 MB, 4 of 4 parts", self.camera)
        assert self.cells() == ["cell stored"] * 3 + ["cell stored again"]
        assert hashlib.sha256(content).hexdigest() in self.browser.text(".sum")
        assert not self.browser.all(".upload img"), "it is no picture"

    def test_a_part_that_was_sent_again(self) -> None:
        self.service.fault("part", "reset", part=2, after_request_bytes=1000)
        self.service.settings(part_bytes=100_000)
        upload = self.camera.upload(path=str(self.media("A001_C001.mov", bytes(300_000))))
        self.camera.drive_until_over(upload, fio_c2c.FIO_UPLOAD_DONE)
        self.sees(".upload[data-state=complete]")
        assert self.cells() == ["cell stored", "cell stored again", "cell stored"]
        self.sees(".request.fault .notes", "fault: reset")

    def test_a_picture(self) -> None:
        self.camera.upload(path=str(self.media("still.png", png(320, 200))))
        self.sees(".upload[data-state=complete]", "still.png", self.camera)
        self.until(lambda: self.browser.script("return document.querySelector('.upload img')?.naturalWidth") == 320)
        assert self.browser.one(".upload img").get_attribute("alt") == "The picture still.png"
        # As large as it is, if somebody wants that.
        self.browser.one(".upload a").click()
        self.until(lambda: self.browser.script("return document.images[0]?.naturalWidth") == 320)
