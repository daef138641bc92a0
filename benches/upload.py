"""Uploading 2 GB in 25 MB parts: the library, a C program by hand (peer_upload.c), and the curl command.

All three send zeros from a file without blocks, over TLS, five parts side by side on connections that are
kept, to an emulator that only counts what it receives. The curl command has no way to send a piece of a
file, so it sends one file of the size of a part to every address. All are paired already: the library
finds its tokens in its store, the C program is given one, curl only gets addresses.

Programs take turns, and the CPU seconds of each are the mean of the cheaper half of its runs: what else the
computer does can only add to them. (Single runs of the same program differ by several per cent, which the
least of them does as well.) If that would be a miss, as many runs follow once more. Instructions are
callgrind's, of whole runs with fewer parts; they leave out the kernel, which CPU seconds have in them.
"""

from __future__ import annotations

import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable, Sequence

from support import SECRET, Emulator, Usage, access_token, counting, create_asset, judgement, run, scratch_directory, sparse_file
from table import Programs, Table

PART = 25_000_000
SIZE = 80 * PART
LARGE_SIZE = 800 * PART
FEW = 5 * PART
ROUNDS, CURL_ROUNDS = 8, 3
MOST_LARGE_RUNS = 7
MOST_CPU = {"bundled": 1.1, "system": 1.05}
MOST_WORK = {"bundled": 1.2, "system": 1.05}
MOST_MEMORY = {"bundled": 0.6, "system": 1.1}
# Some 700 KiB in both: the bundled library begins with half.
MOST_GROWTH = {"bundled": 1.1, "system": 1.05}


@dataclass
class Best:
    """Of several runs."""

    cpu_per_gb: float
    peak_kib: int
    megabytes_per_second: float

    @staticmethod
    def of(runs: list[Usage], size: int) -> "Best":
        seconds = sorted(usage.cpu_seconds for usage in runs)
        return Best(
            statistics.fmean(seconds[: (len(seconds) + 1) // 2]) / (size / 1e9),
            min(usage.peak_kib for usage in runs),
            size / 1e6 / min(usage.seconds for usage in runs),
        )


class Course:
    """One emulator, the files, and the three ways to upload them."""

    def __init__(self, programs: Programs, scratch: Path) -> None:
        self._programs = programs
        self._scratch = scratch
        self.service = Emulator("--client-secret", SECRET, "--storage", "discard", "--part-bytes", str(PART), interval=0.005)
        self.service.person("approve", after_polls=0)
        self._part = sparse_file(scratch / "part.mov", PART)
        at = (self.service.url, self.service.ca_file)
        self._ours = programs.ours("upload", lambda program: [str(program), *at, f"ours-{program.parent.name}", SECRET,
                                                              str(scratch / f"store-{program.parent.name}")])
        for command in self._ours.values():
            run(command)
        # Of the last run of each: the names of a part's headers, and how many connections there were.
        self.headers: dict[str, list[str]] = {}
        self.connections: dict[str, int] = {}

    def _check(self, name: str, size: int) -> None:
        uploads = self.service.call("GET", "/emulator/uploads?brief=1")["uploads"]
        seen = [(upload["state"], upload["filesize"], upload["parts_stored"]) for upload in uploads]
        assert seen == [("complete", size, size // PART)], seen
        assert not self.service.violations(), self.service.violations()
        parts = self.service.requests("part")
        self.headers[name] = sorted(header for header, _ in parts[-1]["headers"])
        self.connections[name] = len({part["connection"] for part in parts})
        self.service.call("DELETE", "/emulator/uploads")
        self.service.forget_requests()

    def ours(self, build: str, size: int, prefix: Sequence[str] = ()) -> Usage:
        clip = sparse_file(self._scratch / "clip.mov", size)
        used = run([*prefix, *self._ours[build], str(clip)])
        self._check(build, size)
        return used

    def peer(self, size: int, prefix: Sequence[str] = ()) -> Usage:
        clip = sparse_file(self._scratch / "clip.mov", size)
        token = access_token(self.service, "peer")
        used = run([*prefix, str(self._programs.peer("upload")), self.service.url, self.service.ca_file, token, str(clip)])
        self._check("peer", size)
        return used

    def curl(self, size: int) -> Usage:
        addresses = create_asset(self.service, access_token(self.service, "curl"), "clip.mov", size)
        lines = [
            "silent", "show-error", "fail", "parallel", "parallel-max = 5", f'cacert = "{self.service.ca_file}"',
            'header = "Content-Type: video/quicktime"', 'header = "x-amz-acl: private"', 'header = "Expect:"',
        ]
        for address in addresses:
            lines += [f'upload-file = "{self._part}"', f'url = "{address}"', 'output = "/dev/null"']
        config = self._scratch / "curl.conf"
        config.write_text("\n".join(lines))
        used = run(["curl", "--disable", "--config", str(config)])
        self._check("curl", size)
        return used


def instructions_per_mb(programs: Programs, way: Callable[[Course, list[str]], Usage]) -> float:
    with tempfile.TemporaryDirectory(dir=scratch_directory()) as scratch:
        course = Course(programs, Path(scratch))
        with course.service:
            return way(course, counting(Path(scratch))).instructions / (FEW / 1e6)


def take_turns(ways: dict[str, Callable[[int], Usage]], runs: dict[str, list[Usage]]) -> dict[str, Best]:
    for turn in range(ROUNDS):
        for name, way in ways.items():
            if name != "curl" or turn < CURL_ROUNDS:
                runs[name].append(way(SIZE))
    return {name: Best.of(of_one, SIZE) for name, of_one in runs.items()}


def show(programs: Programs, *, with_large: bool) -> bool:
    builds = list(programs.builds)
    with tempfile.TemporaryDirectory(dir=scratch_directory()) as scratch:
        course = Course(programs, Path(scratch))
        with course.service:
            ways: dict[str, Callable[[int], Usage]] = {build: partial(course.ours, build) for build in builds}
            ways.update(peer=course.peer, curl=course.curl)
            runs: dict[str, list[Usage]] = {name: [] for name in ways}
            best = take_turns(ways, runs)
            if any(best[build].cpu_per_gb / best["peer"].cpu_per_gb > MOST_CPU[build] for build in builds):
                best = take_turns(ways, runs)
            large: dict[str, list[int]] = {build: [course.ours(build, LARGE_SIZE).peak_kib] if with_large else [] for build in builds}
            # Runs of the same program differ by a hundred KiB or two, so medians are compared, not the least of many with the
            # least of few.
            usual = {build: statistics.median(usage.peak_kib for usage in runs[build]) for build in builds}
            for build, peaks in large.items():
                while peaks and statistics.median(peaks) > MOST_GROWTH[build] * usual[build] and len(peaks) < MOST_LARGE_RUNS:
                    peaks.append(course.ours(build, LARGE_SIZE).peak_kib)
    # Side by side: what the other one does is not counted.
    counted: dict[str, Callable[[Course, list[str]], Usage]] = {
        build: lambda course, prefix, build=build: course.ours(build, FEW, prefix) for build in builds}
    counted["peer"] = lambda course, prefix: course.peer(FEW, prefix)
    with ThreadPoolExecutor(2) as pool:
        instructions = dict(zip(counted, pool.map(lambda way: instructions_per_mb(programs, way), counted.values())))

    peer, curl = best["peer"], best["curl"]
    table = Table("2 GB in 25 MB parts", programs.builds)
    met = [
        table.row("CPU seconds per GB", peer.cpu_per_gb, {build: best[build].cpu_per_gb for build in builds}, MOST_CPU, ",.3f"),
        table.row("instructions per MB", instructions["peer"], instructions, MOST_WORK),
        table.row("peak memory, KiB", peer.peak_kib, {build: best[build].peak_kib for build in builds}, MOST_MEMORY),
        table.row(f"connections, {SIZE // PART} parts", course.connections["peer"], course.connections, {build: 1.0 for build in builds}),
        table.row("MB/s", peer.megabytes_per_second, {build: best[build].megabytes_per_second for build in builds}),
    ]
    print(f"the curl command: {curl.cpu_per_gb:.3f} CPU seconds per GB, {curl.peak_kib:,} KiB, {curl.megabytes_per_second:,.0f} MB/s")
    for build in builds:
        if course.headers["peer"] != course.headers[build]:
            print(f"the requests differ: {course.headers['peer']} by hand and {course.headers[build]} with {build}")
            met.append(False)
    print(f"{len(runs['peer'])} runs in turn; CPU: mean of the cheaper half; memory: least; ratio: to C by hand")
    if not with_large:
        return all(met)
    print(f"\n{'peak memory, KiB':<28}{'2 GB':>12}{'20 GB':>12}{'ratio':>8}   target")
    for build, peaks in large.items():
        few, many = usual[build], statistics.median(peaks)
        growth = many / few
        met.append(growth <= MOST_GROWTH[build])
        print(f"{build:<28}{few:>12,.0f}{many:>12,.0f}{growth:>8.3f}   {f'<= {MOST_GROWTH[build]}':<12}{judgement(met[-1])}")
    return all(met)
