"""Certification sessions as a user runs them: the example camera passes every scenario, and everything that can be
observed of it is right; a client that does it all wrong is found out row by row, with the request that did it.

Needs `make examples emulator`. FIO_EXAMPLES names the directory with the camera; without it FIO_TLS chooses between
build/bundled (the default) and build/system.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "python"))

from case import Case  # noqa: E402
from fio_c2c.emulator import find_emulator  # noqa: E402

EXAMPLES = Path(os.environ.get("FIO_EXAMPLES") or ROOT / "build" / os.environ.get("FIO_TLS", "bundled"))
LIMIT = 300.0  # seconds a session may take; it takes a fifth of that
SECRET = "emulator-secret"
Request = dict[str, Any]


class Session:
    """One run of certify.py, and what it left behind."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self._home = home
        command = [sys.executable, "-B", str(HERE / "certify.py"), "--examples", str(EXAMPLES), "--log", self._file("log"),
                   "--camera-log", self._file("camera"), *arguments]
        for ending in ("json", "xml", "txt"):
            command += ["--report", self._file(f"report.{ending}")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE, text=True)

    def end(self) -> None:
        try:
            self.told = self._process.communicate(timeout=LIMIT)[1]
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self.told = self._process.communicate()[1]
        self.status = self._process.returncode

    def _file(self, name: str) -> str:
        return str(self._home / name)

    @cached_property
    def report(self) -> dict[str, Any]:
        return json.loads((self._home / "report.json").read_text())

    @cached_property
    def rows(self) -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in self.report["rows"]}

    @cached_property
    def requests(self) -> list[Request]:
        """All requests of the device, in their order."""
        lines = (self._home / "log").read_text().splitlines()
        return sorted(map(json.loads, lines), key=lambda request: request["seq"])

    @cached_property
    def failures(self) -> set[str]:
        """Names of the test cases that failed in the JUnit report."""
        cases = ET.parse(self._home / "report.xml").getroot().iter("testcase")
        return {case.attrib["name"] for case in cases if case.find("failure") is not None}

    def quoted(self, row: str) -> list[int]:
        """The requests that the first breach of a row quotes; the last one is the culprit."""
        return [request["seq"] for request in self.rows[row]["breaches"][0]["requests"]]

    def named(self, status: str) -> set[str]:
        return {name for name, row in self.rows.items() if row["status"] == status}

    def everything(self) -> str:
        return self.told + "".join(path.read_text() for path in self._home.iterdir())


def built_in_scenarios() -> dict[str, dict[str, Any]]:
    """What the emulator brings along."""
    def ask(*arguments: str) -> str:
        return subprocess.run([find_emulator(), "scenarios", *arguments], capture_output=True, text=True, check=True).stdout

    names = [line.split()[0] for line in ask().splitlines() if line.strip()]
    return {name: tomllib.loads(ask("--show", name)) for name in names}


def field(request: Request, name: str) -> Any:
    return dict(map(tuple, request["fields"])).get(name)


def header(request: Request, name: str) -> str | None:
    return dict(map(tuple, request["headers"])).get(name)


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Session]:
    """Both at once, for all tests: with the camera, and with the bad client."""
    bad = Session(tmp_path_factory.mktemp("bad"), "--client", "bad")
    camera = Session(tmp_path_factory.mktemp("camera"))
    for session in (bad, camera):
        session.end()
    return camera, bad


@pytest.fixture(scope="module")
def camera(sessions: tuple[Session, Session]) -> Session:
    return sessions[0]


@pytest.fixture(scope="module")
def bad(sessions: tuple[Session, Session]) -> Session:
    return sessions[1]


class CameraTest(Case):
    def test_it_passes_every_scenario(self, camera: Session) -> None:
        played = {one["name"]: (one["state"], one["why"]) for one in camera.report["scenarios"]}
        assert played == {name: ("passed", None) for name in built_in_scenarios()}, camera.told
        assert camera.status == 0, camera.told

    def test_everything_that_can_be_observed_is_fulfilled(self, camera: Session) -> None:
        rows = camera.rows.values()
        assert {row["name"]: row["status"] for row in rows if row["observable"] and row["status"] != "fulfilled"} == {}
        assert ({row["name"]: row["status"] for row in rows if not row["observable"]}
                == {row["name"]: "ask_the_engineer" for row in rows if row["questions"]})
        assert len(camera.named("fulfilled")) >= 32

    def test_the_scenarios_exercise_everything_that_can_be_observed(self, camera: Session) -> None:
        exercised = {row for scenario in built_in_scenarios().values() for row in scenario["rows"]}
        assert exercised == {row["name"] for row in camera.rows.values() if row["observable"]}

    def test_its_clips_arrived_once(self, camera: Session) -> None:
        created = [request for request in camera.requests if request["endpoint"] == "asset" and request["status"] == 200]
        names = [field(request, "name") for request in created]
        twice = {name: names.count(name) for name in names if names.count(name) > 1}
        # Of one the addresses expired once; the other takes longer than they live, and goes on as a recording.
        assert set(twice) == {"A006_C001.mov", "A011_C001.mov"}
        assert twice["A006_C001.mov"] == 2
        assert twice["A011_C001.mov"] <= 3

    def test_the_reports(self, camera: Session, bad: Session) -> None:
        assert camera.failures == set()
        assert "power_cut" in camera.told
        for session in (camera, bad):
            assert SECRET not in session.everything()


class BadClientTest(Case):
    """What was broken is found here once more, in the log, by other means than the checklist's."""

    def log(self, bad: Session, endpoint: str, **fields: Any) -> list[Request]:
        return [request for request in bad.requests if request["endpoint"] == endpoint
                and all(request[name] == value for name, value in fields.items())]

    def test_it_fails(self, bad: Session) -> None:
        assert bad.status == 1, bad.told
        assert {one["state"] for one in bad.report["scenarios"]} == {"failed"}, bad.told
        assert {"polling_pace", "slow_down_obeyed", "refresh_once", "pause_honoured", "version_header",
                "token_not_to_storage"} <= bad.named("broken")

    def test_it_polls_too_fast(self, bad: Session) -> None:
        first, second = self.log(bad, "token", grant="device_code")[:2]
        assert second["time"] - first["time"] < 0.9, "the interval is a second"
        assert bad.quoted("polling_pace") == [first["seq"], second["seq"]]

    def test_it_ignores_slow_down(self, bad: Session) -> None:
        polls = self.log(bad, "token", grant="device_code")
        slowed = next(index for index, poll in enumerate(polls) if poll["oauth_error"] == "slow_down")
        told, culprit = polls[slowed:slowed + 2]
        assert field(told, "device_code") == field(culprit, "device_code")
        assert culprit["time"] - told["time"] < 5.0
        assert bad.quoted("slow_down_obeyed") == [told["seq"], culprit["seq"]]

    def test_it_refreshes_twice(self, bad: Session) -> None:
        first, second = self.log(bad, "token", grant="refresh_token")[:2]
        assert field(first, "refresh_token") == field(second, "refresh_token")
        assert (first["status"], second["status"], second["oauth_error"]) == (200, 400, "invalid_request")
        assert bad.quoted("refresh_once") == [first["seq"], second["seq"]]

    def test_it_ignores_the_pause(self, bad: Session) -> None:
        refused = self.log(bad, "asset", status=409)[0]
        again = next(one for one in self.log(bad, "asset") if one["seq"] > refused["seq"])
        assert field(again, "name") == field(refused, "name")
        assert (field(refused, "offset"), field(again, "offset")) == ("30", "0")
        assert bad.quoted("pause_honoured") == [refused["seq"], again["seq"]]

    def test_it_names_no_version(self, bad: Session) -> None:
        culprit = next(one for one in bad.requests if one["endpoint"] != "part" and header(one, "x-client-version") is None)
        assert culprit["endpoint"] == "code"
        assert bad.quoted("version_header") == [culprit["seq"]]

    def test_it_gives_the_storage_its_token(self, bad: Session) -> None:
        culprit = next(one for one in self.log(bad, "part") if header(one, "authorization") is not None)
        tokens = {token for request in bad.requests for kind, token in request["issued"] if kind == "access_token"}
        assert (header(culprit, "authorization") or "").removeprefix("Bearer ") in tokens
        assert bad.quoted("token_not_to_storage") == [culprit["seq"]]

    def test_the_quoted_requests_say_what_was_sent(self, bad: Session) -> None:
        logged = {request["seq"]: request for request in bad.requests}
        for name in bad.named("broken"):
            for quote in bad.rows[name]["breaches"][0]["requests"]:
                request = logged[quote["seq"]]
                for part in ("method", "path", "headers", "fields", "status", "oauth_error"):
                    assert quote[part] == request[part], (name, part)
            assert f"request {bad.quoted(name)[-1]} at " in bad.everything()

    def test_the_junit_report(self, bad: Session) -> None:
        played = {one["name"] for one in bad.report["scenarios"]}
        assert bad.failures == bad.named("broken") | played
