"""Comments on what was uploaded."""

from support import PATIENCE, UploadTest, fio_c2c


class Comments(UploadTest):
    def uploaded(self) -> "tuple[fio_c2c.Client, str]":
        """A client, and an asset of its own."""
        client = self.paired()
        asset_id = client.upload(path=self.media()).wait(PATIENCE).asset_id
        assert asset_id is not None
        return client, asset_id

    def test_about_a_frame_and_about_the_whole(self) -> None:
        client, asset_id = self.uploaded()
        for text, frame in (("slate clap", 120), ("Schöner Schuss\n\t🎬", None), ("the beginning", 0), ("rounded", 12.6)):
            client.comment(asset_id, text, frame).wait(PATIENCE)
        comments = self.service.upload("A001.mov")["comments"]
        assert ([(comment["text"], comment["timestamp"]) for comment in comments]
                == [("slate clap", 120), ("Schöner Schuss\n\t🎬", None), ("the beginning", 0), ("rounded", 13)])
        assert self.service.violations() == []

    def test_refused_at_once(self) -> None:
        client, asset_id = self.uploaded()
        for text in ("", "x" * 10_001, "a\x07b"):
            self.fails(fio_c2c.FIO_E_ARGUMENT, client.comment, asset_id, text)
        self.fails(fio_c2c.FIO_E_UTF8, client.comment, asset_id, "\udcff")
        for id in ("", "x" * 65, "a/b", "../me"):
            self.fails(fio_c2c.FIO_E_ARGUMENT, client.comment, id, "text")
        for frame in (float("nan"), float("inf")):
            self.fails(fio_c2c.FIO_E_ARGUMENT, client.comment, asset_id, "text", frame)
        self.fails(fio_c2c.FIO_E_NOT_AUTHORIZED, self.client().comment, asset_id, "text")
        assert self.service.requests("comment") == []

    def test_on_an_asset_that_is_not_there(self) -> None:
        client, asset_id = self.uploaded()
        self.fails(fio_c2c.FIO_E_NOT_FOUND, client.comment, "0" * 36, "text")
        # Another device's does not exist either.
        self.fails(fio_c2c.FIO_E_NOT_FOUND, self.paired().comment, asset_id, "text")

    def test_with_a_token_that_expired(self) -> None:
        client, asset_id = self.uploaded()
        self.service.advance(9 * 3600)
        client.comment(asset_id, "late").wait(PATIENCE)
        assert [request["status"] for request in self.service.requests("comment")] == [401, 200]
        assert len(self.service.upload("A001.mov")["comments"]) == 1

    def test_is_sent_once(self) -> None:
        client, asset_id = self.uploaded()
        self.service.fault("comment", "reset", processed=True)
        self.fails(fio_c2c.FIO_E_RESET, client.comment, asset_id, "once")
        self.service.fault("comment", "status", status=503)
        self.fails(fio_c2c.FIO_E_SERVER, client.comment, asset_id, "never")
        assert [comment["text"] for comment in self.service.upload("A001.mov")["comments"]] == ["once"]

    def test_while_something_is_uploaded(self) -> None:
        client, asset_id = self.uploaded()
        self.service.fault("part", "stall")
        client.upload(path=self.media("B001.mov"))
        client.drive_until(lambda: self.puts("B001.mov"), step_ms=5)
        client.comment(asset_id, "meanwhile").wait(PATIENCE)
