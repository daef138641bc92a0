"""The notices of Rust's standard library, of which some is in every library made with Rust."""

from __future__ import annotations

import html
import os
import re
import subprocess
from pathlib import Path

from licence_part import MissingLicence, Part, prefer_mit

# The crates of its own source tree, which its own licence is for.
IN_TREE = re.compile(r"alloc|compiler_builtins|core|panic_\w+|proc_macro|profiler_builtins|rustc_std_workspace_\w+|"
                     r"std|std_detect|sysroot|test|unwind")
# Where Debian's Rust packages have them, below the folder that the compiler is in.
PLAIN_NOTICES = "share/doc/libstd-rust*-dev/copyright"


def _rustc(*arguments: str) -> str:
    command = [os.environ.get("RUSTC", "rustc"), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def host() -> str:
    found = re.search(r"^host: (.*)$", _rustc("-vV"), re.M)
    assert found is not None
    return found[1]


def parts(target: str) -> list[Part]:
    """The standard library, and the crates it is built from for that processor."""
    version = _rustc("--version").split()[1]
    sysroot = Path(_rustc("--print", "sysroot"))
    notices = sysroot / "share" / "doc" / "rust"
    of_library = notices / "COPYRIGHT-library.html"
    if not of_library.is_file():
        for plain in sysroot.glob(PLAIN_NOTICES):
            return [Part("Rust standard library", version, "MIT OR Apache-2.0", [plain.read_text()])]
        raise MissingLicence(f"the Rust compiler came without its notices: neither {of_library} nor {sysroot / PLAIN_NOTICES} is there."
                             " Install Rust with rustup, or the documentation of your package of it")
    page = of_library.read_text(encoding="utf-8")
    own, _, others = page.partition('<h2 id="out-of-tree-dependencies">')
    licences = notices / "licenses"
    mit = licences / "MIT.txt" if licences.is_dir() else notices / "LICENSE-MIT"
    unicode = licences / "Unicode-3.0.txt"
    own_texts = [_plain(own.partition('id="in-tree-files">')[2].partition("</h2>")[2]), *(text.read_text() for text in (mit, unicode) if text.is_file())]
    found = [Part("Rust standard library", version, "(MIT OR Apache-2.0) AND Unicode-3.0", own_texts)]
    crates = _crates(others)
    for name in _linkable(target):
        # The crates that make backtraces readable are only in the notices of the whole compiler, which may use
        # another version of them.
        if name not in crates:
            crates.update(_crates((notices / "COPYRIGHT.html").read_text(encoding="utf-8"), name))
            if name in crates:
                crates[name].version = f"of Rust {version}"
        if name not in crates:
            raise MissingLicence(f"Rust's standard library has a crate {name} that its notices in {notices} do not name")
        found.append(crates[name])
    return found


def _linkable(target: str) -> list[str]:
    libraries = Path(_rustc("--print", "target-libdir", "--target", target)).glob("lib*.rlib")
    names = {library.stem[len("lib"):].rpartition("-")[0] for library in libraries}
    return sorted(name for name in names if not IN_TREE.fullmatch(name))


def _crates(page: str, only: str = "") -> dict[str, Part]:
    """By their name as a file has it. A crate's entry is a heading, its licence, and its texts in <pre>."""
    found = {}
    for entry in page.split("<h3>")[1:]:
        heading = re.match(r"\W*([\w-]+?)-(\d[^<]*)</h3>", entry)
        licence = re.search(r"<b>License:</b> ([^<]*)</p>", entry)
        if heading is None or licence is None or (only and heading[1].replace("-", "_") != only):
            continue
        texts = [html.unescape(text) for text in re.findall(r"<pre>(.*?)</pre>", entry, re.S)]
        found[heading[1].replace("-", "_")] = Part(heading[1], heading[2], licence[1], prefer_mit(licence[1], texts))
    return found


def _plain(page: str) -> str:
    lines = (line.strip() for line in html.unescape(re.sub(r"<[^>]*>", "", page)).splitlines())
    return "\n".join(line for line in lines if line)
