"""What a user decides at the service: pauses, and another project."""

from support import PATIENCE, UploadTest, fio_c2c


class Paused(UploadTest):
    def test_what_is_made_during_a_pause_is_skipped(self) -> None:
        client = self.paired()
        self.service.device(client.client_id, "pause")
        self.service.advance(10)
        skipped = client.upload(path=self.media("during.mov"), created=self.clock.wall_seconds())
        earlier = client.upload(path=self.media("before.mov"), created=self.clock.wall_seconds() - 60)
        info = client.drive_until_over(skipped, fio_c2c.FIO_UPLOAD_SKIPPED)
        assert (info.reason.status, info.reason.http_status) == (fio_c2c.FIO_E_CHANNEL_PAUSED, 409)
        # Made before the pause, it may be sent while it lasts.
        earlier.wait(PATIENCE)
        self.arrived("before.mov", self.card / "before.mov")
        assert client.queue.totals().skipped == 1
        # And not even when it is over.
        self.service.advance(10)
        self.clock.advance(10_000)
        self.service.device(client.client_id, "resume")
        skipped.retry()
        client.drive_until_over(skipped, fio_c2c.FIO_UPLOAD_SKIPPED)
        assert self.service.uploads("during.mov") == []
        client.upload(path=self.media("after.mov"), created=self.clock.wall_seconds()).wait(PATIENCE)
        skipped.remove()
        assert client.queue.totals().skipped == 0


class Unnamed(UploadTest):
    """A service that says nothing of the project, as a widely used emulator does."""

    def test_pairing_and_uploads_go_on(self) -> None:
        self.service.fault("me", "body", body="{}", content_type="application/json", times=100)
        client = self.paired()
        device = client.device_cached()
        assert device
        assert (device.project_id, device.project_name) == ("", None)
        client.upload(path=self.media()).wait(PATIENCE)
        assert len(self.service.uploads("A001.mov")) == 1
        # The asset has told which one it is.
        upload = client.upload(path=self.media("A002.mov"))
        upload.wait(PATIENCE)
        assert upload.info().project_id
        assert client.heard(fio_c2c.FIO_EVENT_PROJECT_CHANGED) == []


class Moved(UploadTest):
    """The device is given to another production."""

    def moved(self, client: fio_c2c.Client, project: str = "Feature B") -> str:
        """The project's id, once the client knows."""
        self.service.device(client.client_id, "project", project=project)
        return client.device_info().wait(PATIENCE).project_id

    def waiting(self) -> "tuple[fio_c2c.Client, fio_c2c.Upload]":
        """An upload for a project the device is not in any more."""
        client = self.paired()
        client.queue.pause()
        upload = client.upload(path=self.media())
        project = upload.info().project_id
        assert self.moved(client) != project
        client.drive_until_heard(fio_c2c.FIO_EVENT_PROJECT_CHANGED)
        client.queue.resume()
        client.drive_until_waiting(upload, fio_c2c.FIO_E_OTHER_PROJECT)
        assert upload.info().project_id == project
        return client, upload

    def test_footage_does_not_reach_the_wrong_project(self) -> None:
        client, upload = self.waiting()
        other = client.upload(path=self.media("B001.mov"))
        other.wait(PATIENCE)
        assert [asset["name"] for asset in self.service.uploads()] == ["B001.mov"]
        self.arrived("B001.mov", self.card / "B001.mov", project="Feature B")
        assert client.reasons(upload)[-1] == "FIO_E_OTHER_PROJECT"
        assert upload.info().retry_in_ms is None
        assert upload.info().state == fio_c2c.FIO_UPLOAD_WAITING

    def test_the_way_back_releases_it(self) -> None:
        client, upload = self.waiting()
        self.moved(client, "Feature A")
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.media(), project="Feature A")

    def test_a_person_may_move_it(self) -> None:
        client, upload = self.waiting()
        upload.move_to_project()
        self.fails(fio_c2c.FIO_E_STATE, upload.move_to_project)
        info = upload.wait(PATIENCE)
        self.arrived("A001.mov", self.media(), project="Feature B", project_id=info.project_id)

    def test_it_waits_across_a_restart(self) -> None:
        store = self.scratch() / "store"
        client = self.paired(store_dir=store)
        client.queue.pause()
        upload = client.upload(path=self.media())
        self.service.device(client.client_id, "project", project="Feature B")
        client = self.restarted(client, store_dir=store)
        client.queue.resume()
        # Before anything is sent the project is asked for.
        upload = fio_c2c.Upload(client, upload.id)
        client.drive_until_waiting(upload, fio_c2c.FIO_E_OTHER_PROJECT)
        assert self.service.uploads() == []

    def test_what_was_begun_goes_on_where_it_was_begun(self) -> None:
        self.service.settings(part_bytes=25_000)
        client = self.paired()
        self.service.fault("part", "stall", part=4)
        upload = client.upload(path=self.media())
        self.drive_until_stuck(client, upload, 75_000)
        upload.pause()
        self.moved(client)
        upload.resume()
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.media(), project="Feature A")

    def test_moved_in_the_very_moment(self) -> None:
        client = self.paired()
        # The client has not heard of it.
        self.service.device(client.client_id, "project", project="Feature B")
        upload = client.upload(path=self.media())
        client.drive_until_waiting(upload, fio_c2c.FIO_E_OTHER_PROJECT)
        # Not a byte of it has left.
        assert self.puts() == []
