"""`make check` itself: what is missing is skipped and named, the list of packages is one, and fuzzing has an end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
sys.path[:0] = [str(TESTS), str(ROOT / "emulator" / "fuzz")]

from case import Case  # noqa: E402
import check  # noqa: E402
import packages  # noqa: E402
import run as fuzzing  # noqa: E402
from steps import steps  # noqa: E402

#: Runs check.py with these steps instead of the project's.
DRIVER = """
import sys
sys.path.insert(0, {tests!r})
sys.argv = ["check.py"]
import check
from steps import Step
say = lambda text: [sys.executable, "-c", f"print({{text!r}})"]
check.steps = lambda: [{steps}]
sys.exit(check.main())
"""

# Rust's compiler is there wherever cargo is.
NO_PACKAGE = {"rustc"}


class Machine(Case):
    """A machine that has the programs of a folder, and no others."""

    @pytest.fixture(autouse=True)
    def machine_ready(self, ending: None, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.programs = self.folder / "bin"
        self.programs.mkdir()

    def stand_in(self, name: str, script: str) -> None:
        """A program that writes down how it was called."""
        path = self.programs / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.folder}/called\n{script}\n')
        path.chmod(0o755)

    def have(self, *names: str) -> None:
        """The real programs."""
        for name in names:
            found = next(path for path in (Path(folder) / name for folder in os.environ["PATH"].split(":") + ["/usr/sbin"])
                         if path.exists() and "shims" not in path.parts)
            (self.programs / name).symlink_to(found)

    def run_here(self, *command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(command, cwd=ROOT, env={"PATH": str(self.programs), "HOME": str(self.folder), **variables},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def check(self, text: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        driver = DRIVER.format(tests=str(TESTS), steps=text)
        return self.run_here(sys.executable, "-B", "-c", driver, **variables)


class Check(Machine):
    def test_what_is_missing_is_skipped_and_one_line_installs_it(self) -> None:
        done = self.check('Step("docs", say("never"), needs=[check.packages.need("doxygen")]), '
                          'Step("c", say("SKIPPED: x is not there: install the Debian package libx-1.0-dev.")), '
                          'Step("abi", say("SKIPPED: no library: `rustup target add armv7-unknown-linux-gnueabihf`"))')
        assert done.returncode == 0, done.stdout
        assert "never" not in done.stdout
        assert done.stdout.endswith("2 passed, 0 failed, 3 skipped\n"), done.stdout
        [line] = re.findall("^to install what was missing: (.*)$", done.stdout, re.M)
        assert re.search(r"^(sudo )?apt-get update && (sudo )?apt-get install -y --no-install-recommends [a-z0-9+. -]+"
                         r" && rustup target add armv7-unknown-linux-gnueabihf$", line)
        wanted = set(line.split("--no-install-recommends ")[1].split(" && ")[0].split())
        # Nothing is there, so it is told of everything that is a program; without rustup, Debian has the parts of Rust.
        assert {"doxygen", "valgrind", "chromium", "iproute2", "rustfmt", "rust-clippy", "libx-1.0-dev"} <= wanted

    def test_tests_that_lack_the_same_are_counted_in_one_line(self) -> None:
        # The second as pytest says it.
        done = self.check('Step("c", say("SKIPPED: no x\\nSKIPPED: no y\\nSKIPPED [1] tests/c/test_x.py:7: no x"))')
        assert "skipped: c: no x (2 tests)\nskipped: c: no y\n" in done.stdout
        assert done.stdout.endswith("1 passed, 0 failed, 3 skipped\n"), done.stdout

    def test_parts_of_rust_come_from_rustup_where_it_is(self) -> None:
        self.stand_in("rustup", "")
        done = self.check('Step("lints", say("never"), needs=[check.packages.need("clippy")])')
        assert " && rustup component add rustfmt clippy\n" in done.stdout
        assert "rust-clippy" not in done.stdout

    def test_where_nothing_was_skipped_nothing_is_to_be_installed(self) -> None:
        done = self.check('Step("c", say("fine"))')
        assert "to install what was missing" not in done.stdout
        assert done.stdout.endswith("1 passed, 0 failed, 0 skipped\n"), done.stdout

    def test_a_skip_is_a_failure_where_none_is_allowed(self) -> None:
        done = self.check('Step("docs", say("never"), needs=[check.packages.need("doxygen")])', FIO_NO_SKIPS="1")
        assert done.returncode == 1, done.stdout

    def test_a_failure_fails(self) -> None:
        done = self.check('Step("c", [sys.executable, "-c", "raise SystemExit(3)"])')
        assert done.returncode == 1
        assert re.search(r"--- c: FAILED \(3\), \d+ s\n(.|\n)*failed: c\n", done.stdout)

    def test_the_slowest_step_is_named_first(self) -> None:
        outcomes = [(name, check.Outcome(0, [], seconds, "")) for name, seconds in (("quick", 1), ("slow", 300), ("usual", 20))]
        assert check._by_time(outcomes) == "    300 s  slow\n     20 s  usual\n      1 s  quick\n"
        assert re.search(r"\n--- c: ok, \d+ s\n(.|\n)*\nsteps by time:\n +\d+ s  c\n",
                         self.check('Step("c", say("fine"))').stdout)

    @pytest.mark.parametrize("allowed", (True, False))
    def test_pytest_fails_for_a_skip_where_none_is_allowed(self, allowed: bool) -> None:
        (self.folder / "test_x.py").write_text("import pytest\n\ndef test_x():\n    pytest.skip('no x')\n")
        done = self.run_here(sys.executable, "-B", "-m", "pytest", "-c", str(TESTS / "pytest.ini"), "-p", "conftest",
                             str(self.folder / "test_x.py"), PYTHONPATH=str(TESTS), FIO_NO_SKIPS="" if allowed else "1")
        assert re.search(r"^SKIPPED \[1\] .*test_x\.py:4: no x$", done.stdout, re.M), done.stdout
        assert done.returncode == (0 if allowed else 1), done.stdout


class List(Machine):
    def test_what_tests_ask_for_is_in_it(self) -> None:
        known = {*packages.DEBIAN, *packages.RUST, *NO_PACKAGE}
        asked = {package for step in steps() for package, _ in step.needs}
        for path in [*TESTS.rglob("*.py"), *TESTS.rglob("*.rs"), *(ROOT / "benches").glob("*.py")]:
            if "suite" in path.parts:
                continue
            text = path.read_text()
            asked |= packages.named(text)
            asked |= set(re.findall(r'\bneed\([^()]+(?:\([^()]*\))?, "([a-z0-9+.-]+)"\)', text))
        assert len(asked) > 15
        assert asked - known == set()

    def test_the_judgement_on_a_clean_checkout_installs_it(self) -> None:
        self.have("bash", "dirname", "grep", "tr")
        (self.programs / "python3").symlink_to(sys.executable)
        self.stand_in("dpkg-query", 'case "$*" in *doxygen) printf "install ok installed";; *) exit 1;; esac')
        self.stand_in("apt-get", "")
        self.stand_in("rustup", "")
        self.stand_in("make", f'echo "skips $FIO_NO_SKIPS" >> {self.folder}/called')
        done = self.run_here("bash", str(ROOT / ".ci" / "run"))
        assert done.returncode == 0, done.stdout
        called = [line for line in (self.folder / "called").read_text().splitlines() if not line.startswith("dpkg-query")]
        missing = [name for name in packages.DEBIAN if name != "doxygen"]
        assert called == ["apt-get update -q",
                          f"apt-get install -q -y --no-install-recommends {' '.join(missing)}",
                          "rustup component add rustfmt clippy", "make check", "skips 1"]


class Fuzzing(Case):
    @pytest.mark.parametrize("within, build, seconds", (
        (None, 500.0, 20), (120, 30.0, 20), (120, 105.0, 15), (120, 119.0, 5), (120, 500.0, 5)))
    def test_a_long_build_leaves_less_time_but_some(self, within, build, seconds) -> None:
        assert fuzzing.share(20, within, build) == seconds

    def test_in_make_check_it_is_bounded(self) -> None:
        [step] = [step for step in steps() if step.name == "fuzzing of the emulator"]
        assert "WITHIN=120" in step.command


class Locked(Case):
    def test_cargo_takes_what_the_lock_files_have(self) -> None:
        commands = [" ".join(step.command) for step in steps() if re.search(r"\b(test|clippy)\b", " ".join(step.command[1:2]))]
        assert len(commands) == 4
        makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
        commands += re.findall(r"\$\(CARGO\) (?:build|rustc|run|test)\b.*(?:--release|--bin).*", makefile)
        assert [command for command in commands if "--locked" not in command] == []
        assert len(commands) >= 5
