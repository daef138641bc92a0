"""The size of the stripped shared libraries. The limit is that of a device that only pairs (UPLOADS=no)."""

from __future__ import annotations

from pathlib import Path

from support import judgement

MOST_BYTES = {"system-pairing": 450_000}


def show(libraries: dict[str, Path]) -> bool:
    print(f"\n{'stripped shared library':<28}{'bytes':>12}   target")
    met = True
    for name, path in libraries.items():
        tls, _, rest = name.partition("-")
        title = f"{tls} libcurl{', only pairing' if rest else ''}"
        if not path.exists():
            print(f"{title:<28}{'not built':>12}")
            continue
        size, most = path.stat().st_size, MOST_BYTES.get(name)
        target = "" if most is None else f"<= {most:,}   {judgement(size <= most)}"
        met = met and (most is None or size <= most)
        print(f"{title:<28}{size:>12,}   {target}".rstrip())
    return met
