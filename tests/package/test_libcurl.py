"""What packaging/libcurl has of its own is still needed and still fits the libcurl that is built, and numbers written in
src/net are those of the headers."""

import hashlib
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, List

import pytest

from case import Case
from installation import ROOT
from harness import CC

README = "see packaging/libcurl/README.md, and take away there what is not needed any more"
#: Of functions of libcurl 8.22.0: the one that drops what it has read before an end, and those that make a configuration for
#: each connection.
FUNCTIONS = {
    "cr_recv": "34b93ad2bef9ef7db8ec0beb329faee2ebb2c0b210e3718e5cbcbbc0adc3664f",
    "cr_init_backend": "143bffe33c0b436345390fb45833cb28779796854014ccd03a5e168eb78b26c4",
    "init_config_builder_verifier": "10b255a7d22e35ff88307dafe6b2fd688320e4eed389736dd6e6acf1432dc399",
}
CONSTANT = re.compile(r"^pub(?:\(crate\))? const (\w+): [\w:]+ = ([^;]+);$", re.MULTILINE)
HEADERS = {"CURLU": "curl/curl.h", "CURLO": "curl/curl.h", "CURLM": "curl/curl.h", "CURLE": "curl/curl.h", "RUSTL": "rustls.h", "X509_": "openssl/x509_vfy.h"}


def sources(*crates: str) -> List[Path]:
    """Where cargo has the sources of crates, wherever it has them from."""
    about = subprocess.run([os.environ.get("RUSTC", "rustc"), "-vV"], check=True, stdout=subprocess.PIPE, text=True).stdout
    host = next(line.split()[1] for line in about.splitlines() if line.startswith("host:"))
    command = [os.environ.get("CARGO", "cargo"), "metadata", "--format-version=1", "--locked", "--offline", "--features", "bundled",
               "--filter-platform", host]
    told = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    folders = {package["name"]: Path(package["manifest_path"]).parent for package in told["packages"]}
    return [folders[crate] for crate in crates]


class Libcurl(Case):
    @pytest.fixture(autouse=True)
    def libcurl_ready(self, ending: None) -> None:
        self.curl, self.rustls = sources("curl-sys", "rustls-ffi")

    def test_what_libcurl_does_with_rustls_is_what_was_mended(self) -> None:
        text = (self.curl / "curl/lib/vtls/rustls.c").read_text()
        for name, digest in FUNCTIONS.items():
            found = re.search(rf"^static CURLcode\s{name}\(.*?^}}$", text, re.MULTILINE | re.DOTALL)
            assert found, f"libcurl has no {name} any more: {README}"
            assert (hashlib.sha256(found[0].encode()).hexdigest()
                    == digest), f"{name} of libcurl is another one now: compare it with src/net/rustls.rs, {README}"

    def test_a_configuration_is_what_rustls_ffi_takes_for_one(self) -> None:
        """`src/net/rustls.rs` gives libcurl an `Arc` of rustls's own type, and rustls-ffi takes it back."""
        callee = (self.rustls / "src/client.rs").read_text()
        assert ("impl Castable for rustls_client_config {\n    type Ownership = OwnershipArc;\n    type RustType = ClientConfig;\n}"
                in callee), README
        locked = (ROOT / "Cargo.lock").read_text()
        assert len(re.findall(r'^name = "rustls"$', locked, re.MULTILINE)) == 1, "two versions of rustls: the types are not the same"

    def test_each_renamed_function_is_called_and_there(self) -> None:
        header = (ROOT / "packaging/libcurl/fio_libcurl.h").read_text()
        caller = (self.curl / "curl/lib/vtls/rustls.c").read_text()
        callee = (self.rustls / "src/rustls.h").read_text()
        ours = (ROOT / "src/net/rustls.rs").read_text()
        renamed = re.findall(r"^#define (rustls_\w+) (fio_rustls_\w+)$", header, re.MULTILINE)
        assert len(renamed) == 8
        for name, other in renamed:
            assert re.search(rf"\b{name}\(", caller), README
            assert re.search(rf"\b{name}\(", callee), README
            assert re.search(rf'unsafe extern "C" fn {other}\(', ours)

    def test_libcurl_asks_for_variables_by_the_renamed_function_only(self) -> None:
        header = (ROOT / "packaging/libcurl/fio_libcurl.h").read_text()
        assert "#define getenv fio_libcurl_getenv\n" in header
        assert 'extern "C" fn fio_libcurl_getenv(' in (ROOT / "src/net/environment.rs").read_text()
        library = "".join(path.read_text(errors="replace") for path in (self.curl / "curl/lib").rglob("*.[ch]"))
        assert 'getenv("SSLKEYLOGFILE")' in library, README
        assert not re.search(r"\bsecure_getenv\(|\benviron\b", library), README

    def test_settings_are_read_by_libcurl_and_not_made_by_curl_sys(self) -> None:
        header = (ROOT / "packaging/libcurl/fio_libcurl.h").read_text()
        library = "".join(path.read_text(errors="replace") for path in (self.curl / "curl/lib").rglob("*.[ch]"))
        for setting in re.findall(r"^#define (HAVE_\w+) 1$", header, re.MULTILINE):
            assert re.search(rf"(ifdef|defined\()\s*{setting}\b", library), README
            assert not re.search(rf'"{setting}"', (self.curl / "build.rs").read_text()), README

    def test_cargo_sees_that_the_settings_have_changed(self) -> None:
        digest = hashlib.sha256((ROOT / "packaging/libcurl/fio_libcurl.h").read_bytes()).hexdigest()
        config = (ROOT / ".cargo/config.toml").read_text()
        assert re.findall(r"-DFIO_SETTINGS=0x(\w+) ", config) == [digest[:8]] * 2

    def test_sizes_are_read_by_libcurl(self) -> None:
        header = (ROOT / "packaging/libcurl/fio_libcurl.h").read_text()
        sizes = re.findall(r"^#define (CURL_\w+_SIZE) \d+$", header, re.MULTILINE)
        assert len(sizes) == 5
        sources = [(self.curl / "curl" / path).read_text() for path in ("lib/multi.c", "include/curl/curl.h")]
        for name in sizes:
            assert any(f"#ifndef {name}\n" in source for source in sources), README
        assert re.search(r"^#define UPLOADBUFFER_MIN +CURL_MAX_WRITE_SIZE$", (self.curl / "curl/lib/urldata.h").read_text(), re.MULTILINE), README

    def test_numbers_are_those_of_the_headers(self) -> None:
        constants: Dict[str, str] = dict(CONSTANT.findall((ROOT / "src/net/constants.rs").read_text()))
        assert len(constants) > 10
        bundled = [f"-I{self.curl / 'curl/include'}", f"-I{self.rustls / 'src'}"]
        for folders in (bundled, [bundled[1]]):
            # OpenSSL's numbers come with its own headers, and libcurl's with the system's if it has some.
            there = {name: value for name, value in constants.items() if self.has(HEADERS[name[:5]], folders)}
            if folders is bundled:
                assert {name for name in constants if name not in there and not name.startswith("X509_")} == set()
            program = "".join(f"#include <{header}>\n" for header in sorted({HEADERS[name[:5]] for name in there}))
            program += "".join(f'_Static_assert(({value}) == (int){name}, "{name}");\n' for name, value in there.items())
            compiled = self.compiled(program, folders)
            # A libcurl of the system that is older does not know all of them.
            unknown = set(re.findall(r"error: ['‘](\w+)['’] undeclared", compiled.stderr))
            assert unknown <= ({"CURLMOPT_QUICK_EXIT"} if folders is not bundled else set()), compiled.stderr
            assert "static assertion failed" not in compiled.stderr
            assert (compiled.returncode != 0) == bool(unknown), compiled.stderr

    def test_there_are_no_such_numbers_elsewhere(self) -> None:
        for path in sorted((ROOT / "src/net").glob("*.rs")):
            code = path.read_text().split("#[cfg(test)]\nmod tests")[0]
            if path.name != "constants.rs":
                assert not re.search(r"const (CURL|RUSTLS|X509|SO_|IFF_|SIOC)", code), path.name
                assert not re.search(r"\d\s*/\*\s*CURL", code), path.name

    def has(self, header: str, folders: List[str]) -> bool:
        return self.compiled(f"#include <{header}>\n", folders).returncode == 0

    def compiled(self, program: str, folders: List[str]) -> "subprocess.CompletedProcess[str]":
        with tempfile.TemporaryDirectory(prefix="fio-c2c-test-") as folder:
            source = Path(folder) / "numbers.c"
            source.write_text(program)
            return subprocess.run([CC, "-std=c11", "-fsyntax-only", *folders, str(source)], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
