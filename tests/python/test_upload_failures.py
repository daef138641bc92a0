"""What becomes of uploads when the network, the service or the storage has a bad day."""

import json
import random
from typing import Any, List

import pytest

from support import PATIENCE, UploadTest, fio_c2c

JSON = "application/json"


class Answers(UploadTest):
    """Every failure passes, and the file arrives once."""

    @pytest.fixture(autouse=True)
    def answers_ready(self, upload_ready: None) -> None:
        self.service.settings(part_bytes=25_000)

    def test_a_token_that_expired(self) -> None:
        client = self.paired()
        self.service.fault("part", "stall", part=4)
        upload = client.upload(path=self.media())
        self.drive_until_stuck(client, upload, 75_000)
        client.queue.pause()
        # Nine hours of sleep, for both. The addresses live for a day.
        self.service.advance(9 * 3600)
        self.clock.advance(9 * 3600 * 1000)
        client.queue.resume()
        other = client.upload(path=self.media("B001.mov"))
        other.wait(PATIENCE)
        upload.wait(PATIENCE)
        assert len(self.service.requests("token", grant="refresh_token")) == 1
        for name in ("A001.mov", "B001.mov"):
            self.arrived(name, self.card / name)
        assert len(self.service.uploads()) == 2

    def test_a_token_that_the_service_takes_back(self) -> None:
        client = self.paired()
        # The device does not know that it expired.
        self.service.advance(9 * 3600)
        upload = client.upload(path=self.media())
        upload.wait(PATIENCE)
        assert [request["status"] for request in self.service.requests("asset")][-1] == 200
        assert len(self.service.requests("token", grant="refresh_token")) == 1
        assert len(self.arrived("A001.mov", self.media())["parts"]) == 4

    def test_an_authorization_that_is_over(self) -> None:
        client = self.paired()
        self.service.device(client.client_id, "revoke")
        upload = client.upload(path=self.media())
        client.drive_until_heard(fio_c2c.FIO_EVENT_AUTHORIZATION_LOST)
        client.drive_until_waiting(upload, fio_c2c.FIO_E_NOT_AUTHORIZED)
        client.pair().wait(PATIENCE)
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.media())

    def test_queued_before_the_pairing(self) -> None:
        client = self.client()
        upload = client.upload(path=self.media())
        client.drive_until_waiting(upload, fio_c2c.FIO_E_NOT_AUTHORIZED)
        assert upload.info().project_id is None
        self.service.person("approve", after_polls=0)
        project = client.pair().wait(PATIENCE).project_id
        assert upload.wait(PATIENCE).project_id == project
        self.arrived("A001.mov", self.media())

    def test_the_service_asks_for_patience(self) -> None:
        client = self.paired()
        for endpoint, status, name in (("asset", 429, "FIO_E_RATE_LIMITED"), ("asset", 503, "FIO_E_SERVER"),
                                       ("part", 503, "FIO_E_SERVER")):
            media = self.media(f"{endpoint}{status}.mov")
            self.service.fault(endpoint, "status", status=status, times=4, headers={"Retry-After": "90"}, asset=media.name)
            upload = client.upload(path=media)
            before = self.clock.monotonic_ms()
            upload.wait(PATIENCE)
            assert self.clock.monotonic_ms() - before >= 90_000
            assert set(client.reasons(upload)) == {name}
            self.arrived(media.name, media)
            self.service.clear_faults()

    def test_the_network_breaks(self) -> None:
        client = self.paired()
        kinds: "tuple[dict[str, Any], ...]" = ({"kind": "reset"}, {"kind": "close"}, {"kind": "status", "status": 500})
        for endpoint in ("asset", "part"):
            for fault in kinds:
                media = self.media(f"{endpoint} {fault['kind']}.mov")
                self.service.fault(endpoint, times=2, skip=int(endpoint == "part"), **fault)
                client.upload(path=media).wait(PATIENCE)
                self.arrived(media.name, media)

    def test_in_the_middle_of_a_part(self) -> None:
        client = self.paired()
        media = self.media(size=3_000_000)
        self.service.settings(part_bytes=1_000_000)
        self.service.fault("part", "reset", after_request_bytes=300_000, part=2, times=2)
        self.service.fault("part", "close", after_request_bytes=300_000, part=3)
        client.upload(path=media).wait(PATIENCE)
        asset = self.arrived("A001.mov", media)
        assert [part["times_received"] for part in asset["parts"]] == [1, 1, 1]

    def test_a_part_that_stands_still(self) -> None:
        client = self.paired(stall_timeout=1000)
        media = self.media(size=4_000_000)
        self.service.settings(part_bytes=2_000_000)
        self.service.fault("part", "stall", after_request_bytes=300_000, part=2)
        upload = client.upload(path=media)
        upload.wait(PATIENCE)
        assert client.reasons(upload) == ["FIO_E_TIMEOUT"]
        self.arrived("A001.mov", media)

    def test_a_reason_to_wait_is_always_given(self) -> None:
        client = self.paired(parallel_parts=2)
        media = [self.media(f"{number}.mov") for number in range(6)]
        self.service.fault("part", "status", status=503, times=6, skip=3, headers={"Retry-After": "5"})
        uploads = [client.upload(path=path) for path in media]
        for upload in uploads:
            upload.wait(PATIENCE)
        told = [event.upload for event in client.heard(fio_c2c.FIO_EVENT_UPLOAD)]
        waited = [info for info in told if info.state == fio_c2c.FIO_UPLOAD_WAITING]
        assert waited
        assert [info for info in waited if info.reason is None] == []

    def test_what_is_refused_does_not_hold_up_the_others(self) -> None:
        client = self.paired()
        for status, name in ((400, "FIO_E_BAD_REQUEST"), (409, "FIO_E_CONFLICT"), (422, "FIO_E_UNPROCESSABLE")):
            refused, good = self.media(f"refused{status}.mov"), self.media(f"good{status}.mov")
            self.service.fault("asset", "status", status=status, asset=refused.name)
            first, second = client.upload(path=refused), client.upload(path=good)
            info = client.drive_until_over(first, fio_c2c.FIO_UPLOAD_FAILED)
            assert (info.reason.name, info.reason.http_status) == (name, status)
            second.wait(PATIENCE)
            self.arrived(good.name, good)
            first.retry()
            first.wait(PATIENCE)
            self.arrived(refused.name, refused)

    def test_a_plan_that_does_not_allow_it(self) -> None:
        client = self.paired()
        self.service.fault("asset", "status", status=402, times=2)
        upload = client.upload(path=self.media())
        upload.wait(PATIENCE)
        assert set(client.reasons(upload)) == {"FIO_E_PLAN_LIMIT"}
        self.arrived("A001.mov", self.media())

    REFUSAL = "<Error><Code>InvalidArgument</Code></Error>"

    def test_the_storage_refuses_a_part_for_a_while(self) -> None:
        client = self.paired(parallel_parts=1)
        self.service.fault("part", "status", status=400, part=2, times=2, body=self.REFUSAL)
        upload = client.upload(path=self.media())
        upload.wait(PATIENCE)
        assert set(client.reasons(upload)) == {"FIO_E_STORAGE"}
        # On the same asset: what had arrived is not sent again.
        asset = self.arrived("A001.mov", self.media())
        assert [part["times_received"] for part in asset["parts"]] == [1] * 4
        assert len(self.service.uploads()) == 1

    def test_the_storage_refuses_a_part_of_an_asset(self) -> None:
        client = self.paired(parallel_parts=1)
        self.service.fault("part", "status", status=400, part=2, times=3, body=self.REFUSAL)
        upload = client.upload(path=self.media())
        upload.wait(PATIENCE)
        assert set(client.reasons(upload)) == {"FIO_E_STORAGE"}
        self.arrived("A001.mov", self.media())
        assert [asset["parts_stored"] for asset in self.service.uploads()] == [1, 4]

    def test_the_storage_refuses_a_part_for_ever(self) -> None:
        client = self.paired(parallel_parts=1)
        self.service.fault("part", "status", status=400, part=2, times=1000, body=self.REFUSAL)
        upload = client.upload(path=self.media())
        info = self.skip_waits_until(client, upload, fio_c2c.FIO_E_TOO_MANY_ASSETS)
        assert "InvalidArgument" in info.reason.message
        assert info.reason.http_status == 400
        assert len(self.service.uploads()) == 10
        # Nothing is asked for any more, and the others are not held up.
        self.service.clear_faults()
        client.upload(path=self.media("B001.mov")).wait(PATIENCE)
        assert upload.info().reason.name == "FIO_E_TOO_MANY_ASSETS"
        assert len(self.service.uploads()) == 11
        upload.resume()
        assert upload.info().reason.name == "FIO_E_TOO_MANY_ASSETS"
        upload.retry()
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.media())


class Lost(UploadTest):
    """The request had its effect, the answer did not come."""

    @pytest.fixture(autouse=True)
    def lost_ready(self, upload_ready: None) -> None:
        self.service.settings(part_bytes=25_000)

    def test_answers_to_parts(self) -> None:
        client = self.paired(parallel_parts=1)
        self.service.fault("part", "reset", times=3, processed=True)
        client.upload(path=self.media()).wait(PATIENCE)
        asset = self.arrived("A001.mov", self.media())
        assert sum(part["times_received"] for part in asset["parts"]) == 7
        assert len(self.service.uploads()) == 1

    def test_the_last_answer(self) -> None:
        # A part is an object: it is sent again, and taken again.
        client = self.paired()
        self.service.fault("part", "reset", part=4, processed=True)
        client.upload(path=self.media()).wait(PATIENCE)
        self.arrived("A001.mov", self.media(), after_completion=1)
        assert [request["status"] for request in self.puts()][-1] == 200
        assert len(self.service.uploads()) == 1

    def test_the_last_answer_of_a_multipart_upload(self) -> None:
        self.service.settings(parts="multipart")
        client = self.paired()
        self.service.fault("part", "reset", part=4, processed=True)
        client.upload(path=self.media()).wait(PATIENCE)
        self.arrived("A001.mov", self.media(), after_completion=1)
        assert [request["status"] for request in self.puts()][-1] == 404
        assert len(self.service.uploads()) == 1

    def test_all_of_the_last_answers(self) -> None:
        # Each part once; with the last the file is whole.
        self.service.settings(parts="multipart")
        client = self.paired()
        for part in (1, 2, 3, 4):
            self.service.fault("part", "reset", part=part, processed=True)
        client.upload(path=self.media()).wait(PATIENCE)
        assert len(self.service.uploads()) == 1
        self.arrived("A001.mov", self.media(), after_completion=1)

    def test_parts_that_broke_off_are_no_evidence_of_a_file(self) -> None:
        # Too large for the buffers on the way, so that the other end has not confirmed them.
        size = 3 * 6_000_000
        for parts in ("multipart", "objects"):
            name = f"{parts}.mov"
            self.service.settings(parts=parts)
            client = self.paired(client_id=f"CAM-{parts}")
            for part in (1, 2, 3):
                self.service.fault("part", "reset", after_request_bytes=10, part=part, asset=name, times=2)
            upload = client.upload(path=self.media(name, size), parts=3)
            client.drive_until(lambda: self.service.faults_left() <= 3, step_ms=5)
            # A person deletes what does not get on.
            self.service.call("DELETE", "/emulator/uploads")
            upload.wait(PATIENCE)
            self.arrived(name, self.card / name, after_completion=None)

    def test_the_last_answer_and_the_power(self) -> None:
        store = self.scratch() / "store"
        client = self.paired(store_dir=store)
        self.service.fault("part", "stall", part=4, processed=True)
        upload = client.upload(path=self.media())
        client.drive_until(lambda: self.service.parts_received() == 4, step_ms=5)
        self.drive_until_stuck(client, upload, 75_000)
        client = self.restarted(client, store_dir=store)
        fio_c2c.Upload(client, upload.id).wait(PATIENCE)
        assert len(self.service.uploads()) == 1
        self.arrived("A001.mov", self.media(), after_completion=1)

    def test_the_answer_to_the_creation(self) -> None:
        client = self.paired()
        self.service.fault("asset", "reset", processed=True)
        upload = client.upload(path=self.media())
        info = upload.wait(PATIENCE)
        # The first asset stays behind, without a byte.
        assert [asset["state"] for asset in self.service.uploads()] == ["open", "complete"]
        assert [asset["parts_stored"] for asset in self.service.uploads()] == [0, 4]
        assert self.arrived("A001.mov", self.media())["id"] == info.asset_id


class Addresses(UploadTest):
    def test_expired_ones_need_a_new_asset(self) -> None:
        self.service.settings(part_bytes=25_000, url_seconds=60)
        client = self.paired()
        self.service.fault("part", "stall", part=4)
        upload = client.upload(path=self.media(), created=self.clock.wall_seconds() - 1000)
        self.drive_until_stuck(client, upload, 75_000)
        client.queue.pause()
        self.service.advance(100)
        self.clock.advance(100_000)
        client.queue.resume()
        upload.wait(PATIENCE)
        self.arrived("A001.mov", self.media())
        offsets = [asset["offset"] for asset in self.service.uploads("A001.mov")]
        assert len(offsets) == 2
        assert offsets[0] in range(1000, 1010)
        assert offsets[1] in range(1100, 1110)

    @pytest.mark.parametrize("kind", ("none", "http", "relative", "many"))
    def test_useless_ones_are_asked_for_ten_times_and_then_on_a_persons_word(self, kind) -> None:
        client = self.paired()
        self.service.settings(asset_urls=kind)
        upload = client.upload(path=self.media(f"{kind}.mov"))
        self.skip_waits_until(client, upload, fio_c2c.FIO_E_TOO_MANY_ASSETS)
        assert set(client.reasons(upload)) == {"FIO_E_URL", "FIO_E_TOO_MANY_ASSETS"}
        assert self.puts(f"{kind}.mov") == []
        assert len(self.service.uploads(f"{kind}.mov")) == 10
        self.service.settings(asset_urls="normal")
        upload.retry()
        upload.wait(PATIENCE)
        self.arrived(f"{kind}.mov", self.card / f"{kind}.mov")

    def test_a_foreign_host_is_waited_for(self) -> None:
        client = self.paired()
        self.service.settings(asset_urls="foreign_host")
        upload = client.upload(path=self.media())
        client.drive_until(lambda: client.reasons(upload))
        assert set(client.reasons(upload)) == {"FIO_E_DNS"}
        self.service.settings(asset_urls="normal")
        upload.cancel()
        other = client.upload(path=self.media("B001.mov"))
        other.wait(PATIENCE)

    def test_the_storage_never_gets_a_token(self) -> None:
        self.service.settings(part_bytes=10_000)
        client = self.paired()
        self.service.fault("part", "status", times=5, status=503)
        self.service.fault("part", "status", times=2, skip=5, status=401)
        self.service.fault("part", "redirect", location=self.service.url + "/v2/devices/me")
        client.upload(path=self.media()).cancel()
        upload = client.upload(path=self.media("B001.mov"))
        client.drive_until(lambda: upload.info().is_over)
        requests = self.service.requests("part")
        assert len(requests) > 5
        for request in requests:
            names = {name for name, _ in request["headers"]}
            assert not names & {"authorization", "cookie", "x-client-version"}, names
        assert self.service.violations() == []


class Secrecy(UploadTest):
    SECRET = "5ecre7-s1gnature"

    def told_by(self, client: Any) -> List[str]:
        errors = [event.error or (event.upload and event.upload.reason) for event in client.events]
        return [*client.log, *(f"{error.name} {error.message} {error.advice}" for error in errors if error)]

    def check(self, client: Any) -> None:
        told = self.told_by(client)
        assert [line for line in told if "PUT " in line]
        for part in (self.SECRET, "X-Amz-Signature", "X-Amz-Credential", str(self.card), client.access_token()):
            assert [line for line in told if part in line] == []

    def test_of_the_services_addresses(self) -> None:
        self.service.settings(part_bytes=25_000)
        client = self.paired()
        self.service.fault("part", "status", times=2, status=503)
        self.service.fault("part", "reset", times=2)
        client.upload(path=self.media()).wait(PATIENCE)
        self.service.settings(asset_urls="http")
        upload = client.upload(path=self.media())
        client.drive_until(lambda: "FIO_E_URL" in client.reasons(upload))
        self.check(client)

    def test_of_addresses_that_lead_nowhere(self) -> None:
        client = self.paired()
        for address in (f"{self.service.storage_url}/key?X-Amz-Signature={self.SECRET}",
                        f"https://storage.invalid/{self.SECRET}?{self.SECRET}",
                        f"https://127.0.0.1:1/{self.SECRET}?{self.SECRET}",
                        f"https://user:{self.SECRET}@127.0.0.1:1/?{self.SECRET}",
                        f"https://[{self.SECRET}]/", f"{self.SECRET}://x/y", f"https://127.0.0.1:{self.SECRET}/"):
            body = json.dumps({"id": "b1f2", "upload_urls": [address]})
            self.service.fault("asset", "body", times=3, body=body, content_type=JSON)
            upload = client.upload(path=self.media())
            client.drive_until(lambda: client.reasons(upload) or upload.info().is_over)
            if not upload.info().is_over:
                upload.cancel()
            self.service.clear_faults()
        reasons = {event.upload.reason.name for event in client.events if event.upload and event.upload.reason}
        assert len(reasons) > 1
        self.check(client)

    def test_of_what_the_storage_echoes(self) -> None:
        client = self.paired()
        body = f"<Error><Code>AccessDenied</Code><Resource>{self.SECRET}</Resource></Error>"
        self.service.fault("part", "status", status=403, body=body, times=2)
        body = f"<Error><Code>InvalidArgument</Code><Message>{self.SECRET}</Message></Error>"
        self.service.fault("part", "status", status=400, body=body, headers={"X-Echo": self.SECRET})
        upload = client.upload(path=self.media())
        upload.wait(PATIENCE)
        assert set(client.reasons(upload)) == {"FIO_E_URL_REFUSED", "FIO_E_STORAGE"}
        self.check(client)


class Weather(UploadTest):
    """Whatever happens on the way, everything arrives once."""

    @pytest.mark.parametrize("seed", range(3))
    def test_a_bad_day(self, seed) -> None:
        self.service.settings(part_bytes=20_000)
        client = self.paired(stall_timeout=1000)
        for endpoint in ("asset", "part"):
            for kind, processed in (("reset", False), ("reset", True), ("close", True)):
                self.bad_luck(endpoint, kind, processed, seed)
        media = [self.media(f"{seed}-{number}.mov", random.Random(number).randrange(1, 150_000)) for number in range(12)]
        uploads = [client.upload(path=path, verify=bool(number % 2)) for number, path in enumerate(media)]
        client.drive_until(lambda: client.queue.totals().files_left == 0)
        assert [upload.info().state_name for upload in uploads] == ["FIO_UPLOAD_DONE"] * 12
        for path in media:
            whole = self.service.uploads(path.name, state="complete")
            assert [upload["size"] for upload in whole] == [path.stat().st_size]
        self.service.clear_faults()

    def bad_luck(self, endpoint: str, kind: str, processed: bool, seed: int) -> None:
        rule = {"endpoint": endpoint, "chance": 0.1, "seed": seed, "times": 10_000, "processed": processed}
        self.service.call("POST", "/emulator/faults", {**rule, "fault": {"kind": kind}})
