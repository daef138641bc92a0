"""This version keeps the promise, and what is compared for that is complete."""

from __future__ import annotations
import re

import guard

import pytest
from copies import GuardTest
from libraries import HEADER, describe_header, header_of
from shapes import read_shapes
from tools import ROOT, TARGETS


class Promise(GuardTest):
    def test_the_header_is_as_promised(self) -> None:
        verdict = self.asked(guard.check_header, ROOT)
        assert verdict.is_good, f"\n{verdict}"

    def test_the_library_is_what_the_header_says(self) -> None:
        assert self.asked(guard.check_library, ROOT) == []

    def test_one_processor_has_64_bits_and_one_has_32(self) -> None:
        pointers = {"".join(re.findall(r"address-size='(\d+)'", (ROOT / target.baseline).read_text())) for target in TARGETS}
        assert pointers == {"64", "32"}

    @pytest.mark.parametrize("target", TARGETS)
    def test_the_baselines_name_no_machine_and_no_compiler(self, target) -> None:
        text = (ROOT / target.baseline).read_text()
        assert re.findall(r"(?:path|filepath|comp-dir-path|producer)='([^']*)'", text) == ["fio_c2c.c"]
        assert "GLIBC" not in text


class Completeness(GuardTest):
    """The text of the header and the compiled header know the same things: nothing is compared with nothing."""

    def test_every_name_of_the_header_is_known(self) -> None:
        header = header_of(ROOT)
        known = {one.name for kind in (header.functions, header.constants, header.macros, header.handles, header.structs,
                                       header.callbacks, header.types) for one in kind}
        code = re.sub(r"/\*.*?\*/", "", (ROOT / HEADER).read_text(), flags=re.S)
        assert set(re.findall(r"\b(?:fio|FIO)_\w+", code)) - {"FIO_C2C_H"} == known
        assert [function.name for function in header.functions if not function.since] == []

    def test_every_name_of_the_header_is_described(self) -> None:
        header = header_of(ROOT)
        for target in TARGETS:
            described = read_shapes(self.asked(describe_header, ROOT, target), as_declared=True)
            assert described.functions.keys() == {*header.exports}
            assert described.types.keys() == {one.name for one in (*header.callbacks, *header.types)}
            # The handles are not among them: what is behind them is nobody's business.
            fields = {name: [part.name for part in struct.fields] for name, struct in described.structs.items()}
            assert fields == {struct.name: [part.name for part in struct.fields] for struct in header.structs}
