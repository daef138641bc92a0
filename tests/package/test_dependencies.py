"""Every crate that Cargo.lock names comes from where deny.toml says, under a licence it allows, and is none it bans.

cargo-deny says the same, and asks the database of advisories besides. It takes minutes to compile and the database needs a
network, so it is used where both are there, and otherwise the run says what to do."""

import json
import os
import re
import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any, Dict, List, Set

import pytest

from case import Case
from installation import ROOT

CONFIG = ROOT / "deny.toml"


def texts(name: str) -> List[str]:
    """The strings of a list in deny.toml. (Python has no reader of TOML before 3.11.)"""
    found = re.search(rf"^{name} = \[(.*?)\]$", CONFIG.read_text(), re.MULTILINE | re.DOTALL)
    assert found, name
    return re.findall(r'"([^"]*)"', re.sub(r"#.*", "", found[1]))


def allows(licence: str, allowed: Set[str]) -> bool:
    """Whether an SPDX expression can be met with the licences allowed. The old form has a slash for OR."""
    tokens = re.findall(r"[()]|[^\s()]+", licence.replace("/", " OR "))
    place = 0

    def either() -> bool:
        nonlocal place
        met = both()
        while place < len(tokens) and tokens[place] == "OR":
            place += 1
            met = both() or met
        return met

    def both() -> bool:
        nonlocal place
        met = one()
        while place < len(tokens) and tokens[place] == "AND":
            place += 1
            met = one() and met
        return met

    def one() -> bool:
        nonlocal place
        token = tokens[place]
        place += 1
        if token == "(":
            met = either()
            place += 1
            return met
        if tokens[place:place + 1] == ["WITH"]:
            token += f" WITH {tokens[place + 1]}"
            place += 2
        return token in allowed

    return either()


class Dependencies(Case):
    def packages(self) -> List[Dict[str, Any]]:
        command = [os.environ.get("CARGO", "cargo"), "metadata", "--format-version=1", "--locked", "--offline"]
        for target in texts("targets"):
            command += ["--filter-platform", target]
        told = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
        found: List[Dict[str, Any]] = [package for package in told["packages"] if package["source"] is not None]
        assert len(found) > 50
        return found

    def test_licences(self) -> None:
        allowed = set(texts("allow"))
        exceptions = dict(re.findall(r'\{ crate = "([^"]+)", allow = \["([^"]+)"\] \}', CONFIG.read_text()))
        refused = {package["name"]: package["license"] for package in self.packages()
                   if not allows(package["license"] or "none", allowed | {exceptions.get(package["name"], "")})}
        assert refused == {}, "a licence that deny.toml does not allow"

    def test_every_crate_is_from_the_registry_with_a_checksum(self) -> None:
        allowed = {f"registry+{address}" for address in texts("allow-registry")}
        for block in (ROOT / "Cargo.lock").read_text().split("[[package]]\n")[1:]:
            name = re.search(r'^name = "(.*)"$', block, re.MULTILINE)
            source = re.search(r'^source = "(.*)"$', block, re.MULTILINE)
            assert name
            if source is None:
                assert name[1] in ("fio-c2c", "fio-c2c-core", "fio-c2c-no-std", "fio-emulator", "fio-emulator-service")
            else:
                assert source[1] in allowed, name[1]
                assert re.search(r'(?m)^checksum = "[0-9a-f]{64}"$', block), name[1]

    def not_looked_at(self, why: str) -> None:
        reason = f"{why}: advisories (RUSTSEC) were not looked at; `cargo install --locked cargo-deny && cargo deny check` does it"
        if os.environ.get("FIO_NO_SKIPS") == "1":
            # No package has it, and no package has the data: anybody who forbids skips would forbid every run without a network.
            warnings.warn(reason, stacklevel=2)
        else:
            pytest.skip(reason)

    def test_cargo_deny(self) -> None:
        program = shutil.which("cargo-deny")
        if program is None:
            return self.not_looked_at("cargo-deny is not there")

        def check(*what: str) -> None:
            done = subprocess.run([program, "--offline", "check", *what], cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            assert done.returncode == 0, done.stdout
            assert "warning[" not in done.stdout, f"deny.toml has something that it does not need:\n{done.stdout}"

        check("licenses", "bans", "sources")
        cargo = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
        if not list(cargo.glob("advisory-dbs/*/.git")):
            return self.not_looked_at("the database of advisories was never fetched")
        check("advisories")

    def test_bans(self) -> None:
        bans = CONFIG.read_text().split("[bans]")[1].split("[sources]")[0]
        banned = set(re.findall(r'\{ crate = "([^"]+)" \}', bans))
        assert len(banned) > 1
        assert banned & set(re.findall(r'^name = "(.*)"$', (ROOT / "Cargo.lock").read_text(), re.MULTILINE)) == set()

    def test_expressions(self) -> None:
        allowed = {"MIT", "ISC", "Apache-2.0 WITH LLVM-exception"}
        for licence in ("MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "ISC AND (GPL-2.0 OR MIT)", "Apache-2.0 WITH LLVM-exception"):
            assert allows(licence, allowed), licence
        for licence in ("GPL-3.0", "MIT AND GPL-3.0", "ISC AND (GPL-2.0 OR LGPL-2.1)", "Apache-2.0", "(MIT OR ISC) AND GPL-2.0"):
            assert not allows(licence, allowed), licence
