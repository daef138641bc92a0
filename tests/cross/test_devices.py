"""What a vendor does with an archive: builds programs for the device with it, and they work."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import tempfile
from pathlib import Path

import pytest

from case import need
from archives import ROOT, SECRET, Archive, ArchiveTest, Emulator, run

RECORDED_SECONDS = 2


class DevicesTest(ArchiveTest):
    @pytest.fixture(autouse=True)
    def devices_ready(self, ending: None, tmp_path: Path) -> None:
        self.home = tmp_path

    def service(self) -> Emulator:
        service = self.enter(Emulator(interval=0.05))
        service.person("approve", after_polls=2)
        return service

    def build(self, archive: Archive, example: str, link: str) -> Path:
        """As the archive's README says, inside the unpacked archive."""
        program = self.home / f"{example}-{archive.name}-{link}"
        commands = re.findall(r"^ +\$CC camera\.c (.*) -o camera$", (archive.unpacked() / "README.txt").read_text(), re.M)
        assert len(commands) == 2, "one to link the shared library, one for the static one"
        arguments = shlex.split(commands[["shared", "static"].index(link)])
        self.compile(archive, example, arguments, program)
        return program

    def compile(self, archive: Archive, example: str, arguments: list[str], program: Path) -> None:
        self.link(archive, "-std=c99", "-Wall", "-Wextra", "-Werror", "-O2", ROOT / "examples-c" / f"{example}.c", *arguments,
                  "-o", program)

    def link(self, archive: Archive, *arguments: object) -> None:
        run("env", "-C", archive.unpacked(), *archive.with_tools(), archive.tool("gcc"), *arguments)

    def assert_pairs(self, archive: Archive, program: Path) -> None:
        service = self.service()
        said = archive.run(program, service.url, service.ca_file, SECRET)
        assert "Paired with project Feature A\n" in said
        assert violations(service) == []

    def assert_sends(self, archive: Archive, program: Path) -> None:
        service = self.service()
        with tempfile.TemporaryDirectory(dir=self.home) as card:
            clip, live = Path(card) / "A001.mov", Path(card) / "LIVE.mp4"
            clip.write_bytes(os.urandom(3_000_000))
            said = archive.run(program, "--base-url", service.url, "--ca-file", service.ca_file, "--client-id", "CAM-1",
                               "--store", Path(card) / "store", clip, "--record", live, "--seconds", RECORDED_SECONDS)
            assert "Everything is sent." in said
            uploads = service.call("GET", "/emulator/uploads")["uploads"]
            arrived = {upload["name"]: (upload["state"], upload["sha256"]) for upload in uploads}
            sent = {path.name: ("complete", hashlib.sha256(path.read_bytes()).hexdigest()) for path in (clip, live)}
            assert arrived == sent
        assert violations(service) == []

    def test_linked_to_the_shared_library(self, archive: Archive) -> None:
        self.need_devices(archive)
        self.assert_pairs(archive, self.build(archive, "pair", "shared"))
        self.assert_sends(archive, self.build(archive, "upload", "shared"))

    def test_linked_to_the_static_library(self, archive: Archive) -> None:
        self.need_devices(archive)
        program = self.build(archive, "upload", "static")
        assert "libfio_c2c" not in run("readelf", "--dynamic", program)
        self.assert_sends(archive, program)

    def test_the_shared_library_made_again_is_the_same(self, archive: Archive) -> None:
        self.need_devices(archive)
        readme = (archive.unpacked() / "README.txt").read_text().replace("\\\n", "")
        command = re.search(r"^ +\$CC (-shared -o \S+ .*)$", readme, re.M)
        assert command is not None, readme
        arguments = shlex.split(command.group(1))
        arguments[2] = str(self.home / archive.name)
        self.link(archive, *arguments)
        assert exports(self.home / archive.name) == exports(archive.shared_library)

    def test_pkg_config_finds_it_where_it_was_unpacked(self, archive: Archive) -> None:
        self.need_devices(archive)
        need("pkg-config", "pkg-config")
        folder = archive.unpacked() / "lib" / "pkgconfig"
        flags = run("pkg-config", "--cflags", "--libs", "fio-c2c", PKG_CONFIG_LIBDIR=str(folder), PKG_CONFIG_PATH="")
        program = self.home / f"pair-{archive.name}"
        self.compile(archive, "pair", shlex.split(flags), program)
        assert "libfio_c2c.so.0" in run("readelf", "--dynamic", program)


def exports(library: Path) -> set[str]:
    symbols = run("readelf", "--dyn-syms", "--wide", library)
    return set(re.findall(r" DEFAULT +\w*\d+ (\S+@@FIO_0)$", symbols, re.M))


def violations(service: Emulator) -> list[str]:
    """What the emulator saw that a certified device must not do."""
    return [name for request in service.requests() for name in request["violations"]]
