"""The verdict over a torture run must not be blind: every wrong that it looks for is found, and what a kill
or a fault explains is let pass."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from case import Case  # noqa: E402
from ledger import Ledger  # noqa: E402
from verdict import Verdict, judge  # noqa: E402

CONTENT = b"0123456789"


class Service:
    """Stands in for the emulator: a request log."""

    def __init__(self) -> None:
        self.log: list[dict[str, Any]] = []

    def requests(self, *, since: int = 0) -> list[dict[str, Any]]:
        return [dict(entry) for entry in self.log if entry["seq"] > since]

    def sees(self, endpoint: str, asset: str | None = "a", part: int | None = None, *, connection: int = 1,
             status: int | None = 200, fault: str | None = None, violations: tuple[str, ...] = ()) -> None:
        self.log.append({"seq": len(self.log) + 1, "endpoint": endpoint, "asset": asset, "part": part,
                         "connection": connection, "status": status, "fault": fault, "violations": list(violations)})


class VerdictTest(Case):
    @pytest.fixture(autouse=True)
    def verdict_ready(self, ending: None, tmp_path: Path) -> None:
        self.file = tmp_path / "A.mov"
        self.file.write_bytes(CONTENT)
        self.service = Service()
        self.ledger = Ledger(self.service)  # type: ignore[arg-type]

    def upload(self, asset: str = "a", received: int = 1, **fields: Any) -> dict[str, Any]:
        part = {"number": 1, "size": len(CONTENT), "times_started": received, "times_received": received,
                "bytes_received": len(CONTENT) * received}
        return {"id": asset, "name": "A.mov", "state": "complete", "size": len(CONTENT), "parts": [part],
                "sha256": hashlib.sha256(CONTENT).hexdigest(), **fields}

    def judge(self, *uploads: dict[str, Any], killed: bool = False) -> Verdict:
        self.ledger.life_over(killed)
        return judge(list(uploads), [self.file], self.ledger)

    def assert_wrong(self, verdict: Verdict, word: str) -> None:
        assert any(word in wrong for wrong in verdict.wrong), verdict.wrong

    def test_all_well(self) -> None:
        self.service.sees("asset")
        self.service.sees("part", part=1, fault="throttle")
        verdict = self.judge(self.upload())
        assert (verdict.wrong, verdict.bytes_sent, verdict.bytes_needed) == ([], 10, 10)

    def test_missing_different_unknown_and_against_the_rules(self) -> None:
        self.assert_wrong(self.judge(), "0 times complete")
        self.assert_wrong(self.judge(self.upload(sha256="0")), "differs")
        self.assert_wrong(self.judge(self.upload(), self.upload("b", name="B.mov")), "nobody knows")
        self.service.sees("me", violations=("heartbeat_too_soon",))
        self.assert_wrong(self.judge(self.upload()), "rules of the service")

    def test_complete_twice(self) -> None:
        self.service.sees("part", "a", 1)
        self.service.sees("part", "b", 1)
        self.assert_wrong(self.judge(self.upload("a"), self.upload("b")), "2 times complete")

    def test_complete_twice_because_the_url_expired_before_the_answer_was_known(self) -> None:
        self.service.sees("part", "a", 1, status=None, fault="reset")
        self.service.sees("part", "a", 1, status=403)
        self.service.sees("part", "b", 1)
        verdict = self.judge(self.upload("a"), self.upload("b"))
        assert (verdict.wrong, verdict.sent_twice) == ([], 1)

    def test_a_part_that_arrived_again_needs_an_excuse(self) -> None:
        self.service.sees("part", part=1)
        self.service.sees("part", part=1)
        self.assert_wrong(self.judge(self.upload(received=2)), "arrived 2 times, 0 times in vain")

    def test_a_fault_is_an_excuse(self) -> None:
        self.service.sees("part", part=1, fault="status", status=500)
        self.service.sees("part", part=1)
        assert self.judge(self.upload(received=2)).wrong == []

    def test_a_kill_is_an_excuse_for_what_was_under_way(self) -> None:
        self.service.sees("part", part=1, connection=1)
        self.ledger.life_over(True)
        self.service.sees("part", part=1, connection=2)
        verdict = self.judge(self.upload(received=2))
        assert (verdict.wrong, verdict.received_again, self.ledger.kills) == ([], 1, 1)

    def test_a_kill_is_none_for_what_was_answered_long_before(self) -> None:
        self.service.sees("part", part=1, connection=1)
        self.service.sees("part", part=2, connection=1)
        self.ledger.life_over(True)
        self.service.sees("part", part=1, connection=2)
        self.assert_wrong(self.judge(self.upload(received=2)), "0 times in vain")

    def test_unfinished_assets_need_a_reason(self) -> None:
        self.service.sees("asset", "a")
        self.service.sees("asset", "b")
        unused = self.upload("b", received=0, state="open")
        self.assert_wrong(self.judge(self.upload(), unused), "is open for no reason")

    def test_unfinished_assets_that_nobody_learnt_of(self) -> None:
        self.service.sees("asset", "b", connection=1)
        self.ledger.life_over(True)
        self.service.sees("asset", "c", connection=2, status=None, fault="reset")
        verdict = self.judge(self.upload(), self.upload("b", received=0, state="open"),
                             self.upload("c", received=0, state="open"))
        assert (verdict.wrong, verdict.orphans) == ([], 2)

    def test_an_asset_that_was_used_is_not_lost_by_a_kill(self) -> None:
        self.service.sees("asset", "b", connection=1)
        self.service.sees("part", "b", 1, connection=1)
        self.ledger.life_over(True)
        verdict = self.judge(self.upload(), self.upload("b", state="open"))
        self.assert_wrong(verdict, "parts of it were sent")
