"""What the built library exports is under the promise that its soname names."""

from __future__ import annotations
import re
import subprocess

import pytest

from case import need
from copies import GuardTest
from harness import LIBRARIES
from libraries import header_of, soname
from tools import ROOT


class Exports(GuardTest):
    def listed(self, *command: str) -> str:
        library = LIBRARIES / "libfio_c2c.so"
        if not library.exists():
            pytest.skip(f"{library.relative_to(ROOT)} is not there: run `make lib`")
        need(command[0], "binutils")
        return subprocess.run([*command, str(library)], stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout

    def test_the_soname_carries_the_number_of_the_promise(self) -> None:
        assert re.findall(r"\(SONAME\).*\[(.*)\]", self.listed("readelf", "--dynamic", "--wide")) == [soname(ROOT)]

    def test_every_symbol_has_its_version(self) -> None:
        version = f"FIO_{soname(ROOT).rpartition('.')[2]}"
        symbols = re.findall(r"^\w+ T (\S+)$", self.listed("nm", "--dynamic", "--defined-only", "--with-symbol-versions"), re.M)
        promised = {f"{name}@@{version}" for name in header_of(ROOT).exports}
        assert set(symbols) ^ promised == set(), "exported without being promised, or promised without being exported"
