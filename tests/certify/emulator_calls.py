"""Calls of the emulator's own API that an operator makes."""

from __future__ import annotations

import json
import ssl
import urllib.request

from operator_protocol import Hello


def move_clock(hello: Hello, seconds: int) -> None:
    """Moves the service's clock forward."""
    body = json.dumps({"advance_seconds": seconds}).encode()
    call = urllib.request.Request(f"{hello.url}/emulator/clock", body, {"Content-Type": "application/json"})
    context = ssl.create_default_context(cafile=hello.ca_file)
    urllib.request.urlopen(call, context=context, timeout=10).close()
