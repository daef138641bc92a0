"""Programs that have the same things inside as the library: a second library made with Rust, another libcurl."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from case import need
from installation import RUST, TLS, ConsumerTest, run

HERE = Path(__file__).resolve().parent


class Neighbours(ConsumerTest):
    def flags(self, link: str) -> list[str]:
        if link == "so":
            return self.pkg_config("--cflags", "--libs")
        return [flag.replace("-lfio_c2c", "-l:libfio_c2c.a") for flag in self.pkg_config("--static", "--cflags", "--libs")]

    def test_another_rust_library(self) -> None:
        rustc = need("rustc", "rustc")
        for name in ("neighbour.rs", "with_rust.c"):
            shutil.copy(HERE / name, self.folder)
        for strategy in ("unwind", "abort"):
            run([rustc, "--edition=2024", "--crate-type=staticlib", "-O", f"-Cpanic={strategy}", "neighbour.rs", "-o", "libneighbour.a"],
                self.folder, **RUST)
            for link in ("a", "so"):
                for order in (1, -1):
                    libraries = [self.flags(link), ["libneighbour.a"]][::order]
                    self.compile("with_rust.c", *libraries[0], *libraries[1], "-lpthread", "-ldl", "-lm")
                    self.check_pairs(shared=link == "so")

    if TLS == "bundled":
        @pytest.mark.parametrize("link", ("a", "so"))
        def test_another_libcurl(self, link: str) -> None:
            shutil.copy(HERE / "with_curl.c", self.folder)
            # Seen by everything that is loaded, as those of a shared libcurl would be.
            self.compile("-rdynamic", "with_curl.c", *self.flags(link))
            self.check_pairs(shared=link == "so")
