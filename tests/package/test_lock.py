"""What tests install from a package index is in the lock file, and nothing comes from anywhere else."""

import base64
import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from case import Case
from environment import LOCK, install_locked
from installation import ROOT, PackageTest, environment, pip, run, tools

#: What installs the newest there is today, unless it is told otherwise.
INSTALLS = re.compile(r"""\b(pip3?|pipx|uvx?|npm|npx|yarn|conda|gem|easy_install)["']?[, ]+["']?"""
                      r"""(install|download|wheel|sync|compile|pip|run|ci|exec|add)\b"""
                      r"""|-m["', ]+(pip|ensurepip)\b|with_pip=True|\b(cargo|\$\(CARGO\)) install\b""")

#: Where it stands, and in which lines.
ALLOWED: Dict[str, List[str]] = {
    # The lock file's own command, and one for people; no test runs either.
    "Makefile": ["\t\tuv pip compile", "\tFIO_TLS=$(TLS) $(PYTHON) -m pip wheel"],
    # Of one version, and with the lock file that came with it.
    "packaging/dist.mk": ["$(CARGO) install --quiet --locked --debug"],
    # Texts.
    "tests/package/test_dependencies.py": ["`cargo install --locked cargo-deny && cargo deny check` does it"],
    "python/setup.py": ["wheel in a checkout: `pip wheel ./python`"],
    "tests/package/test_pytest_plugin.py": ["as a test engineer has them after `pip install`"],
    # The one place where tests do it.
    "tests/environment.py": ['command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]'],
}

LOCKED = re.compile(r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==(\S+)(?: ; [^\\]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M)


LOCKS = [LOCK, ROOT / "tests" / "page" / "requirements.lock"]


def locked(lock: Path = LOCK) -> Dict[str, str]:
    return {name: version for name, version, _ in LOCKED.findall(lock.read_text())}


def made_wheel(folder: Path, name: str, needs: str = "") -> Tuple[Path, str]:
    """A package that nobody knows, and what a lock file says of it."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    requires = f"Requires-Dist: {needs}\n" if needs else ""
    content = {
        f"{name}.py": "",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{about}/RECORD,,\n"
    for file, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{file},sha256={digest},{len(text)}\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**content, f"{about}/RECORD": record}.items():
            archive.writestr(file, text)
    return path, f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def installed(python: Path) -> Dict[str, str]:
    program = ("import importlib.metadata as m, json; "
               "print(json.dumps({found.metadata['Name']: found.version for found in m.distributions()}))")
    found: Dict[str, str] = json.loads(run([str(python), "-c", program], python.parent).stdout)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found.items()}


class Lock(Case):
    @pytest.mark.parametrize("lock", LOCKS)
    def test_every_line_has_a_version_and_hashes(self, lock) -> None:
        rest = LOCKED.sub("", lock.read_text())
        assert [line for line in rest.splitlines() if not line.startswith("#")] == []
        assert len(locked(lock)) > 5

    @pytest.mark.parametrize("lock", LOCKS)
    def test_they_have_what_is_asked_for(self, lock) -> None:
        asked = lock.with_suffix(".in").read_text()
        wanted = dict(re.findall(r"^([a-z0-9-]+)==(\S+)$", asked, re.M))
        assert len(wanted) == len([line for line in asked.splitlines() if line and not line.startswith("#")])
        assert {name: locked(lock).get(name) for name in wanted} == wanted, "run make test-requirements"

    def test_there_are_no_others(self) -> None:
        assert sorted((ROOT / "tests").rglob("requirements*.lock")) == sorted(LOCKS)

    def test_nothing_else_installs(self) -> None:
        found = []
        folders = ("tests", "emulator", "packaging", "python", "docs", "benches", ".ci")
        for path in [ROOT / "Makefile", *(path for folder in folders for path in (ROOT / folder).rglob("*"))]:
            name = str(path.relative_to(ROOT))
            if not path.is_file() or path == Path(__file__) or (path.suffix and path.suffix not in (".py", ".sh", ".mk", ".rs")):
                continue
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if INSTALLS.search(line) and not any(allowed in line for allowed in ALLOWED.get(name, [])):
                    found.append(f"{name}:{number}: {line.strip()}")
        assert found == [], "use tests/environment.py and tests/requirements.in"


class Refusals(PackageTest):
    @pytest.fixture(autouse=True)
    def refusals_ready(self, package_ready: None, request: pytest.FixtureRequest) -> None:
        self.alone = environment(request.node.name)
        # A person's settings that offer packages.
        self.offers = {"PIP_FIND_LINKS": str(self.folder), "PIP_NO_INDEX": "1"}

    def lock(self, text: str) -> Path:
        path = self.folder / "lock"
        path.write_text(text)
        return path

    def refused(self, text: str, why: str) -> None:
        with pytest.raises(AssertionError, match=why):
            self.have(lambda: install_locked(self.alone, self.lock(text), **self.offers))
        assert installed(self.alone) == {}

    def test_what_is_in_no_lock_file(self) -> None:
        made_wheel(self.folder, "surprise")
        with pytest.raises(AssertionError, match="No matching distribution found for surprise"):
            self.have(lambda: pip(self.alone, "install", "surprise", **self.offers))
        assert installed(self.alone) == {}

    def test_a_line_without_hashes(self) -> None:
        made_wheel(self.folder, "surprise")
        self.refused("surprise==1.0\n", "Hashes are required")

    def test_another_file_of_the_same_version(self) -> None:
        _, line = made_wheel(self.folder, "surprise")
        made_wheel(self.folder, "surprise", needs="more")
        self.refused(line, "DO NOT MATCH THE HASHES")

    def test_what_a_package_needs_in_turn(self) -> None:
        made_wheel(self.folder, "more")
        _, line = made_wheel(self.folder, "surprise", needs="more")
        self.refused(line, "must have their versions pinned")

    def test_what_is_in_it_is_installed(self) -> None:
        _, more = made_wheel(self.folder, "more")
        _, line = made_wheel(self.folder, "surprise", needs="more")
        self.have(lambda: install_locked(self.alone, self.lock(line + more), **self.offers))
        assert installed(self.alone) == {"surprise": "1.0", "more": "1.0"}

    def test_what_tests_use_is_what_the_lock_file_has(self) -> None:
        found = installed(self.have(tools))
        del found["fio-c2c"]
        assert found == {name: version for name, version in locked().items() if name in found}
        assert "mypy" in found
