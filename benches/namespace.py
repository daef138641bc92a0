"""A network of its own for a program: the loopback of a network namespace, as slow as a link is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

MTU = 1500


def why_not() -> str | None:
    """What is missing for this."""
    if os.geteuid() != 0:
        return "the throttled network needs root"
    for program, package in (("tc", "iproute2"), ("ip", "iproute2"), ("unshare", "util-linux")):
        if shutil.which(program) is None:
            return f"the throttled network needs {program}: install the Debian package {package}"
    tried = subprocess.run(["unshare", "--net", "tc", "qdisc", "add", "dev", "lo", "root", "tbf", *bucket(1_000_000)],
                           capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"the throttled network cannot be made here: {tried.stderr.strip()}"
    return None


def bucket(rate: int, burst: int = 5_000, latency_ms: int = 50) -> list[str]:
    """Of tc's token bucket: bits a second, bytes that may leave at once, and how long a queue may be."""
    return ["rate", f"{rate}bit", "burst", str(burst), "latency", f"{latency_ms}ms"]


def begin(rate: int, burst: int = 5_000, latency_ms: int = 50) -> None:
    """To be called in the namespace. All that passes shares the rate, in both directions."""
    subprocess.run(["ip", "link", "set", "lo", "mtu", str(MTU), "up"], check=True)
    carry(rate, burst, latency_ms)


def carry(rate: int, burst: int = 5_000, latency_ms: int = 50) -> None:
    subprocess.run(["tc", "qdisc", "replace", "dev", "lo", "root", "tbf", *bucket(rate, burst, latency_ms)], check=True)


def swallow() -> None:
    """Nothing arrives from now on, and nobody is told."""
    subprocess.run(["tc", "qdisc", "replace", "dev", "lo", "root", "blackhole"], check=True)


def sent_on_wire() -> int:
    """Bytes, with headers, since `begin`."""
    shown = subprocess.run(["tc", "-s", "-j", "qdisc", "show", "dev", "lo"], check=True, capture_output=True, text=True)
    return sum(queue["bytes"] for queue in json.loads(shown.stdout) if queue["kind"] == "tbf")
