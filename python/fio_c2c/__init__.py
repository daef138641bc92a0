"""The rig: the C library of Frame.io Camera-to-Cloud from Python, by ctypes, for tests and tools.

    from fio_c2c import Client

    with Client(client_id="CAM-1", client_secret=secret, client_version="2.16.4",
                store_dir="/var/lib/camera") as client:
        device = client.pair(show=lambda code: print("Enter", code.user_code)).wait()
        print("Connected to", device.project_name)

Only the standard library is used. FIO_LIBRARY names the library to load; without it, FIO_TLS chooses
between build/bundled (the default) and build/system. ``fio_c2c.emulator`` starts a service to talk to.
"""

from __future__ import annotations

from . import constants
from .client import Client
from .config import Clock, Config, Store
from .constants import *  # noqa: F401,F403
from .errors import FioError, StoreFailure
from .operation import Operation
from .results import Channel, Code, Device, Event
from .screen import qr_encode, status_advice, status_message, status_name, version, version_number

__all__ = [
    "Channel", "Client", "Clock", "Code", "Config", "Device", "Event", "FioError", "Operation", "Store",
    "StoreFailure",    "qr_encode", "status_advice", "status_message", "status_name", "version", "version_number",
    *(name for name in vars(constants) if name.startswith("FIO_")),
]
