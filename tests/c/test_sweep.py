"""Every function with every pointer NULL: nothing crashes, and every answer is a documented one."""

from __future__ import annotations

from case import Case, need
import sweep
from harness import HERE, LINKS, MODES, WORK, compile_program, run_program


class Sweep(Case):
    def sweep(self, link: str, mode: str) -> None:
        if mode == "valgrind":
            need("valgrind", "valgrind")
        WORK.mkdir(parents=True, exist_ok=True)
        generated = WORK / "sweep_calls.c"
        text = sweep.program()
        if not generated.exists() or generated.read_text() != text:
            generated.write_text(text)
        sources = [generated, HERE / "sweep.c", HERE / "support.c"]
        run_program(compile_program("sweep", sources, link=link, sanitized=mode == "sanitized"), mode=mode)


def _add(link: str, mode: str) -> None:
    setattr(Sweep, f"test_{link}_{mode}", lambda self: self.sweep(link, mode))


for _link in LINKS:
    for _mode in MODES:
        _add(_link, _mode)
