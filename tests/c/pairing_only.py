#!/usr/bin/env python3
"""The library without uploads (`make lib UPLOADS=no`): it exports the header less what it leaves out, and the
shortest pairing runs with it."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

os.environ["FIO_TLS"] = "system"

from case import Case  # noqa: E402
from harness import INCLUDE, ROOT, Emulator, FLAGS, CC  # noqa: E402
import interface  # noqa: E402

BUILD = ROOT / "build" / "system-pairing"


class PairingOnly(Case):
    @classmethod
    def setup_class(cls) -> None:
        subprocess.run(["make", "--no-print-directory", "TLS=system", "UPLOADS=no", "lib"], cwd=ROOT, check=True)

    def test_the_exports_are_the_header_less_the_uploads(self) -> None:
        described = interface.load()
        left_out = described.features()["uploads"]
        assert left_out
        for library, option in (("libfio_c2c.so", "-D"), ("libfio_c2c.a", "-g")):
            listed = subprocess.run(["nm", option, "--defined-only", str(BUILD / library)], capture_output=True,
                                    text=True, check=True).stdout
            exported = set(re.findall(r" T (\w+)(?:@@FIO_0)?$", listed, re.M))
            assert exported == {*described.exports} - {*left_out}, library

    def test_a_camera_pairs_with_it(self) -> None:
        with tempfile.TemporaryDirectory() as folder, Emulator("--person", "approve", interval=0.05) as service:
            program = Path(folder) / "pair"
            subprocess.run([CC, *FLAGS, f"-I{INCLUDE}", str(ROOT / "examples-c" / "pair.c"), "-o", str(program),
                            f"-L{BUILD}", "-lfio_c2c", f"-Wl,-rpath,{BUILD}"], check=True)
            said = subprocess.run([str(program), service.url, service.ca_file, "emulator-secret"],
                                  capture_output=True, text=True, timeout=60, check=False)
        assert (said.returncode, said.stderr) == (0, "")
        assert "Paired with project" in said.stdout
