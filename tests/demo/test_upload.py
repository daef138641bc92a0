"""Runs examples-c/upload as a new user would, and as an unlucky one would. Needs `make examples emulator`."""

from __future__ import annotations

import hashlib
import os
import re
import signal
from pathlib import Path
from typing import Any

from programs import EXAMPLES, SECRET, Emulator, Program, ProgramTest, run

SLOW = 2_000_000  # bytes per second and part: time enough to interrupt
RECORDED_SECONDS = 3


class UploadTest(ProgramTest):
    def clip(self, name: str, size: int) -> Path:
        path = self.home / name
        path.write_bytes(os.urandom(size))
        return path

    def command(self, service: Emulator, *more: object) -> list[object]:
        return [EXAMPLES / "upload", "--base-url", service.url, "--ca-file", service.ca_file,
                "--client-id", "CAM-1", "--store", self.home / "store", *more]

    def start(self, service: Emulator, *more: object) -> Program:
        program = Program(*self.command(service, *more))
        self.at_end(program.end)
        self.at_end(program.signal, signal.SIGKILL)
        return program

    def assert_sent(self, service: Emulator, *paths: Path) -> list[dict[str, Any]]:
        """The service has each of these files once, whole, and nothing else."""
        found = sorted(service.call("GET", "/emulator/uploads")["uploads"], key=lambda upload: upload["name"])
        expected = [(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
                    for path in sorted(paths, key=lambda path: path.name)]
        assert [(upload["name"], upload["size"], upload["sha256"]) for upload in found] == expected
        assert self.violations(service) == []
        return found

    def test_sends_files_and_a_recording_and_nothing_twice(self) -> None:
        service = self.service()
        clips = [self.clip("A.mov", 7_000_000), self.clip("B.wav", 1)]
        live = self.home / "LIVE.mp4"
        arguments = (*clips, clips[0], "--record", live, "--seconds", RECORDED_SECONDS)
        status, text = run(*self.command(service, *arguments))
        assert status == 0, text
        assert live.stat().st_size == RECORDED_SECONDS * 2_500_000
        assert live.read_bytes()[:34] == f"{live.stat().st_size:020} bytes in all\n".encode()
        found = self.assert_sent(service, *clips, live)
        assert [upload["realtime"] for upload in found] == [False, False, True]
        for expected in ("Enter ", "Paired with project \"Feature A\".", "A.mov: uploading", "LIVE.mp4: done",
                         "Left: 0 files, 0.0 MB", "Everything is sent."):
            assert expected in text
        before = service.requests()[-1]["seq"]
        status, text = run(*self.command(service, *arguments))
        assert status == 0, text
        assert text.count("is in the queue already: done") == 4, text
        assert [one["endpoint"] for one in service.requests(since=before) if one["endpoint"] != "me"] == []
        self.assert_sent(service, *clips, live)

    def test_killed_it_goes_on_where_it_was(self) -> None:
        service = self.service("--part-bytes", "1000000")
        service.fault("part", "throttle", times=1_000_000, bytes_per_second=SLOW)
        clips = [self.clip("A.mov", 20_000_000), self.clip("B.mov", 900_000)]
        live = self.home / "LIVE.mp4"
        arguments = ("--record", live, "--seconds", RECORDED_SECONDS, *clips)
        program = self.start(service, *arguments)
        program.read_until("A.mov: uploading")
        program.read_until("MB/s")
        program.signal(signal.SIGKILL)
        assert program.end() == -signal.SIGKILL
        before = {upload["name"]: upload for upload in service.call("GET", "/emulator/uploads")["uploads"]}
        assert before["A.mov"]["state"] == "open"
        assert live.stat().st_size < RECORDED_SECONDS * 2_500_000
        status, text = run(*self.command(service, *arguments))
        assert status == 0, text
        assert "Enter " not in text
        found = self.assert_sent(service, *clips, live)
        twice = sum(part["times_received"] - 1 for upload in found for part in upload["parts"])
        assert twice <= 5, "only what was on its way"

    def test_switched_off_and_on(self) -> None:
        service = self.service("--part-bytes", "1000000")
        service.fault("part", "throttle", times=1_000_000, bytes_per_second=SLOW)
        clip = self.clip("A.mov", 20_000_000)
        program = self.start(service, clip)
        program.read_until("MB/s")
        program.signal(signal.SIGTERM)
        assert program.end() == 1
        assert program.text.endswith("Switched off; the rest is sent next time.\n"), program.text
        service.clear_faults()
        status, text = run(*self.command(service))
        assert status == 0, text
        self.assert_sent(service, clip)

    def test_says_why_it_waits(self) -> None:
        service = self.service()
        service.fault("asset", "status", status=503)
        clip = self.clip("A.mov", 1000)
        status, text = run(*self.command(service, clip))
        assert status == 0, text
        assert re.search(r"A\.mov: waiting: .*\(FIO_E_SERVER\)\. .*\. Next attempt in \d\.\d s\.\n", text)
        self.assert_sent(service, clip)

    def test_a_file_that_is_missing_does_not_hold_up_the_others(self) -> None:
        service = self.service()
        clip = self.clip("A.mov", 1000)
        status, text = run(*self.command(service, self.home / "missing.mov", clip))
        assert status == 1, text
        assert "missing.mov: " in text
        assert "FIO_E_SOURCE_MISSING" in text
        assert "Everything is sent." not in text
        self.assert_sent(service, clip)

    def test_what_failed_is_tried_again_at_the_next_start(self) -> None:
        service = self.service()
        service.fault("asset", "status", status=422)
        clips = [self.clip("A.mov", 1000), self.clip("B.mov", 1000)]
        status, text = run(*self.command(service, *clips))
        assert status == 1, text
        assert re.search(r"A\.mov: failed: .*\(FIO_E_UNPROCESSABLE\)\. ", text)
        assert "B.mov: done" in text
        status, text = run(*self.command(service, *clips))
        assert status == 0, text
        self.assert_sent(service, *clips)

    def test_pairs_again_and_keeps_the_queue(self) -> None:
        service = self.service()
        clip = self.clip("A.mov", 20_000_000)
        service.fault("part", "throttle", times=1_000_000, bytes_per_second=SLOW)
        program = self.start(service, clip)
        program.read_until("A.mov: uploading")
        program.signal(signal.SIGKILL)
        program.end()
        service.clear_faults()
        service.device("CAM-1", "revoke")
        status, text = run(*self.command(service))
        assert status == 0, text
        assert "FIO_E_AUTHORIZATION_LOST" in text
        assert text.count("Enter ") == 1, text
        assert "A.mov: done" in text

    def test_refused_by_the_person(self) -> None:
        status, text = run(*self.command(self.service(person="deny"), self.clip("A.mov", 1)))
        assert status == 1
        assert "Pairing did not work: " in text

    def test_command_line(self) -> None:
        assert run(EXAMPLES / "upload", "--help")[0] == 0
        assert run(EXAMPLES / "upload", "--unknown")[0] == 2
        assert run(EXAMPLES / "upload", "--record", "x", "--seconds", "0")[0] == 2
        status, text = run(EXAMPLES / "upload", "--client-id", "CAM-1", secret=None)
        assert status == 1
        assert "FIO_E_INCOMPLETE" in text

    def test_log_holds_no_secret(self) -> None:
        status, text = run(*self.command(self.service(), "--log=5", self.clip("A.mov", 1000)))
        assert status == 0, text
        assert "log: " in text
        assert SECRET not in text
        assert "X-Amz-Signature" not in text
