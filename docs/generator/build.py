#!/usr/bin/env python3
"""Makes the manual: HTML by Doxygen, from the headers and the pages beside this folder.

    build.py --version 1.2.3 --output build/docs [--include include] [--docs docs] [--build build]

The pages are in OUTPUT/html. Warnings of Doxygen are errors.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packaging" / "interface"))

import cpp
import groups
import interface
import pages
import read
import reference
import sizes
import statuses
from links import STATUS_PAGE

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
# In the order of the contents; what is not named here comes at their end.
ORDER = ("index", "getting-started", "threads", "event-loops", "uploads", "storage", "tls", "power-loss", "memory", "porting",
         "certification", "troubleshooting", "cpp", "python", "emulator", "abi", "symbols")


def write_input(folder: Path, include: Path, docs: Path, build: Path) -> None:
    """Everything that Doxygen reads."""
    described = read.read((include / "fio_c2c.h").read_text(encoding="utf-8"), interface.load().constants)
    links = reference.links_of(described)
    (folder / "fio_c2c.h").write_text(reference.for_doxygen(described, links), encoding="utf-8")
    made = {
        "cpp": "",
        "introduction": reference.introduction(described),
        "reference": groups.contents(),
        "pair": f"```c\n{(ROOT / 'examples-c' / 'pair.c').read_text(encoding='utf-8')}```",
        "sizes": sizes.table(build),
    }
    cpp_header = include / "fio_c2c.hpp"
    if cpp_header.exists():
        made["cpp"] = cpp.PRESENT
        (folder / cpp.FOLDER).mkdir()
        text = cpp.for_doxygen(cpp_header.read_text(encoding="utf-8"), links)
        (folder / cpp.FOLDER / cpp_header.name).write_text(text, encoding="utf-8")
    titles = {}
    for page in sorted(docs.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        titles[page.stem] = pages.title_of(text)
        if page.stem == STATUS_PAGE:
            text = statuses.explained(text, [constant for constant in described.constants if constant.is_status])
        text = pages.for_doxygen(page.stem, text, links, made)
        (folder / page.name).write_text(text, encoding="utf-8")
    _write_layout(folder / "layout.xml", titles)


def _write_layout(path: Path, titles: dict[str, str]) -> None:
    """Doxygen's own layout with the contents of this manual."""
    subprocess.run(["doxygen", "-l", str(path)], check=True, stdout=subprocess.DEVNULL)
    ordered = sorted(titles, key=lambda page: ORDER.index(page) if page in ORDER else len(ORDER))
    lines = ['<navindex>', '<tab type="mainpage" visible="yes" title="Manual"/>']
    lines += [f'<tab type="user" visible="yes" url="@ref {page}" title="{titles[page]}"/>' for page in ordered if page != "index"]
    lines += ['<tab type="usergroup" visible="yes" url="[none]" title="Reference">']
    lines += [f'<tab type="user" visible="yes" url="@ref {group.id}" title="{group.title}"/>' for group in groups.GROUPS]
    lines += ['</tab>', '</navindex>']
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"<navindex>.*?</navindex>", "\n".join(lines), text, flags=re.S)
    path.write_text(text, encoding="utf-8")


def run_doxygen(folder: Path, *settings: str) -> int:
    text = (DOCS / "Doxyfile").read_text(encoding="utf-8") + "\n".join(settings)
    return subprocess.run(["doxygen", "-"], cwd=folder, input=text, text=True, check=False).returncode


def write_html(work: Path, output: Path, version: str) -> int:
    """The manual, and in a folder of it the reference for C++, which refers to the one for C."""
    common = (f"PROJECT_NUMBER = {version}", f"HTML_EXTRA_STYLESHEET = {DOCS / 'manual.css'}", f"IMAGE_PATH = {DOCS / 'images'}")
    names = work / "names.tag"
    failed = run_doxygen(work, *common, f"OUTPUT_DIRECTORY = {output}", f"GENERATE_TAGFILE = {names}",
                         "USE_MDFILE_AS_MAINPAGE = index.md", "LAYOUT_FILE = layout.xml")
    if failed or not (work / cpp.FOLDER).is_dir():
        return failed
    # Its methods are documented where the functions of C are, so not each parameter is again.
    return run_doxygen(work / cpp.FOLDER, *common, f"OUTPUT_DIRECTORY = {output / 'html'}", f"HTML_OUTPUT = {cpp.FOLDER}",
                       "PROJECT_NAME = \"fio-c2c, C++\"", f"TAGFILES = {names}=..", "OPTIMIZE_OUTPUT_FOR_C = NO", "WARN_IF_UNDOCUMENTED = NO",
                       "WARN_IF_INCOMPLETE_DOC = NO", "WARN_NO_PARAMDOC = NO")


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes the manual.")
    parser.add_argument("--version", required=True)
    parser.add_argument("--output", required=True, type=Path, help="where html/ goes")
    parser.add_argument("--include", type=Path, default=ROOT / "include", help="the folder of the headers")
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder of the pages")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="where libraries are whose sizes are shown")
    options = parser.parse_args()
    if shutil.which("doxygen") is None:
        print("doxygen is not there: install the Debian package doxygen", file=sys.stderr)
        return 1
    output = options.output.resolve()
    work = output / "input"
    shutil.rmtree(output, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        write_input(work, options.include, options.docs, options.build)
    except (read.Unreadable, reference.Undocumented, statuses.Missing, pages.UnknownPlace) as error:
        print(error, file=sys.stderr)
        return 1
    return write_html(work, output, options.version)


if __name__ == "__main__":
    sys.exit(main())
