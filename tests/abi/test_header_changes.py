"""Changes of the header, made on purpose: what breaks a vendor is caught, named and explained, and what does not
is let through. No Rust is compiled for these."""

from __future__ import annotations

import guard
from changes import EXPLANATIONS, Changes, compare_shapes
from copies import GuardTest, edit, edit_header
from libraries import header_of
from shapes import Field, Shapes, Struct, read_shapes
from symbols import TABLE, read_table
from tools import ROOT, TARGETS

BOTH = {target.name for target in TARGETS}


class Breaks(GuardTest):
    def assert_caught(self, edits: list[tuple[str, str]], expected: dict[str, tuple[str, str]], places: set[str] = BOTH) -> None:
        """`expected` has for each name what kind of break it is, and words that its details must have."""
        tree = self.copy()
        for pattern, replacement in edits:
            edit_header(tree, pattern, replacement)
        verdict = self.asked(guard.check_header, tree)
        assert ({found.name: found.kind for found in verdict.changes.breaks}
                == {name: kind for name, (kind, _) in expected.items()}), str(verdict)
        assert not verdict.is_good
        said = " ".join(str(verdict).split())
        for found in verdict.changes.breaks:
            assert found.details.keys() == places
            kind, words = expected[found.name]
            for part in (f"{found.name} {EXPLANATIONS[kind][0]}", words, *EXPLANATIONS[kind][1:]):
                assert part in said

    def test_functions(self) -> None:
        self.assert_caught(
            [(r"^FIO_API\nfio_status fio_queue_pause\([^;]*;\n", ""),
             (r"int32_t timeout_ms\)", "int64_t timeout_ms)"),
             (r"^uint32_t fio_version_number", "uint64_t fio_version_number"),
             (r"^const char \*fio_version\(void\)", "const char *fio_version(fio_op op)")],
            {"fio_queue_pause": ("function removed", "it was fio_status (fio_client *)"),
             "fio_drive": ("function changed", "it was fio_status (fio_client *, int32_t), it is fio_status (fio_client *, int64_t)"),
             "fio_version_number": ("function changed", "it is uint64_t (void)"),
             "fio_version": ("function changed", "it is const char * (fio_op)")})

    def test_what_only_a_compiler_minds(self) -> None:
        self.assert_caught(
            [(r"\bint64_t \*timeout_ms\);", "const int64_t *timeout_ms);"),
             (r"^const char \*fio_status_advice", "char *fio_status_advice")],
            {"fio_timeout_ms": ("function changed", "const int64_t *"),
             "fio_status_advice": ("function changed", "it is char * (fio_status)")})

    def test_a_field_is_removed(self) -> None:
        self.assert_caught([(r"^    int32_t curl_code;\n", "")],
                           {"fio_error": ("struct changed", "curl_code is gone")})

    def test_fields_change_places(self) -> None:
        self.assert_caught([(r"^    uint64_t queued;\n    uint64_t uploading;", "    uint64_t uploading;\n    uint64_t queued;")],
                           {"fio_totals": ("struct changed", "uint64_t queued at byte")})

    def test_fields_get_another_type_or_name(self) -> None:
        self.assert_caught(
            [(r"^    int32_t http_status;", "    int16_t http_status;"),
             (r"^    uint32_t index;", "    int32_t index;"),
             (r"^    int32_t is_paused;", "    int32_t paused;"),
             (r"^    const char \*previous_project_id;", "    char *previous_project_id;")],
            {"fio_error": ("struct changed", "it had int32_t http_status at byte 12, it has int16_t http_status at byte 12"),
             "fio_channel": ("struct changed", "int32_t index"),
             "fio_totals": ("struct changed", "is_paused is gone"),
             "fio_event": ("struct changed", "it has char * previous_project_id")})

    def test_a_field_comes_in_between(self) -> None:
        self.assert_caught([(r"^    int32_t priority;", r"    uint64_t weight;\n\g<0>")],
                           {"fio_upload_info": ("struct changed", "uint64_t weight at byte 48 is new, and not behind")})

    def test_a_struct_grows_that_does_not_say_its_size(self) -> None:
        # No struct of the header is such a one.
        promised = Struct(4, [Field(0, "uint32_t", "index")])
        grown = Struct(8, [*promised.fields, Field(4, "uint32_t", "added")])
        changes = Changes()
        compare_shapes(Shapes(structs={"fio_small": promised}), Shapes(structs={"fio_small": grown}), "x86_64", changes)
        assert [(found.name, found.kind) for found in changes.breaks] == [("fio_small", "struct without struct_size grew")]

    def test_every_struct_of_the_header_says_its_size(self) -> None:
        for target in TARGETS:
            promised = read_shapes((ROOT / target.baseline).read_text(), as_declared=True)
            assert len(promised.structs) > 5
            assert {struct.fields[0].name for struct in promised.structs.values()} == {"struct_size"}

    def test_growth_does_not_hide_what_else_changed_in_the_struct(self) -> None:
        self.assert_caught([(r"^} fio_error;", r"    uint64_t added;\n\g<0>"), (r"^    const char \*oauth_error;", "    char *oauth_error;")],
                           {"fio_error": ("struct changed", "it has char * oauth_error")})

    def test_callbacks_and_types(self) -> None:
        self.assert_caught(
            [(r"^typedef void \(\*fio_show_code_cb\)", "typedef int32_t (*fio_show_code_cb)"),
             (r"^(typedef void \(\*fio_log_cb\)\(void \*user,\s+)int32_t level", r"\1int64_t level"),
             (r"^typedef void \(\*fio_store_key_cb\)\(void \*context,", r"\g<0> size_t length,"),
             (r"^typedef int32_t fio_status;", "typedef uint32_t fio_status;")],
            {"fio_show_code_cb": ("callback changed", "it is callback int32_t (void *, const fio_code *)"),
             "fio_log_cb": ("callback changed", "int64_t"),
             "fio_store_key_cb": ("callback changed", "it is callback void (void *, size_t, const char *)"),
             "fio_status": ("type changed", "it was int32_t, it is uint32_t")})

    def test_constants(self) -> None:
        self.assert_caught(
            [(r"^#define FIO_E_DNS .*$", "#define FIO_E_DNS (-59)"), (r"^#define FIO_LOG_TRACE .*\n", "")],
            {"FIO_E_DNS": ("constant changed", "it was -60, it is -59"), "FIO_LOG_TRACE": ("constant removed", "it was 5")},
            {"header"})

    def test_another_soname_is_another_promise(self) -> None:
        tree = self.copy()
        edit(tree, "Makefile", r"^SOVERSION := 0$", "SOVERSION := 1")
        verdict = self.asked(guard.check_header, tree)
        assert "SONAME changed from 'libfio_c2c.so.0' to 'libfio_c2c.so.1'" in str(verdict)
        assert not verdict.is_good


NEW_FUNCTION = """/**
 * New.
 *
 * Since:     {since}
 */
FIO_API
fio_status fio_new(struct fio_client *client, fio_new_cb done);

"""


class Growth(GuardTest):
    def test_what_is_new_breaks_nothing_and_has_to_be_recorded(self) -> None:
        tree = self.copy()
        edit_header(tree, r"^/\*\*(?=\n(?: \*.*\n)+FIO_API\nuint32_t fio_version_number)",
                    NEW_FUNCTION.format(since=header_of(tree).version) + "/**")
        edit_header(tree, r"^#define FIO_OK 0", r"#define FIO_E_NEW (-999)\n\g<0>")
        edit_header(tree, r"^} fio_totals;", r"    uint64_t added;\n\g<0>")
        edit_header(tree, r"^typedef uint64_t fio_op;", r"\g<0>\ntypedef void (*fio_new_cb)(void *user);")
        verdict = self.asked(guard.check_header, tree)
        assert verdict.changes.breaks == []
        assert verdict.changes.growth == [
    "the field fio_totals.added is new, at the end", "the function fio_new is new", "the type fio_new_cb is new",
    "the constant FIO_E_NEW is new"]
        names = ["fio_new", "fio_new_cb", "fio_totals.added", "FIO_E_NEW"]
        assert verdict.stale == [f"{TABLE} does not list {name}" for name in names]
        assert guard.RENEW in str(verdict)
        assert not verdict.is_good

        self.asked(guard.write_baseline, tree)
        verdict = self.asked(guard.check_header, tree)
        assert verdict.is_good, str(verdict)
        assert str(verdict) == ""
        listed = read_table((tree / TABLE).read_text())
        assert set(names) < listed.keys()

        # From now on it is part of the promise.
        edit_header(tree, r"^    uint64_t added;\n", "")
        verdict = self.asked(guard.check_header, tree)
        assert [found.name for found in verdict.changes.breaks] == ["fio_totals"]

    def test_a_new_function_says_the_version_it_comes_with(self) -> None:
        tree = self.copy()
        edit_header(tree, r"^/\*\*(?=\n(?: \*.*\n)+FIO_API\nuint32_t fio_version_number)",
                    NEW_FUNCTION.format(since="0.0.1").replace("fio_new_cb", "fio_done_cb") + "/**")
        verdict = self.asked(guard.check_header, tree)
        assert verdict.wrong == [f"fio_new says `Since: 0.0.1`, but it came with {header_of(tree).version}"]


class Table(GuardTest):
    def test_a_name_that_is_not_listed_fails_with_the_command_that_lists_it(self) -> None:
        tree = self.copy()
        for name in ("fio_drive", "fio_event.kind", "fio_done_cb"):
            edit(tree, TABLE, rf"^\| `{name}` .*\n", "")
        verdict = self.asked(guard.check_header, tree)
        assert verdict.stale == [f"{TABLE} does not list {name}" for name in ("fio_drive", "fio_done_cb", "fio_event.kind")]
        assert not verdict.is_good
        assert guard.RENEW in str(verdict)

    def test_history_is_not_rewritten(self) -> None:
        tree = self.copy()
        edit(tree, TABLE, r"^(\| `fio_drive` \|.*\| )0\.1\.0 \|", r"\g<1>0.0.9 |")
        verdict = self.asked(guard.check_header, tree)
        assert verdict.wrong == ["fio_drive says `Since: 0.1.0`, but it came with 0.0.9"]

    def test_what_is_listed_is_there(self) -> None:
        tree = self.copy()
        edit(tree, TABLE, r"^\| `fio_drive` .*$", r"\g<0>\n| `fio_dive` | function |  | 0.1.0 |")
        edit(tree, TABLE, r"^\| `fio_op` \| type \|", "| `fio_op` | handle |")
        verdict = self.asked(guard.check_header, tree)
        assert verdict.stale == [f"{TABLE} lists fio_dive, which the header does not declare",
                                 f"{TABLE} calls fio_op a handle, and it is a type"]
