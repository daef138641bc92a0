"""The compilers, languages and widths that the header is for, and how strict they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from harness import HERE, INCLUDE

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Wshadow", "-Wconversion", "-Wsign-conversion", "-Wcast-qual",
            "-Wcast-align", "-Wredundant-decls", "-Wdouble-promotion", "-Werror"]
C_WARNINGS = ["-Wc++-compat", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wold-style-definition",
              "-Wdeclaration-after-statement", "-Wbad-function-cast", "-Wwrite-strings"]
CXX_WARNINGS = ["-Wold-style-cast", "-Wzero-as-null-pointer-constant", "-Wnon-virtual-dtor"]

C_STANDARDS = ("c99", "c11", "c17")
CXX_STANDARDS = ("c++11", "c++14", "c++17", "c++20")
# Not every compiler that is still in use knows these.
NEW_STANDARDS = ("c2x",)

ONCE = "#include <fio_c2c.h>\n"
USES = ONCE + "int {name}(void); int {name}(void) {{ return fio_version_number() == FIO_VERSION_NUMBER; }}\n"
UNITS = {"alone": ONCE, "twice": ONCE + ONCE, "one": USES.format(name="one"), "two": USES.format(name="two"),
         "layout": (HERE / "layout.c").read_text()}


@dataclass(frozen=True)
class Compiler:
    command: tuple[str, ...]
    is_cxx: bool = False

    @staticmethod
    def find(name: str, *flags: str, is_cxx: bool = False) -> Optional[Compiler]:
        """By its own name, or as Debian calls it beside others."""
        for candidate in (name, *(f"{name}-{version}" for version in range(21, 12, -1))):
            if shutil.which(candidate):
                return Compiler((candidate, *flags), is_cxx)
        return None

    def says(self, folder: Path, *arguments: str) -> str:
        """Nothing, if it succeeds."""
        command = [*self.command, *arguments]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        return "" if done.returncode == 0 else f"{' '.join(command)}\n{done.stdout}"

    def works(self) -> bool:
        """Whether there is a C library for it."""
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "probe.c").write_text("#include <stddef.h>\n#include <stdint.h>\n")
            return not self.says(Path(folder), "-c", "probe.c", "-o", "probe.o")

    def _standards(self, folder: Path) -> list[str]:
        (folder / "nothing.c").write_text("")
        if self.is_cxx:
            return list(CXX_STANDARDS)
        return [*C_STANDARDS, *(new for new in NEW_STANDARDS if not self.says(folder, f"-std={new}", "-fsyntax-only", "nothing.c"))]

    def _compile(self, folder: Path, standard: str) -> str:
        """The units in one language, and two of them in one object: nothing in the header is defined twice."""
        suffix = ".cpp" if self.is_cxx else ".c"
        strictness = [*WARNINGS, *(CXX_WARNINGS if self.is_cxx else C_WARNINGS)]
        said = ""
        for name in UNITS:
            said += self.says(folder, f"-std={standard}", *strictness, f"-I{INCLUDE}", "-c", name + suffix, "-o", f"{name}-{standard}.o")
        objects = [f"{name}-{standard}.o" for name in ("one", "two")]
        return said or self.says(folder, "-r", "-nostdlib", *objects, "-o", f"both-{standard}.o")

    def complaints(self) -> str:
        """About the header, in every standard of its language."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for unit, text in UNITS.items():
                (folder / (unit + (".cpp" if self.is_cxx else ".c"))).write_text(text)
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                return "".join(pool.map(lambda standard: self._compile(folder, standard), self._standards(folder)))
