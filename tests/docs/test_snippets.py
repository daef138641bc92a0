"""The snippets of the manual: those in C and C++ compile, those in Python run, and what they name is there."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "c"))

from case import Case  # noqa: E402
from harness import INCLUDE, LIBRARIES, ROOT, Emulator  # noqa: E402
from snippets import DECLARATIONS, DOCS, Snippet, all_snippets  # noqa: E402

WARNINGS = ["-Wall", "-Wextra", "-Werror"]
COMPILERS = {
    "c": [os.environ.get("CC", "gcc"), "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-x", "c"],
    "cpp": [os.environ.get("CXX", "g++"), "-std=c++17", "-x", "c++"],
}
KINDS = {"c": {"program", "statements", "functions"}, "cpp": {"program", "statements", "functions"},
         "python": {"module", "functions"}}
PATIENCE = 20


class Compile(Case):
    def compile(self, snippet: Snippet) -> str:
        command = [*COMPILERS[snippet.language], *WARNINGS, f"-I{INCLUDE}", f"-I{DECLARATIONS}", "-c", "-o", os.devnull, "-"]
        if snippet.kind != "program":
            command[-1:-1] = ["-include", "manual.h"]
        done = subprocess.run(command, input=snippet.source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False)
        return "" if done.returncode == 0 else done.stdout or "failed"

    def test_every_snippet_says_what_it_is(self) -> None:
        for snippet in all_snippets():
            if snippet.language in KINDS:
                assert snippet.kind in KINDS[snippet.language], snippet
            else:
                # Scenarios are TOML: a test of the emulator reads them.
                assert snippet.language in {"sh", "cmake", "text", "json", "toml"}, snippet

    def test_c_and_c_plus_plus(self) -> None:
        found = [snippet for snippet in all_snippets() if snippet.language in COMPILERS]
        assert len(found) > 10
        for snippet in found:
            assert "" == self.compile(snippet)

    def test_a_mistake_is_found(self) -> None:
        for language, kind, text in (("c", "statements", "fio_drive(client);\n"), ("c", "functions", "int x(void) { }\n"),
                                     ("cpp", "functions", "int x() { return fio_drive(client); }\n")):
            assert "docs/page.md:7" in self.compile(Snippet("page", 6, language, kind, text))


class Run(Case):
    def modules(self, page: str) -> dict[str, types.ModuleType]:
        """The snippets in Python of a page, by the name of the function each defines."""
        if not (LIBRARIES / "libfio_c2c.so").exists() or not (ROOT / "target" / "release" / "fio-emulator").exists():
            pytest.skip("no library or no emulator: make lib emulator")
        sys.path.insert(0, str(ROOT / "python"))
        self.at_end(sys.path.remove, str(ROOT / "python"))
        found = {}
        for snippet in all_snippets():
            if (snippet.page, snippet.language) == (page, "python"):
                module = types.ModuleType(page)
                vars(module)["asyncio"] = asyncio
                exec(compile(snippet.text, str(snippet), "exec"), vars(module))
                name = re.search(r"^(?:async )?def (\w+)", snippet.text, re.M)
                assert name is not None
                found[name[1]] = module
        return found

    def test_the_session(self) -> None:
        module = self.modules("python")["run"]
        with tempfile.NamedTemporaryFile(suffix=".mov") as clip, Emulator("--person", "approve") as service:
            clip.write(b"x" * 1000)
            clip.flush()
            text = self.source("python", "run").replace("/media/card/B004_C011.mov", clip.name)
            exec(compile(text, "docs/python.md", "exec"), vars(module))
            module.run("emulator-secret", service.url, service.ca_file)
            assert service.upload(Path(clip.name).name)["state"] == "complete"

    def source(self, page: str, function: str) -> str:
        return next(snippet.text for snippet in all_snippets() if snippet.page == page and f"def {function}(" in snippet.text)

    def test_the_test(self) -> None:
        self.modules("python")["test_a_camera_pairs"].test_a_camera_pairs()

    def test_the_test_of_a_rig(self) -> None:
        self.modules("python")["test_a_service_that_goes_away"].test_a_service_that_goes_away()

    def test_asyncio(self) -> None:
        finished = self.modules("event-loops")["finished"].finished
        from fio_c2c import Client

        async def pair(service: Emulator) -> str:
            with Client(client_id="CAM-1", client_secret="emulator-secret", base_url=service.url,
                        ca_file=service.ca_file) as client:
                device = await asyncio.wait_for(finished(client, client.pair()), PATIENCE)
                return device.project_name

        with Emulator("--person", "approve") as service:
            assert asyncio.run(pair(service)) == "Feature A"


class Named(Case):
    """What pages name besides the header: targets of make, options and calls of the emulator, files."""

    @pytest.fixture(autouse=True)
    def named_ready(self, ending: None) -> None:
        self.pages = {page.name: page.read_text(encoding="utf-8") for page in DOCS.glob("*.md")}

    def test_targets_of_make(self) -> None:
        rules = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "Makefile", *(ROOT / "packaging").glob("*.mk")))
        targets = set(re.findall(r"^([\w-]+):(?!=)", rules, re.M))
        for page, text in self.pages.items():
            for words in re.findall(r"(?:^|`)make((?: [\w=-]+)+)", text, re.M):
                for target in words.split():
                    assert "=" in target or target in targets, f"{page}: make {target}"

    def test_the_emulator(self) -> None:
        manual = (ROOT / "emulator" / "README.md").read_text(encoding="utf-8")
        for page in ("emulator.md", "tls.md", "getting-started.md"):
            text = self.pages[page]
            commands = re.findall(r"fio-emulator((?:.*\\\n)*.*)", text)
            options = set(re.findall(r"--[\w-]+", " ".join(commands))) | set(re.findall(r"`(--[\w-]+)", text))
            calls = set(re.findall(r"(/emulator/\w+)", text))
            for name in sorted(options | calls):
                assert name in manual, f"{page}: {name}"

    def test_files(self) -> None:
        for page, text in self.pages.items():
            for name in re.findall(r"`((?:emulator|examples-c|python|tests|include)/[\w./-]+)`", text):
                assert (ROOT / name).exists(), f"{page}: {name}"
