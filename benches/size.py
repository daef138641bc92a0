"""The size of the stripped shared libraries.

With the system's libcurl the target is met by the library for devices that only pair (UPLOADS=no). The whole one
misses it, is known to, and is said to: a size that grows shows itself, and nothing else depends on it.
"""

from __future__ import annotations

from pathlib import Path

from support import judgement

MOST_BYTES = {"system-pairing": 450_000, "system": 450_000, "bundled": 3_500_000}
KNOWN_MISSES = {"system"}


def show(libraries: dict[str, Path]) -> bool:
    print(f"\n{'stripped shared library':<28}{'bytes':>12}   target")
    met = True
    for name, path in libraries.items():
        tls, _, rest = name.partition("-")
        title = f"{tls} libcurl{', only pairing' if rest else ''}"
        if not path.exists():
            print(f"{title:<28}{'not built':>12}")
            continue
        size = path.stat().st_size
        is_met = size <= MOST_BYTES[name]
        met = met and (is_met or name in KNOWN_MISSES)
        print(f"{title:<28}{size:>12,}   <= {MOST_BYTES[name]:<13,}{judgement(is_met)}")
    return met
