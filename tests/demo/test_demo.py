"""Runs the demonstration and the programs that pair, as a new user would, and as an unlucky one would.

Needs `make examples emulator`; see programs.py.
"""

from __future__ import annotations

import os
import re
import signal
import ssl
import sys
import urllib.request

from programs import EXAMPLES, ROOT, SECRET, Program, ProgramTest, closed_port, run

DEMO = ROOT / "tests" / "demo" / "demo.py"

# What a large digit looks like, by its dots; read as text drawings.
FONT = {
    "0": "### # # # # # # ###", "1": " #  ##   #   #  ###", "2": "###   # ### #   ###",
    "3": "###   # ###   # ###", "4": "# # # # ###   #   #", "5": "### #   ###   # ###",
    "6": "### #   ### # # ###", "7": "###   #   #   #   #", "8": "### # # ### # # ###",
    "9": "### # # ###   # ###",
}


class DemoTest(ProgramTest):
    def test_tells_the_whole_story(self) -> None:
        status, text = run(sys.executable, DEMO, "--examples", EXAMPLES, "--interval", 0.05)
        assert status == 0, text
        assert "✗" not in text
        assert text.count("✓") == 13, text
        assert "Paired with project \"Feature A\"." in text
        assert "Still paired with project \"Feature A\"." in text
        assert len(re.findall(r"Enter \d{6} at https://", text)) == 1, text
        assert "\033" not in text, "no colours where there is no terminal"
        assert SECRET not in text

    def test_leaves_the_decision_to_a_person(self) -> None:
        demo = Program(sys.executable, DEMO, "--examples", EXAMPLES, "--interval", 0.05, "--person", "me")
        demo.read_until("3. Your turn")
        service = re.search(r"(https://127\.0\.0\.1:\d+)/pair$", demo.text, re.M)[1]
        ca_file = re.search(r"import (\S+/ca\.pem) ", demo.text)[1]
        approval = urllib.request.Request(f"{service}/emulator/approve", b'{"project": "Feature B"}',
                                          {"Content-Type": "application/json"})
        urllib.request.urlopen(approval, context=ssl.create_default_context(cafile=ca_file)).close()
        assert demo.end() == 0, demo.text
        assert "Still paired with project \"Feature B\"." in demo.text

    def test_says_so_when_it_fails(self) -> None:
        camera = self.home / "camera"
        camera.write_text("#!/bin/sh\necho No battery.\nexit 3\n")
        camera.chmod(0o755)
        status, text = run(sys.executable, DEMO, "--examples", self.home)
        assert status == 1, text
        assert "No battery." in text
        assert "the camera ended (status 3)" in text

STILL_PAIRED = ("Event: the camera works for project \"Feature A\", as it was last heard.\n"
                "Still paired with project \"Feature A\".\n")


class PairTest(ProgramTest):
    def pair(self, service: Emulator, secret: str = SECRET) -> tuple[int, str]:
        return run(EXAMPLES / "pair", service.url, service.ca_file, secret)

    def test_pairs(self) -> None:
        service = self.service()
        status, text = self.pair(service)
        assert status == 0, text
        assert re.search(r"^Enter (\d{6}) at (https://\S+/pair)\nor open \2/\1\nPaired with project Feature A\n$", text)
        assert self.violations(service) == []

    def test_refused_by_the_person(self) -> None:
        status, text = self.pair(self.service(person="deny"))
        assert status == 1
        assert "FIO_E_ACCESS_DENIED" in text
        assert "Start a new pairing" in text

    def test_wrong_secret(self) -> None:
        status, text = self.pair(self.service(), secret="wrong")
        assert status == 1
        assert "FIO_E_INVALID_CLIENT" in text
        assert "Check client secret" in text

    def test_no_network(self) -> None:
        service = self.service()
        self.check_it_goes_on_asking(f"https://127.0.0.1:{closed_port()}", service.ca_file, "FIO_E_CONNECT",
                                     "Check the network connection")

    def test_another_ca(self) -> None:
        service, other = self.service(), self.service()
        self.check_it_goes_on_asking(service.url, other.ca_file, "FIO_E_TLS_UNTRUSTED", "certificate")

    def check_it_goes_on_asking(self, url: str, ca_file: object, name: str, advice: str) -> None:
        program = Program(EXAMPLES / "pair", url, ca_file, SECRET)
        self.at_end(program.end)
        self.at_end(program.signal, signal.SIGKILL)
        for _ in range(3):
            program.read_until(name)
            program.read_until(advice)
        program.signal(signal.SIGTERM)
        assert program.end() == -signal.SIGTERM
        assert "Enter " not in program.text

    def test_settings_that_cannot_be(self) -> None:
        service = self.service()
        for url, ca_file, expected in ((service.url, "/nowhere/ca.pem", "FIO_E_CA"),
                                       ("http://127.0.0.1", service.ca_file, "FIO_E_URL")):
            status, text = run(EXAMPLES / "pair", url, ca_file, SECRET)
            assert status == 1
            assert expected in text
        status, text = run(EXAMPLES / "pair")
        assert status == 2
        assert "usage: pair" in text


class EventLoopTest(ProgramTest):
    def test_pairs_beside_other_work(self) -> None:
        service = self.service()
        service.fault("code", "delay", ms=1500)
        status, text = run(EXAMPLES / "event_loop", service.url, service.ca_file, SECRET)
        assert status == 0, text
        assert "Paired with project Feature A\n" in text
        frames, missed = re.search(r"recorded (\d+) frames and missed (\d+)", text).groups()
        drives, longest = re.search(r"ran (\d+) times; the longest took ([\d.]+) ms", text).groups()
        assert int(frames) + int(missed) >= 37, "1.5 s of recording"
        assert float(longest) < 1000.0, "it must not wait for the answer"
        assert int(drives) < 200, "it must not spin"
        assert self.violations(service) == []

    def test_fails_with_a_reason(self) -> None:
        service = self.service()
        status, text = run(EXAMPLES / "event_loop", service.url, service.ca_file, "wrong")
        assert status == 1
        assert "FIO_E_INVALID_CLIENT" in text

    def test_ends_by_signal(self) -> None:
        service = self.service(person=None)
        program = Program(EXAMPLES / "event_loop", service.url, service.ca_file, SECRET)
        program.read_until("Enter ")
        program.signal(signal.SIGTERM)
        assert program.end() == 1
        assert "FIO_E_CANCELED" in program.text


class CameraTest(ProgramTest):
    def test_pairs_once_and_stays_paired(self) -> None:
        service = self.service()
        first, first_text = run(*self.camera_command(service, "--once"))
        assert first == 0, first_text
        assert "The tokens are renewed." in first_text
        assert "the camera is online" in first_text
        second, second_text = run(*self.camera_command(service, "--once"))
        assert (second, second_text) == (0, STILL_PAIRED)
        assert self.violations(service) == []

    def test_screen_shows_the_code_in_digits_and_as_qr(self) -> None:
        status, text = run(*self.camera_command(self.service(), "--once"))
        assert status == 0, text
        code = re.search(r"Enter (\d{6}) at", text)[1]
        lines = text.splitlines()
        digits = next(index for index, line in enumerate(lines) if "██" in line)
        assert read_large_digits(lines[digits:digits + 5]) == code
        self.assert_qr_is_whole(text)

    def assert_qr_is_whole(self, text: str) -> None:
        drawn = re.findall(r"\033\[38;5;16;48;5;231m(.*?)\033\[0m", text)
        rows = [[mark in half for mark in line] for line in drawn for half in ("█▀", "█▄")]
        side = len(rows[0]) - 8
        assert side in range(21, 178, 4)
        assert all(len(row) == side + 8 for row in rows)
        assert not any(any(row) for row in rows[:4] + rows[side + 4:]), "quiet zone above and below"
        assert not any(any(row[:4] + row[-4:]) for row in rows), "quiet zone at the sides"
        finder = ["#######", "#     #", "# ### #", "# ### #", "# ### #", "#     #", "#######"]
        for top, left in ((4, 4), (4, side - 3), (side - 3, 4)):
            seen = ["".join(" #"[dark] for dark in row[left:left + 7]) for row in rows[top:top + 7]]
            assert seen == finder

    def test_takes_the_next_code_when_one_runs_out(self) -> None:
        service = self.service(person=None)
        camera = self.camera(service, "--once")
        camera.read_until("Waiting for your decision")
        service.expire()
        camera.read_until("That code has run out.")
        camera.read_until("Waiting for your decision")
        service.approve(project="Feature B")
        assert camera.end() == 0, camera.text
        assert "Paired with project \"Feature B\"." in camera.text

    def test_switched_off_while_waiting(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            camera = self.camera(self.service(person=None))
            camera.read_until("Waiting for your decision")
            camera.signal(number)
            assert camera.end() == 0, camera.text
            assert camera.text.endswith("Switched off.\n"), camera.text

    def test_pairs_again_when_the_person_disconnected_it(self) -> None:
        service = self.service()
        assert run(*self.camera_command(service, "--once"))[0] == 0
        service.device("CAM-1", "revoke")
        service.person("ignore")
        camera = self.camera(service)
        camera.read_until("Waiting for your decision")
        assert "Event: the pairing is over" in camera.text
        service.approve(project="Feature C")
        camera.read_until("Running.")
        assert "Paired with project \"Feature C\"." in camera.text
        camera.signal(signal.SIGTERM)
        assert camera.end() == 0, camera.text

    def test_keeps_the_pairing_when_the_network_fails(self) -> None:
        service = self.service()
        assert run(*self.camera_command(service, "--once"))[0] == 0
        service.fault("any", "reset", times=100)
        status, text = run(*self.camera_command(service, "--once"))
        assert status == 1
        assert "The project could not be asked for: " in text
        assert "Enter " not in text
        service.clear_faults()
        assert run(*self.camera_command(service, "--once")) == (0, STILL_PAIRED)

    def test_no_network(self) -> None:
        service = self.service()
        camera = self.camera(service, "--base-url", f"https://127.0.0.1:{closed_port()}")
        for _ in range(3):
            camera.read_until("no connection to the service could be made")
            camera.read_until("Check the network connection")
        camera.signal(signal.SIGTERM)
        assert camera.end() == 0
        assert "Enter " not in camera.text

    def test_refused_by_the_person(self) -> None:
        status, text = run(*self.camera_command(self.service(person="deny")))
        assert status == 1
        assert "Pairing did not work: the user refused" in text

    def test_wrong_secret(self) -> None:
        status, text = run(*self.camera_command(self.service()), secret="wrong")
        assert status == 1
        assert "Check client secret" in text

    def test_sealed_store_and_its_key(self) -> None:
        service = self.service()
        key, short = self.home / "key", self.home / "short"
        key.write_bytes(os.urandom(32))
        short.write_bytes(os.urandom(31))
        sealed = self.camera_command(service, "--once", "--store-key-file", key)
        assert run(*sealed)[0] == 0
        assert "Still paired" in run(*sealed)[1]
        status, text = run(*self.camera_command(service, "--store-key-file", short))
        assert status == 1
        assert "a key is exactly 32 bytes long" in text

    def test_command_line(self) -> None:
        assert run(EXAMPLES / "camera", "--help")[0] == 0
        assert run(EXAMPLES / "camera", "--unknown")[0] == 2
        assert run(EXAMPLES / "camera", "stray")[0] == 2
        status, text = run(EXAMPLES / "camera", "--client-id", "CAM-1", secret=None)
        assert status == 1
        assert "FIO_E_INCOMPLETE" in text

    def test_log_holds_no_secret(self) -> None:
        status, text = run(*self.camera_command(self.service(), "--once", "--log=5"))
        assert status == 0, text
        assert "log: " in text
        assert SECRET not in text


def read_large_digits(lines: list[str]) -> str:
    """Reads what screen.h drew: digits of three dots by five, two characters for a dot."""
    columns = [2, 10, 18, 30, 38, 46]
    by_dots = {dots: digit for digit, dots in FONT.items()}
    digits = ""
    for column in columns:
        rows = [line.ljust(60)[column:column + 6:2].replace("█", "#") for line in lines]
        digits += by_dots[" ".join(rows)]
    return digits
