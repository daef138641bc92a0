"""What is in an archive: the right libraries, only what they promise, and the truth about them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from pathlib import Path

from archives import DIST, ROOT, Archive, ArchiveTest, run

import archive as packing
import interface

FEATURES = {"bundled": ["--features", "bundled"], "system": ["--no-default-features", "--features", "system"]}
CARGO = os.environ.get("CARGO", "cargo")
# The glibc of Debian 12, which the libraries are linked with, brought pthread_create into libc.so with this version.
NEWEST_GLIBC = (2, 34)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class ArchivesTest(ArchiveTest):
    def test_exports_the_header_and_nothing_else(self, archive: Archive) -> None:
        functions = {*interface.load().exports}
        assert "fio_pair" in functions
        assert (archive.unpacked() / "include" / "fio_c2c.h").read_bytes() == interface.HEADER.read_bytes()
        symbols = run("readelf", "--dyn-syms", "--wide", archive.shared_library)
        exported = re.findall(r" (?:FUNC|OBJECT|NOTYPE|TLS) +(?:GLOBAL|WEAK) +DEFAULT +\w*\d+ (\S+)", symbols)
        assert set(exported) - {"FIO_0"} == {f"{name}@@FIO_0" for name in functions}
        assert "Library soname: [libfio_c2c.so.0]" in run("readelf", "--dynamic", archive.shared_library)
        symbols = run("readelf", "--syms", "--wide", archive.static_library)
        assert set(re.findall(r" (?:GLOBAL|WEAK) +\w+ +\d+ (\S+)", symbols)) == functions

    def test_is_for_the_processor_it_says(self, archive: Archive) -> None:
        for library in (archive.shared_library, archive.static_library):
            assert re.search(rf"Machine: +{archive.processor.machine}\n", run("readelf", "--file-header", library))
            attributes = run("readelf", "--arch-specific", library)
            is_hard_float = "Tag_ABI_VFP_args: VFP registers" in attributes
            assert is_hard_float == (archive.processor.machine == "ARM"), attributes
        links = {path.name: os.readlink(path) for path in (archive.unpacked() / "lib").iterdir() if path.is_symlink()}
        assert links == {"libfio_c2c.so": "libfio_c2c.so.0", "libfio_c2c.so.0": f"libfio_c2c.so.{archive.version}"}

    def test_needs_no_library_that_a_device_might_not_have(self, archive: Archive) -> None:
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "--dynamic", archive.shared_library)))
        # The loader is glibc's: on ARM it has the value that guards the stack.
        always = {"libc.so.6", "libgcc_s.so.1", "ld-linux-armhf.so.3", "ld-linux-aarch64.so.1"}
        assert needed - always == ({"libcurl.so.4"} if archive.tls == "system" else set())

    def test_c_code_is_guarded_against_overruns(self, archive: Archive) -> None:
        symbols = run("readelf", "--dyn-syms", "--wide", archive.shared_library)
        called = set(re.findall(r" UND (\w+)", symbols))
        guards = {"__stack_chk_fail", "__memcpy_chk", "__snprintf_chk"}
        # With the system's libcurl there is no code in C.
        assert called & guards == (guards if archive.tls == "bundled" else set())

    def test_says_which_glibc_and_how_much_memory(self, archive: Archive) -> None:
        symbols = run("objdump", "--private-headers", archive.shared_library)
        found = [tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_(\d+\.\d+)", symbols)]
        newest = ".".join(map(str, max(found)))
        assert max(found) <= NEWEST_GLIBC
        assert f"needs glibc {newest} or newer" in (archive.unpacked() / "README.txt").read_text()
        said = (archive.unpacked() / "SIZES.txt").read_text()
        assert f"libfio_c2c.so needs glibc {newest}. " in said
        row = re.search(rf"^{re.escape(archive.shared_library.name)}((?: +[0-9,]+){{6}})$", said, re.M)
        assert row is not None, said
        *parts, total, file = (int(number.replace(",", "")) for number in row.group(1).split())
        # Berkeley's way to count knows constants as text.
        text, data, bss, whole = map(int, run("size", archive.shared_library).splitlines()[1].split()[:4])
        assert (parts[0] + parts[1], parts[2], parts[3], total) == (text, data, bss, whole)
        assert file == archive.shared_library.stat().st_size

    def test_checksums_are_right_and_complete(self, archive: Archive) -> None:
        folder = archive.unpacked()
        lines = (folder / "SHA256SUMS").read_text().splitlines()
        said = {name: digest for digest, name in (line.split("  ") for line in lines)}
        files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and path.name != "SHA256SUMS"]
        assert said == {str(path.relative_to(folder)): sha256(path) for path in files}
        assert f"{sha256(archive.path)}  {archive.path.name}\n" in (DIST / "SHA256SUMS").read_text()

    def test_bill_of_materials_names_every_part(self, archive: Archive) -> None:
        def crates(edges: str) -> set[tuple[str, str]]:
            tree = run(CARGO, "tree", "--quiet", "--locked", "--manifest-path", ROOT / "Cargo.toml", "--prefix", "none",
                       "--format", "{p}", "--edges", edges, "--target", archive.processor.target, *FEATURES[archive.tls])
            return set(re.findall(r"^(\S+) v(\S+)", tree, re.M)) - {("fio-c2c", archive.version)}

        text = (archive.unpacked() / "sbom.cdx.json").read_text()
        bom = json.loads(text)
        assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.5")
        assert bom["metadata"]["component"]["name"] == "fio-c2c"
        assert archive.processor.target in text
        assert "curl-sys" in {name for name, _ in crates("normal")}
        parts = {scope: {(part["name"], part["version"]) for part in bom["components"] if part["scope"] == scope}
                 for scope in ("required", "excluded")}
        assert crates("normal,no-proc-macro") - parts["required"] == set(), "linked and not named"
        assert crates("normal,build") - parts["required"] - parts["excluded"] == set(), "compiled and not named"
        assert not {"ring", "tokio"} & {name for name, _ in parts["required"] | parts["excluded"]}, "the emulator's"
        # Of libcurl, zlib and AWS-LC the lists of weaknesses know these names, not the crates'.
        code_in_c = {"libcurl": "cpe:2.3:a:haxx:libcurl:", "zlib": "cpe:2.3:a:zlib:zlib:", "aws-lc": "pkg:github/aws/aws-lc@v"}
        found = [name for name, mark in code_in_c.items() if f'"{mark}' in text]
        assert found == (list(code_in_c) if archive.tls == "bundled" else [])
        references = {entry["ref"] for entry in bom["dependencies"]}
        assert {part["bom-ref"] for part in bom["components"]} - references == set()
        licences = (archive.unpacked() / "LICENSES.txt").read_text()
        for name in ("rustls", "libcurl", "zlib", "AWS-LC"):
            assert bool(re.search(rf"^{name} +[0-9]", licences, re.M)) == (archive.tls == "bundled"), name

    def test_nothing_of_the_machine_it_was_built_on(self, archive: Archive) -> None:
        cargo_home = os.environ.get("CARGO_HOME") or str(Path.home() / ".cargo")
        for path in archive.unpacked().rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                for folder in (str(ROOT), cargo_home):
                    assert folder.encode() not in content, path

    def test_the_same_files_make_the_same_archive(self) -> None:
        with tempfile.TemporaryDirectory() as home:
            packed = []
            for name, mode, when in (("one", 0o600, 1), ("two", 0o664, 2_000_000_000)):
                folder = Path(home) / name
                (folder / "lib").mkdir(parents=True)
                for file in ("b", "lib/a")[::1 if name == "one" else -1]:
                    (folder / file).write_text(file)
                    (folder / file).chmod(mode)
                    os.utime(folder / file, (when, when))
                archive = Path(home) / f"{name}-packed" / "fio-c2c-1.tar.gz"
                packing.pack(folder, archive, 1_000_000_000)
                packed.append(archive.read_bytes())
            assert packed[0] == packed[1]
