"""A device of its own process, for test_hostile_answers.py: asks what its input says, line by line, and tells how far its
memory rose above what it had at rest, in KiB, and what came of it."""

import json
import re
import sys
from pathlib import Path

from support import PATIENCE, Clock, RigClient, fio_c2c


def kibibytes(field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    if not found:
        raise RuntimeError(f"no {field}")
    return int(found[1])


def asset(client: RigClient, path: str) -> str:
    upload = client.upload(path=path)
    client.drive_until(lambda: upload.info().asset_id or upload.info().reason)
    info = upload.info()
    upload.cancel()
    client.drive(0)
    return info.reason.name if info.reason else "FIO_OK"


def operation(started: fio_c2c.Operation) -> str:
    try:
        started.wait(PATIENCE)
    except fio_c2c.FioError as error:
        return error.name
    return "FIO_OK"


def main() -> None:
    given = json.loads(sys.stdin.readline())
    clock = Clock()
    client = RigClient(client_id="CAM-MEMORY", client_secret=given["secret"], client_version="1.0.0", base_url=given["url"],
                       ca_file=given["ca_file"], clock=clock, impatient=clock, log_level=0)
    client.pair().wait(PATIENCE)
    asks = {"me": lambda: operation(client.device_info()), "heartbeat": lambda: operation(client.heartbeat()),
            "token": lambda: operation(client.refresh()), "asset": lambda: asset(client, given["media"])}
    for line in sys.stdin:
        # The highest mark starts over (proc(5), clear_refs).
        Path("/proc/self/clear_refs").write_text("5")
        rest = kibibytes("VmRSS")
        outcome = asks[line.strip()]()
        print(kibibytes("VmHWM") - rest, outcome, flush=True)
    client.close()


if __name__ == "__main__":
    main()
