"""A session at a glance: several devices, what they upload and what is wrong with one of them. With
FIO_PAGE_PICTURES=docs/images it makes the pictures of the manual."""

from page import PHONE, PageTest, fio_c2c, png

#: Sizes of the pictures: the whole page, and one column of it.
WIDE = (1120, 800)
COLUMN = (640, 720)


class Session(PageTest):
    def test_everything_at_a_glance(self) -> None:
        self.service.settings(part_bytes=500_000)
        first = self.paired(client_id="CAM-A", client_version="2.16.4")
        second = self.paired(client_id="CAM-B", client_version="3.0.1")
        for camera, name, content in ((first, "A001_C001.png", png(240, 160)), (second, "B001_C001.mov", bytes(3_000_000))):
            upload = camera.upload(path=str(self.media("it", content)), name=name)
            camera.drive_until_over(upload, fio_c2c.FIO_UPLOAD_DONE)
        self.service.fault("part", "reset", part=3, after_request_bytes=1000)
        self.service.fault("part", "stall", part=9, after_request_bytes=250_000)
        first.upload(path=str(self.media("A001_C002.mov", bytes(6_000_000))))
        self.sees(".upload[data-state=open]", "11 of 12 parts", first)
        self.service.device("CAM-B", "pause")
        self.service.fault("token", "reset", grant="refresh_token", processed=True)
        self.service.advance(60)
        # Without its version, which the checklist notices.
        self.ask_for_code("CAM-B")
        self.sees(".row.bad .why", "It has no x-client-version header.")
        self.sees("#broken", "1 broken")
        red = self.browser.script("return getComputedStyle(document.querySelector('.row.bad .why').closest('.breach')).borderLeftColor")
        assert self.browser.script("return getComputedStyle(document.querySelector('.row.bad .mark')).color") == red
        self.sees(".device[data-status=paused]")
        self.sees("#fault-list", "the next refresh")
        self.sees(".upload img")
        self.browser.resize(WIDE)
        self.picture("page-devices.png")
        self.browser.resize(COLUMN)
        self.browser.script("document.querySelector('#checklist').scrollIntoView()")
        self.picture("page-checklist.png")
        self.browser.resize(PHONE)
        self.browser.script("document.querySelector('#uploads').scrollIntoView()")
        self.picture("page-phone.png")
