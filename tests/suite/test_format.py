"""C and C++ have the form that .clang-format says."""

import subprocess
import sys
from pathlib import Path

from case import Case

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("benches", "examples-c", "tests/c", "tests/cpp")


class Format(Case):
    def test_sources_in_c_and_cpp(self) -> None:
        sources = [path for folder in FOLDERS for path in sorted((ROOT / folder).iterdir()) if path.suffix in (".c", ".h", ".cpp")]
        assert len(sources) > 30
        command = [str(Path(sys.executable).with_name("clang-format")), "--dry-run", "--Werror", "--style=file",
                   *map(str, sources), str(ROOT / "include" / "fio_c2c.hpp")]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, f"{done.stdout}\nmended by: clang-format -i FILE..."
