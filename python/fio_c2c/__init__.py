"""The rig: the C library of Frame.io Camera-to-Cloud from Python, by ctypes, for tests and tools.

    from fio_c2c import Client

    with Client(client_id="CAM-1", client_secret=secret, client_version="2.16.4",
                store_dir="/var/lib/camera") as client:
        device = client.pair(show=lambda code: print("Enter", code.user_code)).wait()
        print("Connected to", device.project_name)
        client.upload(path="/media/card/B004_C011.mov").wait()

Only the standard library is used. FIO_LIBRARY names the library to load; without it, FIO_TLS chooses
between build/bundled (the default) and build/system. ``fio_c2c.emulator`` starts a service to talk to.
"""

from __future__ import annotations

from . import constants
from .client import Client
from .config import Clock, Config, Store
from .constants import *  # noqa: F401,F403
from .errors import FioError, SourceFailure, StoreFailure
from .operation import Operation
from .queue import Queue
from .results import Channel, Code, Device, Event, Totals, UploadInfo
from .screen import qr_encode, status_advice, status_message, status_name, version, version_number
from .upload import Description, Recording, Upload

__all__ = [
    "Channel", "Client", "Clock", "Code", "Config", "Description", "Device", "Event", "FioError", "Operation", "Queue",
    "Recording", "SourceFailure", "Store", "StoreFailure", "Totals", "Upload", "UploadInfo",
    "qr_encode", "status_advice", "status_message", "status_name", "version", "version_number",
    *(name for name in vars(constants) if name.startswith("FIO_")),
]
