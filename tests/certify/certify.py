#!/usr/bin/env python3
"""A certification session without an account: the emulator plays its scenarios on a device, and an operator does
what somebody would do with it. Prints how each scenario went, and then the checklist.

`make certify` takes the example camera, `make certify CLIENT=bad` a client that does it all wrong, and
`make certify OPERATOR=./operate_mine` an operator of yours; SCENARIOS="pause expiry" plays only those.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "python"))

from fio_c2c.emulator import EmulatorError, find_emulator  # noqa: E402

# What the bad client lives long enough for.
BAD_SCENARIOS = ["pairing", "expiry", "pause"]


def operator_command(options: argparse.Namespace) -> str:
    if options.operator is not None:
        return options.operator
    if options.client == "bad":
        return shlex.join([sys.executable, "-B", str(HERE / "bad_client.py")])
    command = [sys.executable, "-B", str(HERE / "camera_operator.py"), "--camera", str(options.examples / "camera")]
    return shlex.join(command + (["--log", str(options.camera_log)] if options.camera_log else []))


def session_command(options: argparse.Namespace) -> list[str]:
    default = BAD_SCENARIOS if options.client == "bad" else ["all"]
    command = [find_emulator(), "run", *(options.scenarios or default), "--operator", operator_command(options)]
    for report in options.report:
        command += ["--report", str(report)]
    return command + (["--log", str(options.log)] if options.log else [])


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", help="files or names; default all")
    parser.add_argument("--examples", type=Path, default=ROOT / "build" / "bundled", help="where the camera is")
    parser.add_argument("--client", choices=("camera", "bad"), default="camera", help="who is certified")
    parser.add_argument("--operator", help="the command of another operator")
    parser.add_argument("--report", type=Path, action="append", default=[], help="as for the emulator (repeatable)")
    parser.add_argument("--log", type=Path, help="a file for all requests")
    parser.add_argument("--camera-log", type=Path, help="a file for what the camera says")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    try:
        command = session_command(options)
    except EmulatorError as failure:
        print(failure, file=sys.stderr)
        return 2
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False, env={**os.environ}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
