"""Secrets: never said, and gone when the library is done with them.

The program reports what it finds; here is decided what may be found: neither the library nor libcurl
leaves anything. What a TLS library of the system leaves (and the manual names) is listed in the output."""

from __future__ import annotations

import bisect
import collections
import secrets
import subprocess

import pytest

from case import Case
from harness import HERE, LINKS, ROOT, TLS, compile_program, run_program

MASK = 0x5A


def masked(secret: str) -> str:
    return bytes(byte ^ MASK for byte in secret.encode()).hex()


class Symbols:
    """Names for places in our library, from the copy that was not stripped."""

    def __init__(self) -> None:
        self.table: list[tuple[int, str]] = []
        full = ROOT / "target" / TLS / "libfio_c2c.so"
        if full.exists():
            out = subprocess.run(["nm", "-C", "--defined-only", str(full)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
            parts = (line.split(" ", 2) for line in out.stdout.splitlines())
            self.table = sorted((int(part[0], 16), part[2]) for part in parts if part[1] in "tTwW")

    def name(self, module: str, offset: str) -> str:
        if module.startswith("libfio_c2c") and self.table:
            at = bisect.bisect(self.table, (int(offset, 16), "")) - 1
            return f"{module} {self.table[at][1]}"
        return module


# A TLS library of the system has memory that nobody else can wipe: what it deciphered last.
TLS_LIBRARIES = ("libssl", "libcrypto", "libgnutls", "libnettle", "libmbedtls", "libmbedcrypto", "libwolfssl", "libnss", "libnspr")


def is_of_a_tls_library(module: str) -> bool:
    return TLS == "system" and module.startswith(TLS_LIBRARIES)


class Session(Case):
    """Against each of the two libraries."""

    words: list[list[str]]
    lines: list[str]
    symbols: Symbols

    @pytest.fixture(autouse=True, scope="class", params=LINKS)
    def session_ready(self, request: pytest.FixtureRequest) -> None:
        cls = request.cls
        secret = "cs-" + secrets.token_urlsafe(32)
        device_code = "dc-" + secrets.token_urlsafe(48)
        sources = [HERE / f"{name}.c" for name in ("session", "support", "uploading", "secrets", "heap_watch")]
        program = compile_program("session", sources, link=request.param, extra=("-rdynamic", "-fno-builtin", "-Wl,-z,now"))
        cls.lines = run_program(program, arguments=(masked(secret), masked(device_code)), emulator=("--client-secret", secret),
                                replacements={"@CLIENT_SECRET@": secret, "@DEVICE_CODE@": device_code})
        cls.words = [line.split() for line in cls.lines if line]
        cls.symbols = Symbols()
        print("\n" + "\n".join(line for line in cls.lines if line.startswith(("secrets", "watched", "searched"))), flush=True)

    def judge(self, title: str, found: list[tuple[str, bool]]) -> None:
        """Lists what may be there, and fails for what may not."""
        found = [(what, is_allowed) for what, is_allowed in found if not what.startswith("canary")]
        counted = collections.Counter(what for what, is_allowed in found if is_allowed)
        for what, count in sorted(counted.items()):
            print(f"{title}: {count} x {what}", flush=True)
        wrong = collections.Counter(what for what, is_allowed in found if not is_allowed)
        assert [f"{count} x {what}" for what, count in sorted(wrong.items())] == []

    def test_the_search_finds_what_is_there(self) -> None:
        found = {(words[0], words[3] if words[0] == "left" else "") for words in self.words if len(words) > 1 and words[1] == "canary"}
        assert {("freed", ""), ("left", "-")} <= found

    def test_nothing_secret_is_said(self) -> None:
        assert [line for line in self.lines if line.startswith("said")] == []

    def test_nothing_secret_is_freed(self) -> None:
        self.judge("freed as it was", [
            (f"{name} in {size} bytes by {self.symbols.name(module, offset)}", is_of_a_tls_library(module))
            for kind, name, size, module, offset in (words for words in self.words if words[0] == "freed")])

    def test_nothing_secret_is_on_the_stack(self) -> None:
        self.judge("on the stack", [(f"{name} after {where}", False) for kind, name, where, depth in (words for words in self.words if words[0] == "stack")])

    def test_nothing_secret_is_left(self) -> None:
        self.judge("left in memory", [
            (f"{name} in {region}, {how} by {self.symbols.name(module, offset)}, {size} bytes",
             how == "freed" and is_of_a_tls_library(module))
            for kind, name, region, how, size, module, offset in (words for words in self.words if words[0] == "left")])
