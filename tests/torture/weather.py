"""What goes wrong beside the kills: faults of the service and the storage by chance, and hours that pass."""

from __future__ import annotations

import random
from typing import Any

from fio_c2c.emulator import Emulator

# Parts of clips are slow enough to be hit by kills; recordings have larger parts, which must get through.
CLIP_BYTES_PER_SECOND = 1_500_000
RECORDING_BYTES_PER_SECOND = 40_000_000
PART_BYTES = 300_000
URL_SECONDS = 3 * 3600
FOR_EVER = 10_000_000

BUSY = {"kind": "status", "status": 503, "headers": {"Retry-After": "1"}}
BROKEN = {"kind": "status", "status": 500}
# (endpoint, chance, does the request take effect, what the client sees)
FAULTS: list[tuple[str, float, bool, dict[str, Any]]] = [
    ("asset", 0.03, False, BUSY),
    ("asset", 0.05, True, {"kind": "reset"}),
    ("asset", 0.03, True, BROKEN),
    ("realtime_parts", 0.08, False, BROKEN),
    ("realtime_parts", 0.08, True, {"kind": "reset"}),
    ("me", 0.02, False, BROKEN),
    ("token", 0.05, False, BUSY),
    ("part", 0.008, False, BUSY),
    ("part", 0.008, False, BROKEN),
    ("part", 0.010, True, {"kind": "reset"}),
    ("part", 0.010, True, BROKEN),
    ("part", 0.005, True, {"kind": "truncate"}),
    ("part", 0.008, False, {"kind": "reset", "after_request_bytes": 0}),
    ("part", 0.008, False, {"kind": "reset", "after_request_bytes": 100_000}),
    ("part", 0.004, False, {"kind": "close", "after_request_bytes": 250_000}),
    ("part", 0.0005, False, {"kind": "stall", "after_request_bytes": 50_000}),
]
# A service that takes its time, so that kills hit what has been done and not been answered yet.
SLOW_ANSWER = {"kind": "delay", "ms": 100}
SLOW_ENDPOINTS = ("asset", "realtime_parts", "me", "token")
CLOCK_CHANCE = 0.03  # for each life of the camera
URLS_EXPIRE, TOKENS_EXPIRE = URL_SECONDS + 60, 8 * 3600 + 60


def order_faults(service: Emulator, dice: random.Random) -> None:
    for endpoint, chance, processed, fault in FAULTS:
        order(service, endpoint, fault, chance=chance, seed=dice.getrandbits(32), processed=processed)


def slow_down(service: Emulator, recordings: list[str]) -> None:
    """After the faults, since the first rule that strikes is the one that does."""
    for endpoint in SLOW_ENDPOINTS:
        order(service, endpoint, SLOW_ANSWER, processed=True)
    for name in recordings:
        order(service, "part", {"kind": "throttle", "bytes_per_second": RECORDING_BYTES_PER_SECOND}, name=name)
    order(service, "part", {"kind": "throttle", "bytes_per_second": CLIP_BYTES_PER_SECOND})


def order(service: Emulator, endpoint: str, fault: dict[str, Any], **more: Any) -> None:
    service.call("POST", "/emulator/faults", {"endpoint": endpoint, "times": FOR_EVER, "fault": fault, **more})


def hours_that_pass(dice: random.Random) -> float:
    """How far the service's clock jumps during a life of the camera; mostly not at all."""
    if dice.random() >= CLOCK_CHANCE:
        return 0.0
    return dice.choice((URLS_EXPIRE, TOKENS_EXPIRE))
