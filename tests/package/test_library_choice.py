"""Which library is loaded, and that one which does not fit is refused with a reason."""

import re
import subprocess
from pathlib import Path
from typing import Collection

from case import need
from installation import LIBRARY, PackageTest
from harness import CC
from fio_c2c import __version__, _abi

SAY = """
import fio_c2c
try:
    print("used", fio_c2c.version())
except fio_c2c.LibraryError as failure:
    print("refused:", failure)
"""

PAIR_ONLY = """
import fio_c2c
try:
    fio_c2c.Description(path="A001.mov")
except fio_c2c.FioError as failure:
    print(failure.status == fio_c2c.FIO_E_UNSUPPORTED)
"""


class LibraryChoice(PackageTest):
    def said(self, library: "Path | str", program: str = SAY) -> str:
        return self.python("-c", program, FIO_LIBRARY=str(library))

    def library(self, version: str, without: Collection[str] = ()) -> Path:
        """A library that has every function of the header but those, and can do nothing but tell its version."""
        compiler = need(CC, "gcc")
        major, minor, patch = map(int, version.split("."))
        functions = sorted(_abi.PROTOTYPES.keys() - {"fio_version", "fio_version_number", *without})
        (self.folder / "library.c").write_text("".join([
            f'const char *fio_version(void) {{ return "{version}"; }}\n',
            f"unsigned fio_version_number(void) {{ return {major << 16 | minor << 8 | patch}; }}\n",
            *(f"const char *{function}(void) {{ return 0; }}\n" for function in functions),
        ]).replace("const char *fio_status_name(void) { return 0; }",
                   'const char *fio_status_name(int status) { return status == -17 ? "FIO_E_UNSUPPORTED" : ""; }')
          .replace("const char *fio_status_message(void) { return 0; }", 'const char *fio_status_message(void) { return ""; }')
          .replace("const char *fio_status_advice(void) { return 0; }", 'const char *fio_status_advice(void) { return ""; }'))
        made = self.folder / "libfio_c2c.so"
        subprocess.run([compiler, "-shared", "-fPIC", "library.c", "-o", str(made)], cwd=self.folder, check=True)
        return made

    def test_the_environment_names_another_one(self) -> None:
        assert self.said(LIBRARY) == f"used {__version__}\n"

    def test_a_newer_one_is_used(self) -> None:
        major, minor, _ = map(int, __version__.split("."))
        newer = f"{major}.{minor + 1}.0"
        assert self.said(self.library(newer)) == f"used {newer}\n"

    def test_an_older_one_is_refused(self) -> None:
        assert re.search(rf"refused: .* is version 0\.0\.9, and this Python package needs "
rf"{__version__} or newer .*FIO_LIBRARY names it", self.said(self.library("0.0.9")))

    def test_one_of_another_major_version_is_refused(self) -> None:
        major = int(__version__.split(".")[0])
        assert re.search(rf"refused: .* is version {major + 1}\.0\.0", self.said(self.library(f"{major + 1}.0.0")))

    def test_one_that_lacks_a_function_is_refused(self) -> None:
        said = self.said(self.library(__version__, without={"fio_pair"}))
        assert re.search("refused: .* lacks fio_pair", said)

    def test_one_for_devices_that_only_pair(self) -> None:
        assert self.said(self.library(__version__, without=_abi.LEFT_OUT), PAIR_ONLY) == "True\n"

    def test_something_else_is_refused(self) -> None:
        assert re.search(r"refused: libm\.so\.6 is not libfio_c2c", self.said("libm.so.6"))
        assert re.search("refused: /nowhere/.*FIO_LIBRARY names it", self.said("/nowhere/libfio_c2c.so"))
