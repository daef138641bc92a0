"""The operator's side of a certification session: `fio-emulator run … --operator COMMAND` starts the command once
and tells it, a line of JSON at a time, what somebody is to do at the device.

First comes {"hello": {"url": …, "ca_file": …, "client_secret": …}}, then operations such as
{"id": 7, "scenario": "pause", "operate": "record", "name": "A001.mov", "bytes": 12000000}. Each operation is
answered by {"id": 7, "done": true}, or by {"id": 7, "failed": "why"}. The end of standard input is the end.
"""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import dataclass
from typing import Any, Protocol


class CannotBeDone(Exception):
    """An operation did not work at this device; the text says why."""


@dataclass(frozen=True)
class Hello:
    """Where the emulator is, and what a device needs to be one of its."""

    url: str
    ca_file: str
    client_secret: str


class Device(Protocol):
    """What an operator has in its hands. An operation is a method of its own, called with the operation's fields."""

    def close(self) -> None: ...


def read_hello() -> Hello | None:
    """The first line; `None` if the session ended before it began."""
    line = sys.stdin.readline()
    if not line:
        return None
    hello = json.loads(line)["hello"]
    return Hello(hello["url"], hello["ca_file"], hello["client_secret"])


def serve(device: Device) -> None:
    """Carries out one operation after the other, until there are no more."""
    try:
        for line in sys.stdin:
            operation = json.loads(line)
            print(json.dumps({"id": operation["id"], **carry_out(device, operation)}), flush=True)
    finally:
        device.close()


def carry_out(device: Device, operation: dict[str, Any]) -> dict[str, Any]:
    word = operation["operate"]
    fields = {name: value for name, value in operation.items()
              if name not in ("id", "scenario", "operate") and value is not None}
    method = getattr(device, f"operate_{word}", None)
    if method is None:
        return {"failed": f"this operator does not know how to {word}"}
    try:
        method(**fields)
    except CannotBeDone as failure:
        return {"failed": str(failure)}
    except Exception:  # the bench is to hear of it, and the session to go on
        return {"failed": traceback.format_exc(limit=3)}
    return {"done": True}
