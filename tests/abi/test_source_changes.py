"""Changes of the Rust sources, made on purpose: the library is compared with the header, and the header that goes
with it with the promise. Two changed trees are compiled; a tree has several changes, each of which is named."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import guard
from copies import GuardTest, edit
from libraries import HEADER, describe_library
from symbols import TABLE
from tools import COMPILED, TARGETS

# One processor is enough here: that the two differ where they should is seen in the header's tests.
ONE = TARGETS[:1]


def renew_header(tree: Path) -> None:
    """What `make header` does."""
    (tree / HEADER).write_text(describe_library(tree, ONE[0]).header)


def make(tree: Path, target: str) -> tuple[int, str]:
    """As a person does it."""
    done = subprocess.run(["make", "--no-print-directory", "-C", str(tree), target, f"ABI_DIR={COMPILED}",
                           f"ABI_TARGETS={ONE[0].triple}={ONE[0].compiler}"], env={**os.environ, "MAKEFLAGS": ""},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    return done.returncode, done.stdout


class SourceChanges(GuardTest):
    def test_breaks(self) -> None:
        tree = self.copy()
        edit(tree, "src", r'^#\[unsafe\(no_mangle\)\]\n(pub unsafe extern "C" fn fio_upload_remove\()', r"\1")
        edit(tree, "src", r"(fn fio_drive\(\s*client: \*mut fio_client,\s*timeout_ms: )i32", r"\1i64")
        edit(tree, "src/ffi", r"^( +pub queued: u64,\n)( +pub uploading: u64,\n)", r"\2\1")
        edit(tree, "core/src", r"^(pub const FIO_E_DNS: i32 =) -60;", r"\1 -59;")
        edit(tree, "src", r'^(pub type fio_destroy_cb =\s*Option<unsafe extern "C" fn\(user: \*mut c_void\))>;', r"\1 -> i32>;")

        unlike = "\n".join(self.asked(guard.check_library, tree, ONE))
        for words in ("the header declares fio_upload_remove, which the library does not export",
                      "fio_drive is int32 (fio_client *, int64) in the library and int32 (fio_client *, int32) in the header",
                      "fio_totals has uint64 queued at byte 32 in the header, and not in the library",
                      "FIO_E_DNS is -59 in the sources and -60 in the header",
                      "callback int32 (void *)"):
            assert words in unlike
        code, said = make(tree, "abi-check")
        assert code != 0
        assert "run `make header`" in said

        renew_header(tree)
        assert guard.check_library(tree, ONE) == []
        verdict = guard.check_header(tree)
        assert {found.name: found.kind for found in verdict.changes.breaks} == {
    "fio_upload_remove": "function removed", "fio_drive": "function changed", "fio_totals": "struct changed",
    "FIO_E_DNS": "constant changed", "fio_destroy_cb": "callback changed"}
        code, said = make(tree, "abi-check")
        assert code != 0
        assert "5 of these changes would break programs" in said

    def test_growth_and_what_is_inside(self) -> None:
        tree = self.copy()
        with (tree / "src/ffi/diagnosis.rs").open("a") as text:
            text.write("\n/// New.\n///\n/// Since:     0.1.0\n#[unsafe(no_mangle)]\n"
                       "pub extern \"C\" fn fio_new(status: fio_status) -> fio_status {\n    status\n}\n")
        edit(tree, "src", r"^pub struct fio_totals \{(?:[^}]|\n)*?(?=\n\})", r"\g<0>\n    pub added: u64,")
        edit(tree, "src", r"let raw = fio_totals \{", r"\g<0> added: 0,")
        # A handle, and what is really behind it.
        edit(tree, "src", r"^(pub struct fio_client \{\n\s*_opaque: )\[u8; 0\]", r"\1[u64; 9]")

        assert (self.asked(guard.check_library, tree, ONE)[0]
                == f"{ONE[0].name}: the library exports fio_new, which the header does not declare")
        renew_header(tree)
        assert guard.check_library(tree, ONE) == []
        verdict = guard.check_header(tree)
        assert verdict.changes.breaks == []
        assert verdict.changes.growth == ["the field fio_totals.added is new, at the end", "the function fio_new is new"]
        code, said = make(tree, "abi-check")
        assert code != 0
        assert f"{TABLE} does not list fio_new" in said
        assert guard.RENEW in said

        assert make(tree, "abi-baseline")[0] == 0
        assert make(tree, "abi-check") == (0, f"The interface is as promised: {ONE[0].name}.\n")
