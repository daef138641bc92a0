"""Pairs a camera inside an asyncio loop and sends the files that are named.

    python3 pair_asyncio.py CLIENT_ID CLIENT_SECRET [--base-url URL] [--ca-file FILE] [FILE ...]
"""

from __future__ import annotations

import argparse
import asyncio

from fio_c2c import Code, qr_encode
from fio_c2c.aio import AsyncClient, Events


def show(code: Code) -> None:
    print(f"Enter {code.user_code} at {code.verification_uri}")
    if code.verification_uri_complete:
        for row in qr_encode(code.verification_uri_complete):
            print("".join("██" if dark else "  " for dark in row))


async def tell(events: Events) -> None:
    """Shows what the library tells, until the client is closed."""
    async for event in events:
        if event.upload is not None:
            print(f"{event.upload.name}: {event.upload.state_name}, {event.upload.confirmed} of {event.upload.size} bytes")
        elif event.error is not None:
            print(event.error)


async def main(options: argparse.Namespace) -> None:
    async with AsyncClient(client_id=options.client_id, client_secret=options.client_secret, client_version="1.0.0",
                           base_url=options.base_url, ca_file=options.ca_file) as camera:
        telling = asyncio.create_task(tell(camera.events()))
        device = await camera.pair(show)
        print(f"Connected to {device.project_name}")
        uploads = [camera.upload(path=file) for file in options.files]
        await asyncio.gather(*(upload.wait() for upload in uploads))
    await telling


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Pairs a camera and sends the files that are named.")
    parser.add_argument("client_id")
    parser.add_argument("client_secret")
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--base-url")
    parser.add_argument("--ca-file")
    asyncio.run(main(parser.parse_args()))
