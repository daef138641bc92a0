"""Pairs a device inside an asyncio loop: the loop watches the client's one descriptor.

    python3 python/examples/pair_asyncio.py CLIENT_ID CLIENT_SECRET [BASE_URL CA_FILE]
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fio_c2c import Client, Code, Operation, qr_encode  # noqa: E402

T = TypeVar("T")


async def finished(client: Client, operation: "Operation[T]") -> T:
    """The result of an operation. Abandoning the wait cancels the operation."""
    loop = asyncio.get_running_loop()
    over: "asyncio.Future[None]" = loop.create_future()

    def drive() -> None:
        try:
            client.drive(0)
        except BaseException as failure:
            if not over.done():
                over.set_exception(failure)
        if operation.is_over and not over.done():
            over.set_result(None)

    # One wait at a time: the descriptor has one reader.
    loop.add_reader(client.fd(), drive)
    try:
        await over
    finally:
        loop.remove_reader(client.fd())
        if not operation.is_over:
            operation.cancel()
    return operation.result()


def show(code: Code) -> None:
    print(f"Enter {code.user_code} at {code.verification_uri}")
    if code.verification_uri_complete:
        for row in qr_encode(code.verification_uri_complete):
            print("".join("██" if dark else "  " for dark in row))


async def main(client_id: str, client_secret: str, base_url: str | None = None, ca_file: str | None = None) -> None:
    with Client(client_id=client_id, client_secret=client_secret, client_version="1.0.0", base_url=base_url,
                ca_file=ca_file) as client:
        device = await finished(client, client.pair(show))
        print(f"Connected to {device.project_name}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
