"""The manual: it is made without a warning, complete, and in itself; and what is not explained makes it fail."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path
from urllib.parse import unquote

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "c"))

from case import Case, need  # noqa: E402
import manual  # noqa: E402
from harness import LIBRARIES, ROOT  # noqa: E402
import interface  # noqa: E402

TROUBLESHOOTING = ROOT / "docs" / "troubleshooting.md"


class ManualTest(Case):
    @pytest.fixture(autouse=True)
    def manual_ready(self, ending: None) -> None:
        need("doxygen", "doxygen")


class Complete(ManualTest):
    @pytest.fixture(autouse=True)
    def complete_ready(self, manual_ready: None) -> None:
        self.manual = manual.built()
        assert (self.manual.result.returncode, self.manual.result.stdout) == (0, "")

    def test_every_function_has_its_place(self) -> None:
        names = xml.parse(Path(self.manual.folder.name) / "input" / "names.tag")
        places = {member.findtext("name"): (member.findtext("anchorfile"), member.findtext("anchor"))
                  for member in names.iter("member") if member.get("kind") == "function"}
        functions = interface.load().exports
        assert len(functions) > 80
        for function in functions:
            file, anchor = places[function]
            assert anchor in self.manual.pages[self.manual.html / str(file)].anchors, function
            text = (self.manual.html / str(file)).read_text(encoding="utf-8")
            assert f"</span>{function}()</h2>" in text

    def test_links_lead_somewhere(self) -> None:
        tree = re.findall(r'"([\w./-]+\.html(?:#[\w-]+)?)"', (self.manual.html / "navtreedata.js").read_text(encoding="utf-8"))
        links = [(path, link) for path, page in self.manual.pages.items() for link in page.links]
        links += [(self.manual.html / "navtreedata.js", link) for link in tree]
        assert len(links) > 1000
        for path, link in links:
            if re.match(r"https?:|javascript:", link):
                continue
            file, _, anchor = unquote(link).partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), f"{path.name}: {link}"
            if anchor and target in self.manual.pages:
                assert anchor in self.manual.pages[target].anchors, f"{path.name}: {link}"

    def test_nothing_is_loaded_from_elsewhere(self) -> None:
        for path, page in self.manual.pages.items():
            for load in page.loads:
                assert not re.search(r"^(\w+:)?//", load), path.name
        for style in self.manual.html.rglob("*.css"):
            assert not re.search(r"@import|url\(\s*['\"]?(\w+:)?//", style.read_text(encoding="utf-8")), style.name

    def test_every_page_is_in_the_contents(self) -> None:
        links = self.manual.pages[self.manual.html / "index.html"].links
        for page in (ROOT / "docs").glob("*.md"):
            if page.stem != "index":
                assert f"{page.stem}.html" in links

    def test_a_way_to_the_c_plus_plus_reference(self) -> None:
        assert "cpp/index.html" in self.manual.pages[self.manual.html / "cpp.html"].links

    def test_no_path_of_this_machine(self) -> None:
        for path in self.manual.html.rglob("*"):
            if path.is_file():
                assert str(ROOT).encode() not in path.read_bytes(), path.name


class Statuses(ManualTest):
    def test_every_status_has_a_cause(self) -> None:
        sections = re.split(r"^#+ ", TROUBLESHOOTING.read_text(encoding="utf-8"), flags=re.M)
        causes = dict(section.split("\n", 1) for section in sections[1:])
        for name in interface.load().statuses:
            assert len(causes[name].split()) > 5, name

    def test_the_texts_are_the_librarys_own(self) -> None:
        path = LIBRARIES / "libfio_c2c.so"
        if not path.exists():
            pytest.skip("no library: make lib")
        library = ctypes.CDLL(str(path))
        page = (manual.built().html / "troubleshooting.html").read_text(encoding="utf-8")
        shown = " ".join(re.sub(r"<[^>]*>", "", page).replace("&#39;", "'").split())
        for name, number in interface.load().statuses.items():
            for function in ("fio_status_message", "fio_status_advice"):
                ask = getattr(library, function)
                ask.restype = ctypes.c_char_p
                assert f"“{ask(number).decode()}" in shown, name


class NotExplained(ManualTest):
    """What is missing makes the manual fail, and is named."""

    @pytest.fixture(autouse=True)
    def not_explained_ready(self, manual_ready: None, tmp_path: Path) -> None:
        self.folder = tmp_path

    def fails(self, named: str, old: str, new: str) -> None:
        self.names(named, manual.build(self.folder / "out", manual.copy_of_header(self.folder, old, new)))

    def names(self, named: str, result: subprocess.CompletedProcess[str]) -> None:
        assert result.returncode != 0
        assert named in result.stdout

    def test_a_parameter(self) -> None:
        self.fails("max_codes", " * @param max_codes  how many codes", " * How many codes")

    def test_a_parameter_that_is_not_there(self) -> None:
        self.fails("most_codes", " * @param max_codes", " * @param most_codes")

    def test_a_result(self) -> None:
        self.fails("fio_auth_state", " * Returns:   a `FIO_AUTH_…`", " * a `FIO_AUTH_…`")

    def test_a_function(self) -> None:
        self.fails("fio_new", "#ifdef __cplusplus\n}", "FIO_API\nfio_status fio_new(void);\n\n#ifdef __cplusplus\n}")

    def test_a_member(self) -> None:
        self.fails("is_new", "    int64_t seconds_left;\n", "    int64_t seconds_left;\n    int32_t is_new;\n")

    def test_a_name_without_a_group(self) -> None:
        self.fails("fio_new_thing", "/**\n * No operation.\n */\n", "/**\n * New.\n */\n#define fio_new_thing 1\n\n/**\n * No operation.\n */\n")

    def test_a_status(self) -> None:
        new = "/**\n * New.\n */\n#define FIO_E_NEW (-999)\n\n"
        self.fails("FIO_E_NEW", "/**\n * No operation.\n */\n", f"{new}/**\n * No operation.\n */\n")

    def test_a_cause_without_a_status(self) -> None:
        docs = manual.copy_of_pages(self.folder, TROUBLESHOOTING.name, "\n### FIO_E_OLD\n\nNobody returns it any more.\n")
        self.names("FIO_E_OLD", manual.build(self.folder / "out", docs=docs))

    def test_a_link_to_nowhere(self) -> None:
        docs = manual.copy_of_pages(self.folder, "threads.md", "\n[x](storage.md#no-such-heading)\n")
        self.names("storage_no-such-heading", manual.build(self.folder / "out", docs=docs))
