"""What must hold after a run, checked with what the service has recorded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger import Ledger

PARALLEL_PARTS = 5  # the library's default


@dataclass
class Verdict:
    wrong: list[str] = field(default_factory=list)
    orphans: int = 0
    restarted: int = 0
    sent_twice: int = 0
    received_again: int = 0
    most_again: int = 0
    bytes_needed: int = 0
    bytes_sent: int = 0


def judge(uploads: list[dict[str, Any]], files: list[Path], ledger: Ledger) -> Verdict:
    verdict = Verdict()
    judge_files(verdict, uploads, files, ledger)
    judge_parts(verdict, uploads, ledger)
    judge_unfinished(verdict, uploads, ledger)
    broken_rules = [(entry["endpoint"], entry["violations"]) for entry in ledger.entries.values() if entry["violations"]]
    if broken_rules:
        verdict.wrong.append(f"rules of the service were broken: {broken_rules[:10]}")
    verdict.bytes_sent = sum(part["bytes_received"] for upload in uploads for part in upload["parts"])
    return verdict


def judge_files(verdict: Verdict, uploads: list[dict[str, Any]], files: list[Path], ledger: Ledger) -> None:
    """Every file is there once, whole, and nothing else is."""
    complete: dict[str, list[dict[str, Any]]] = {}
    for upload in uploads:
        if upload["state"] == "complete":
            complete.setdefault(upload["name"], []).append(upload)
    refused = ledger.refused()
    for path in files:
        content = path.read_bytes()
        verdict.bytes_needed += len(content)
        found = complete.pop(path.name, [])
        again = len(found) - 1
        if again != 0 and (again < 0 or again > sum(is_end_lost(upload, refused, ledger) for upload in found)):
            ids = [upload["id"] for upload in found]
            verdict.wrong.append(f"{path.name} is {len(found)} times complete at the service: {ids}")
        verdict.sent_twice += max(0, again)
        for upload in found:
            if (upload["size"], upload["sha256"]) != (len(content), hashlib.sha256(content).hexdigest()):
                verdict.wrong.append(f"{path.name} differs: {len(content)} bytes here, asset {upload['id']} has {upload['size']}")
    if complete:
        verdict.wrong.append(f"nobody knows {sorted(complete)}")


def is_end_lost(upload: dict[str, Any], refused: dict[tuple[str, int], int], ledger: Ledger) -> bool:
    """The one way to send a file twice: the answer to its last part was lost, and before the camera could ask
    again the URL had expired. The storage then says no more than that, whether it has the file or not."""
    in_vain = ledger.in_vain()
    for (asset, part), entries in ledger.by_part().items():
        lost = [entry["seq"] for entry in entries if entry["seq"] in in_vain and entry["status"] != 403]
        if asset == upload["id"] and lost and refused.get((asset, part), 0) > min(lost):
            return True
    return False


def judge_parts(verdict: Verdict, uploads: list[dict[str, Any]], ledger: Ledger) -> None:
    """A part arrives once, and once more for each time its answer was lost, by a fault or by a kill."""
    in_vain = ledger.in_vain()
    by_part = ledger.by_part()
    for upload in uploads:
        for part in upload["parts"]:
            again = max(0, part["times_received"] - 1)
            puts = by_part.get((upload["id"], part["number"]), [])
            excuses = sum(entry["seq"] in in_vain for entry in puts)
            verdict.received_again += again
            verdict.most_again = max(verdict.most_again, again)
            if again > excuses:
                verdict.wrong.append(f"part {part['number']} of {upload['name']} ({upload['id']}) arrived {again + 1} times, "
                                     f"{excuses} times in vain: {[(entry['seq'], entry['status'], entry['fault']) for entry in puts]}")
    bound = ledger.kills * PARALLEL_PARTS + sum(ledger.faults().values())
    if verdict.received_again > bound:
        verdict.wrong.append(f"{verdict.received_again} parts arrived again, more than {bound}")


def judge_unfinished(verdict: Verdict, uploads: list[dict[str, Any]], ledger: Ledger) -> None:
    """Assets that stay unfinished: nobody learnt of them, because of a fault or a kill when they were made; or
    the URLs of their parts expired."""
    creations = ledger.creations()
    refused = {asset for asset, _ in ledger.refused()}
    in_vain = ledger.in_vain()
    for upload in uploads:
        if upload["state"] == "complete":
            continue
        creation = creations.get(upload["id"])
        is_used = any(part["times_started"] for part in upload["parts"])
        if upload["state"] == "open" and upload["id"] in refused:
            verdict.restarted += 1
        elif upload["state"] == "open" and not is_used and creation and (
                creation["seq"] in in_vain or ledger.was_killed(creation)):
            verdict.orphans += 1
        else:
            verdict.wrong.append(f"{upload['name']} ({upload['id']}) is {upload['state']} for no reason"
                                 f"{', parts of it were sent' if is_used else ''}")
