"""The camera with a card and buttons: clips upload by themselves, and a person has the last word."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from programs import Emulator, Program, ProgramTest

SLOW = 1_000_000  # bytes a second, of each part


class CardTest(ProgramTest):
    @pytest.fixture(autouse=True)
    def card_ready(self, program_ready: None) -> None:
        self.card = self.home / "card"
        self.card.mkdir()

    def clip(self, name: str, size: int) -> Path:
        path = self.card / name
        path.write_bytes(os.urandom(size))
        return path

    def switch_on(self, service: Emulator) -> Program:
        camera = self.camera(service, "--card", self.card, "--buttons", stdin=subprocess.PIPE)
        camera.read_until("Ready for buttons.")
        return camera

    def switch_off(self, camera: Program) -> None:
        camera.press("off")
        assert camera.end() == 0, camera.text
        assert camera.text.endswith("Switched off.\n"), camera.text

    def assert_sent(self, service: Emulator, *clips: Path) -> None:
        sent = sorted((upload["name"], upload["state"], upload["sha256"]) for upload in service.uploads())
        here = sorted((clip.name, "complete", hashlib.sha256(clip.read_bytes()).hexdigest()) for clip in clips)
        assert sent == here

    def slow_service(self) -> Emulator:
        service = self.service()
        service.fault("part", "throttle", times=1_000_000, bytes_per_second=SLOW)
        return service


class AutomaticUploadTest(CardTest):
    def test_sends_what_is_there_and_what_comes(self) -> None:
        service = self.service()
        there = self.clip("A.mov", 200_000)
        camera = self.switch_on(service)
        camera.read_until("A.mov: done")
        copied = self.clip("B.wav", 100_000)
        camera.read_until("B.wav: done")
        unfinished = self.clip(".C.mov", 100_000)
        moved = unfinished.rename(self.card / "C.mov")
        camera.read_until("C.mov: done")
        assert ".C.mov" not in camera.text
        self.switch_off(camera)
        self.assert_sent(service, there, copied, moved)
        assert self.violations(service) == []

    def test_knows_after_a_power_cut_what_it_has_sent(self) -> None:
        service = self.slow_service()
        clips = [self.clip("A.mov", 10_000), self.clip("B.mov", 6_000_000)]
        camera = self.switch_on(service)
        camera.read_until("A.mov: done")
        camera.signal(signal.SIGKILL)
        camera.end()
        service.clear_faults()
        clips.append(self.clip("C.mov", 10_000))
        again = self.switch_on(service)
        for name in ("B.mov", "C.mov"):
            if f"{name}: done" not in again.text:
                again.read_until(f"{name}: done")
        self.switch_off(again)
        assert "Still paired" in camera.text + again.text
        self.assert_sent(service, *clips)

    def test_what_is_no_file_is_left_alone(self) -> None:
        service = self.service()
        (self.card / "DCIM").mkdir()
        camera = self.switch_on(service)
        clip = self.clip("A.mov", 1000)
        camera.read_until("A.mov: done")
        self.switch_off(camera)
        self.assert_sent(service, clip)

    def test_pairs_without_its_card(self) -> None:
        self.card.rmdir()
        service = self.service()
        camera = self.switch_on(service)
        assert "card: No such file or directory" in camera.text
        camera.read_until("Running.")
        self.switch_off(camera)


class ButtonTest(CardTest):
    def test_a_canceled_pairing_waits_for_a_person(self) -> None:
        service = self.service(person=None)
        camera = self.switch_on(service)
        camera.read_until("Enter ")
        camera.press("back")
        camera.read_until("Not paired. The button `pair` begins again.")
        codes = len(service.requests("code"))
        camera.press("list")
        camera.press("back")
        camera.read_until("There is nothing to do for the button back.")
        assert len(service.requests("code")) == codes
        camera.press("pair")
        camera.read_until("Enter ")
        service.approve(project="Feature B")
        camera.read_until("Running.")
        assert "Paired with project \"Feature B\"." in camera.text
        self.switch_off(camera)

    def test_a_pairing_that_was_refused_can_begin_again(self) -> None:
        service = self.service(person="deny")
        camera = self.switch_on(service)
        camera.read_until("Not paired. The button `pair` begins again.")
        assert "Pairing did not work: the user refused" in camera.text
        service.person("approve")
        camera.press("pair")
        camera.read_until("Running.")
        self.switch_off(camera)

    def test_when_nobody_can_press_any_more(self) -> None:
        service = self.service()
        camera = self.switch_on(service)
        camera.read_until("Running.")
        camera.end_input()
        self.clip("A.mov", 1000)
        camera.read_until("A.mov: done")
        camera.signal(signal.SIGTERM)
        assert camera.end() == 0, camera.text
        unpaired = self.service(person="deny")
        camera = self.camera(unpaired, "--store", self.home / "other", "--buttons", stdin=subprocess.PIPE)
        camera.read_until("Not paired. The button `pair` begins again.")
        camera.end_input()
        assert camera.end() == 1, camera.text

    def test_cancels_one_and_all(self) -> None:
        service = self.slow_service()
        self.clip("A.mov", 6_000_000)
        camera = self.switch_on(service)
        camera.read_until("A.mov: uploading")
        camera.press("cancel")
        camera.read_until("A.mov: canceled")
        for name in ("B.mov", "C.mov"):
            self.clip(name, 6_000_000)
            camera.read_until(f"{name}: uploading")
        camera.press("cancel B.mov")
        camera.read_until("B.mov: canceled")
        camera.press("cancel all")
        camera.read_until("C.mov: canceled")
        camera.press("cancel B.mov")
        camera.read_until("That cannot be done now")
        camera.press("cancel D.mov")
        camera.read_until("There is no such upload: D.mov")
        self.switch_off(camera)
        again = self.switch_on(service)
        again.read_until("Running.")
        assert "uploading" not in again.text
        assert service.uploads(state="complete") == []

    def test_uploads_by_hand(self) -> None:
        service = self.service()
        camera = self.switch_on(service)
        camera.read_until("Running.")
        camera.press("auto off")
        clip = self.clip("A.mov", 1000)
        camera.read_until("A.mov: waiting: ")
        assert service.uploads() == []
        camera.press("send A.mov")
        camera.read_until("A.mov: done")
        camera.press("auto on")
        second = self.clip("B.mov", 1000)
        camera.read_until("B.mov: done")
        self.switch_off(camera)
        self.assert_sent(service, clip, second)

    def test_sends_again_what_failed(self) -> None:
        service = self.service()
        service.fault("asset", "status", status=422)
        camera = self.switch_on(service)
        self.clip("A.mov", 1000)
        camera.read_until("A.mov: failed")
        camera.press("send A.mov")
        camera.read_until("A.mov: done")
        camera.press("list")
        camera.read_until("A.mov: done")
        self.switch_off(camera)

    def test_an_urgent_clip_goes_first(self) -> None:
        service = self.service(person=None)
        camera = self.switch_on(service)
        camera.read_until("Enter ")
        for name in ("A.mov", "B.mov", "C.mov"):
            self.clip(name, 1000)
            camera.read_until(f"{name}: ")
        camera.press("first C.mov")
        camera.press("list")
        camera.read_until("B.mov: ")
        assert camera.text.rindex("C.mov: ") < camera.text.rindex("A.mov: "), "the list is in the queue's order"
        service.approve()
        for _ in range(3):
            camera.read_until(": done")
        self.switch_off(camera)
        assert len(service.uploads(state="complete")) == 3

    def test_words_that_are_no_buttons(self) -> None:
        service = self.service()
        camera = self.switch_on(service)
        camera.press("dance all night")
        camera.press("x" * 2000)
        camera.read_until("There is nothing to do for the button dance.")
        camera.read_until("There is nothing to do for the button xxx")
        self.switch_off(camera)
