"""An installation of the library that only pairs (`UPLOADS=no`): it says so, and what it has works."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from case import need
from installation import ROOT, TLS, ConsumerTest, installation, run
from test_consumers import example_of_the_cxx_header

UPLOADING = "#include <fio_c2c.h>\nint main(void) { fio_upload *upload; return fio_upload_new(&upload); }\n"
CMAKE = """
cmake_minimum_required(VERSION 3.13)
project(consumer C)
find_package(fio_c2c 0.1 REQUIRED)
message(STATUS "uploads: ${fio_c2c_UPLOADS}")
find_package(fio_c2c 0.1 REQUIRED COMPONENTS uploads)
"""

# Built with the system's libcurl only: this is about what is installed, which is the same for both.
if TLS == "system":
    class WithoutUploads(ConsumerTest):
        def installed(self) -> Path:
            subprocess.run(["make", "--no-print-directory", "TLS=system", "UPLOADS=no", "lib"], cwd=ROOT, check=True)
            return installation("UPLOADS=no")

        def test_a_camera_pairs_with_it(self) -> None:
            self.compile("pair.c", *self.pkg_config("--cflags", "--libs"))
            self.check_pairs(shared=True)

        def test_the_header_for_cxx_works_with_it(self) -> None:
            (self.folder / "pair.cpp").write_text(example_of_the_cxx_header(self.prefix / "include" / "fio_c2c.hpp"))
            for optimisation in ("-O0", "-O2"):
                self.compile("-std=c++17", optimisation, "pair.cpp", *self.pkg_config("--cflags", "--libs"), compiler="g++")
                self.check_pairs(shared=True)

        def test_pkg_config_says_so(self) -> None:
            assert self.pkg_config("--variable=uploads") == ["no"]

        def test_cmake_says_so_and_refuses_what_asks_for_uploads(self) -> None:
            need("cmake", "cmake")
            (self.folder / "CMakeLists.txt").write_text(CMAKE)
            with pytest.raises(AssertionError, match=r"uploads: no\n(.*\n)*.*this fio_c2c has no\s+uploads"):
                run(["cmake", "-S", ".", "-B", "out", f"-DCMAKE_PREFIX_PATH={self.prefix}"], self.folder)

        def test_the_linker_names_what_is_not_in_it(self) -> None:
            (self.folder / "upload.c").write_text(UPLOADING)
            with pytest.raises(AssertionError, match="undefined reference to .fio_upload_new"):
                self.compile("upload.c", *self.pkg_config("--cflags", "--libs"))
