"""The table of the sizes of the libraries, from the files that were built."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

NOT_BUILT = "No library had been built when this manual was made: `make lib docs` fills in this table."


def _sections(library: Path) -> tuple[str, str, str]:
    """Code and constants, initialised data, zeroed data, as the `size` of the binutils counts them."""
    program = shutil.which("size")
    if program is None:
        return ("", "", "")
    done = subprocess.run([program, str(library)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    numbers = re.search(r"^\s*(\d+)\s+(\d+)\s+(\d+)", done.stdout, re.M)
    return tuple(f"{int(number):,}" for number in numbers.groups()) if numbers else ("", "", "")  # type: ignore[return-value]


def table(build: Path) -> str:
    """One row for each shared library below the build folder; links are left out."""
    libraries = sorted(path for path in build.glob("**/libfio_c2c.so.*") if not path.is_symlink())
    if not libraries:
        return NOT_BUILT
    lines = ["| library | stripped file | code and constants | data | zeroed data |", "| --- | ---: | ---: | ---: | ---: |"]
    for library in libraries:
        name = library.parent.relative_to(build)
        cells = (f"`{name}`", f"{library.stat().st_size:,}", *_sections(library))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
