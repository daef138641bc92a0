"""The C library of Frame.io Camera-to-Cloud from Python, by ctypes, for tests and tools.

    from fio_c2c import Client

    with Client(client_id="CAM-1", client_secret=secret, client_version="2.16.4",
                store_dir="/var/lib/camera") as client:
        device = client.pair(show=lambda code: print("Enter", code.user_code)).wait()
        print("Connected to", device.project_name)
        client.upload(path="/media/card/B004_C011.mov").wait()

Only the standard library is used. ``fio_c2c.aio`` is the same for asyncio, ``fio_c2c.emulator`` starts a
service to talk to. ``python3 -m fio_c2c`` says which library is used, and whether it fits. The library is
loaded when it is first needed: FIO_LIBRARY names another one.
"""

from __future__ import annotations

from . import constants
from ._library import LibraryError
from ._version import __version__
from .client import Client
from .config import Config
from .constants import *  # noqa: F401,F403
from .description import Description, Recording, UploadSettings
from .errors import FioError, SourceFailure, StoreFailure
from .operation import Operation
from .queue import Queue
from .results import Channel, Code, Device, Event, Totals, UploadInfo
from .screen import qr_encode, status_advice, status_message, status_name, version, version_details, version_number
from .settings import Clock, Settings, Store
from .upload import Upload

__all__ = [
    "Channel", "Client", "Clock", "Code", "Config", "Description", "Device", "Event", "FioError", "LibraryError",
    "Operation", "Queue", "Recording", "Settings", "SourceFailure", "Store", "StoreFailure", "Totals", "Upload",
    "UploadInfo", "UploadSettings", "__version__",
    "qr_encode", "status_advice", "status_message", "status_name", "version", "version_details", "version_number",
    *(name for name in vars(constants) if name.startswith("FIO_")),
]
