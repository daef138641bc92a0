#!/usr/bin/env python3
"""An upload over a link of 20 Mbit/s: how much of the link it uses, and whether heartbeats get through.

The loopback of a network namespace of its own has the MTU of an Ethernet and a token bucket (tc tbf) for
everything that passes, so that the acknowledgements of what is sent take their share of the link as well.
It needs root and iproute2; without them it says so and is skipped.

What is compared with the link is the file's bytes alone, from fio_upload_start to the end of the upload:
against the most that the link can carry in the bodies of TLS records in full TCP segments. That leaves out
acknowledgements, handshakes, HTTP, the heartbeats, and whatever is lost and sent again: all that is the
library's to lose.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import namespace
from support import SECRET, Emulator, judgement, run, scratch_directory, sparse_file

RATE = 20_000_000
FRAME = namespace.MTU + 14  # as tc counts it: with the Ethernet header
SEGMENT = namespace.MTU - 20 - 32  # without the headers of IP and of TCP with a time stamp
RECORD, RECORD_OVERHEAD = 16_384, 22  # TLS 1.3
MOST_PAYLOAD = RATE / 8 * SEGMENT / FRAME * RECORD / (RECORD + RECORD_OVERHEAD)

SIZE, PART = 64_000_000, 6_400_000
SPEED = 60
SILENCE, SHORTEST_PAUSE, OFFLINE = 120, 60, 300  # seconds between heartbeats: what the library wants, and the service's limits
LEAST_USE, SLOWEST_HEARTBEAT = 0.95, 2.0


def measure_inside(programs: Path) -> dict[str, Any]:
    """To be run in a namespace of its own."""
    namespace.begin(RATE)
    with tempfile.TemporaryDirectory(dir=scratch_directory()) as scratch, \
            Emulator("--client-secret", SECRET, "--storage", "discard", "--part-bytes", str(PART), interval=0.05) as service:
        service.person("approve", after_polls=0)
        clip = sparse_file(Path(scratch) / "clip.mov", SIZE)
        wire = namespace.sent_on_wire()
        found = run([str(programs / "ours_network"), service.url, service.ca_file, "ours", SECRET,
                     str(Path(scratch) / "store"), str(clip), str(SPEED), "online"]).answer
        found["wire_bytes"] = namespace.sent_on_wire() - wire
        (upload,) = service.call("GET", "/emulator/uploads")["uploads"]
        assert upload["state"] == "complete" and upload["part_count"] > 1, upload
        found["parts_sent_twice"] = sum(part["times_started"] - 1 for part in upload["parts"])
        beats = service.requests("heartbeat")
        found["refused"] = sum(beat["status"] != 204 for beat in beats)
        found["own_beats"] = [beat["time"] for beat in beats if beat["client_id"] == "online"]
        return found


def show(programs: Path) -> bool:
    reason = namespace.why_not()
    if reason is not None:
        print(f"\nSKIPPED: {reason}")
        return True
    done = subprocess.run(["unshare", "--net", sys.executable, "-B", __file__, str(programs)],
                          check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout)
    use = SIZE / found["seconds"] / MOST_PAYLOAD
    wire_use = found["wire_bytes"] / found["seconds"] / (RATE / 8)
    gaps = [later - earlier for earlier, later in zip(found["own_beats"], found["own_beats"][1:])]
    # How long the library's clock says it was; the network's own delay counts as much more than it is.
    longest, shortest = max(gaps, default=0) * SPEED, min(gaps, default=0) * SPEED

    print(f"\n{f'{SIZE // 1_000_000} MB over 20 Mbit/s':<28}{'possible':>12}{'fio-c2c':>12}{'ratio':>8}   target")

    def row(name: str, possible: str, measured: str, ratio: str, target: str, is_met: bool) -> bool:
        print(f"{name:<28}{possible:>12}{measured:>12}{ratio:>8}   {target:<12}{judgement(is_met)}")
        return is_met

    met = [
        row("the file's bytes/s", f"{MOST_PAYLOAD:,.0f}", f"{SIZE / found['seconds']:,.0f}", f"{use:.3f}", f">= {LEAST_USE}", use >= LEAST_USE),
        row("heartbeats, one a second", "", f"{found['heartbeats']}", "", ">= 10", found["heartbeats"] >= 10),
        row("  failed", "", f"{found['failed'] + found['refused']}", "", "0", found["failed"] + found["refused"] == 0),
        row("  slowest answer, seconds", "", f"{found['slowest']:.3f}", "", f"<= {SLOWEST_HEARTBEAT:g}", found["slowest"] <= SLOWEST_HEARTBEAT),
        row("heartbeats by fio_set_online", "", f"{len(gaps) + 1}", "", ">= 5", len(gaps) >= 4),
        row("  longest silence, seconds", f"{SILENCE}", f"{longest:.0f}", "", f"<= {OFFLINE}", longest <= OFFLINE),
        row("  shortest pause, seconds", f"{SILENCE}", f"{shortest:.0f}", "", f">= {SHORTEST_PAUSE}", shortest >= SHORTEST_PAUSE),
        row("parts sent twice", "", f"{found['parts_sent_twice']}", "", "0", found["parts_sent_twice"] == 0),
    ]
    print(f"{found['seconds']:.1f} s; {wire_use:.1%} of the link with headers and acknowledgements; "
          f"seconds of fio_set_online on a clock {SPEED} times as fast")
    return all(met)


if __name__ == "__main__":
    print(json.dumps(measure_inside(Path(sys.argv[1]))))
