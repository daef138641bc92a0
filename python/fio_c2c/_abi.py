"""The C interface as ctypes sees it: prototypes, and the library with all of them set.

This and ``_structs.py`` mirror ``fio_c2c.h``; ``_header.py`` compares them with it, so they cannot drift
apart unnoticed. Applications use ``Config`` and ``Client`` instead; tests of the boundary itself use
``load()`` and call the functions as C does.
"""

from __future__ import annotations

import ctypes
import functools
from ctypes import POINTER, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from typing import Any, Dict, List, Optional, Tuple

from ._library import HEADER, LibraryError, find_library, open_library
from ._structs import *  # noqa: F403
from .constants import FIO_E_UNSUPPORTED

_STATUS = c_int32
_HANDLE = c_void_p
_USER = c_void_p
_OP = c_uint64
_OP_OUT = POINTER(c_uint64)
_ID = c_uint64

# Every function of the header: what it returns and what it takes.
PROTOTYPES: Dict[str, Tuple[Any, List[Any]]] = {
    "fio_config_new": (_STATUS, [POINTER(_HANDLE)]),
    "fio_config_free": (_STATUS, [_HANDLE]),
    "fio_config_error": (POINTER(ErrorStruct), [_HANDLE]),
    "fio_config_set_client_id": (_STATUS, [_HANDLE, c_char_p]),
    "fio_config_set_client_secret": (_STATUS, [_HANDLE, c_char_p, c_size_t]),
    "fio_config_set_client_version": (_STATUS, [_HANDLE, c_char_p]),
    "fio_config_set_base_url": (_STATUS, [_HANDLE, c_char_p]),
    "fio_config_set_ca_file": (_STATUS, [_HANDLE, c_char_p]),
    "fio_config_set_ca_pem": (_STATUS, [_HANDLE, c_char_p, c_size_t]),
    "fio_config_set_store_dir": (_STATUS, [_HANDLE, c_char_p]),
    "fio_config_set_store": (
        _STATUS, [_HANDLE, LoadCallback, SaveCallback, EraseCallback, ListCallback, _USER, DestroyCallback]),
    "fio_config_set_store_key": (_STATUS, [_HANDLE, POINTER(c_uint8), c_size_t]),
    "fio_config_set_log": (_STATUS, [_HANDLE, c_int32, LogCallback, _USER, DestroyCallback]),
    "fio_config_set_event": (_STATUS, [_HANDLE, EventCallback, _USER, DestroyCallback]),
    "fio_config_set_encoding": (_STATUS, [_HANDLE, c_int32]),
    "fio_config_set_url_pairing": (_STATUS, [_HANDLE, c_int32]),
    "fio_config_set_timeouts": (_STATUS, [_HANDLE, c_int32, c_int32]),
    "fio_config_set_resolve": (_STATUS, [_HANDLE, c_char_p, c_int32, c_char_p]),
    "fio_config_set_poller": (_STATUS, [_HANDLE, c_int32]),
    "fio_config_set_clock_floor": (_STATUS, [_HANDLE, c_int64]),
    "fio_config_set_clock": (_STATUS, [_HANDLE, MonotonicCallback, WallClockCallback, _USER, DestroyCallback]),
    "fio_config_set_entropy": (_STATUS, [_HANDLE, EntropyCallback, _USER, DestroyCallback]),
    "fio_config_set_stall_timeout": (_STATUS, [_HANDLE, c_int32]),
    "fio_config_set_parallel_parts": (_STATUS, [_HANDLE, c_uint32]),
    "fio_config_set_progress_interval": (_STATUS, [_HANDLE, c_int32]),
    "fio_config_set_history": (_STATUS, [_HANDLE, c_uint32]),
    "fio_config_set_tag_memory": (_STATUS, [_HANDLE, c_uint32]),
    "fio_config_set_bandwidth": (_STATUS, [_HANDLE, c_uint64]),
    "fio_config_set_interfaces": (_STATUS, [_HANDLE, POINTER(c_char_p), c_size_t]),
    "fio_client_new": (_STATUS, [_HANDLE, POINTER(_HANDLE)]),
    "fio_client_free": (_STATUS, [_HANDLE]),
    "fio_client_error": (POINTER(ErrorStruct), [_HANDLE]),
    "fio_drive": (_STATUS, [_HANDLE, c_int32]),
    "fio_wait": (_STATUS, [_HANDLE, _OP]),
    "fio_fd": (c_int32, [_HANDLE]),
    "fio_timeout_ms": (_STATUS, [_HANDLE, POINTER(c_int64)]),
    "fio_cancel": (_STATUS, [_HANDLE, _OP]),
    "fio_wakeup": (_STATUS, [_HANDLE]),
    "fio_request_code": (_STATUS, [_HANDLE, CodeCallback, _USER, _OP_OUT]),
    "fio_poll": (_STATUS, [_HANDLE, DoneCallback, _USER, _OP_OUT]),
    "fio_pair": (_STATUS, [_HANDLE, c_int32, ShowCodeCallback, DeviceCallback, _USER, _OP_OUT]),
    "fio_refresh": (_STATUS, [_HANDLE, DoneCallback, _USER, _OP_OUT]),
    "fio_revoke": (_STATUS, [_HANDLE, DoneCallback, _USER, _OP_OUT]),
    "fio_auth_state": (c_int32, [_HANDLE]),
    "fio_access_token": (_STATUS, [_HANDLE, c_void_p, c_size_t, POINTER(c_size_t)]),
    "fio_device_info": (_STATUS, [_HANDLE, DeviceCallback, _USER, _OP_OUT]),
    "fio_device_cached": (_STATUS, [_HANDLE, POINTER(POINTER(DeviceStruct))]),
    "fio_heartbeat": (_STATUS, [_HANDLE, DoneCallback, _USER, _OP_OUT]),
    "fio_set_online": (_STATUS, [_HANDLE, c_int32]),
    "fio_upload_new": (_STATUS, [POINTER(_HANDLE)]),
    "fio_upload_free": (_STATUS, [_HANDLE]),
    "fio_upload_error": (POINTER(ErrorStruct), [_HANDLE]),
    "fio_upload_set_path": (_STATUS, [_HANDLE, c_char_p]),
    "fio_upload_set_descriptor": (_STATUS, [_HANDLE, c_int32]),
    "fio_upload_set_reader": (_STATUS, [_HANDLE, c_uint64, ReadCallback, _USER, DestroyCallback]),
    "fio_upload_set_pushed": (_STATUS, [_HANDLE]),
    "fio_upload_set_name": (_STATUS, [_HANDLE, c_char_p]),
    "fio_upload_set_extension": (_STATUS, [_HANDLE, c_char_p]),
    "fio_upload_set_media_type": (_STATUS, [_HANDLE, c_char_p]),
    "fio_upload_set_channel": (_STATUS, [_HANDLE, c_uint32]),
    "fio_upload_set_created": (_STATUS, [_HANDLE, c_int64]),
    "fio_upload_set_tag": (_STATUS, [_HANDLE, POINTER(c_uint8), c_size_t]),
    "fio_upload_set_again": (_STATUS, [_HANDLE, c_int32]),
    "fio_upload_set_priority": (_STATUS, [_HANDLE, c_int32]),
    "fio_upload_set_parts": (_STATUS, [_HANDLE, c_uint32]),
    "fio_upload_set_verify": (_STATUS, [_HANDLE, c_int32]),
    "fio_upload_set_recording": (_STATUS, [_HANDLE, c_uint64, c_uint64]),
    "fio_upload_start": (_STATUS, [_HANDLE, _HANDLE, POINTER(_ID)]),
    "fio_upload_find": (_STATUS, [_HANDLE, POINTER(c_uint8), c_size_t, POINTER(_ID), POINTER(c_int32)]),
    "fio_upload_attach": (_STATUS, [_HANDLE, _ID, _HANDLE]),
    "fio_upload_get": (_STATUS, [_HANDLE, _ID, POINTER(POINTER(UploadInfoStruct))]),
    "fio_upload_push": (_STATUS, [_HANDLE, _ID, c_uint64, POINTER(c_uint8), c_size_t]),
    "fio_upload_advance": (_STATUS, [_HANDLE, _ID, c_uint64]),
    "fio_upload_finish": (_STATUS, [_HANDLE, _ID, c_int64, c_char_p]),
    "fio_upload_cancel": (_STATUS, [_HANDLE, _ID]),
    "fio_upload_retry": (_STATUS, [_HANDLE, _ID]),
    "fio_upload_pause": (_STATUS, [_HANDLE, _ID]),
    "fio_upload_resume": (_STATUS, [_HANDLE, _ID]),
    "fio_upload_move_to_project": (_STATUS, [_HANDLE, _ID]),
    "fio_upload_remove": (_STATUS, [_HANDLE, _ID]),
    "fio_upload_prioritize": (_STATUS, [_HANDLE, _ID, c_int32]),
    "fio_queue_list": (_STATUS, [_HANDLE, UploadCallback, _USER]),
    "fio_queue_totals": (_STATUS, [_HANDLE, POINTER(POINTER(TotalsStruct))]),
    "fio_queue_pause": (_STATUS, [_HANDLE]),
    "fio_queue_resume": (_STATUS, [_HANDLE]),
    "fio_queue_cancel_all": (_STATUS, [_HANDLE]),
    "fio_queue_set_auto_start": (_STATUS, [_HANDLE, c_int32]),
    "fio_queue_forget_tags": (_STATUS, [_HANDLE]),
    "fio_queue_set_bandwidth": (_STATUS, [_HANDLE, c_uint64]),
    "fio_queue_set_interfaces": (_STATUS, [_HANDLE, POINTER(c_char_p), c_size_t]),
    "fio_comment": (_STATUS, [_HANDLE, c_char_p, c_char_p, c_double, DoneCallback, _USER, _OP_OUT]),
    "fio_qr_encode": (_STATUS, [c_char_p, POINTER(c_uint8), c_size_t, POINTER(c_int32)]),
    "fio_status_name": (c_char_p, [_STATUS]),
    "fio_status_message": (c_char_p, [_STATUS]),
    "fio_status_advice": (c_char_p, [_STATUS]),
    "fio_version": (c_char_p, []),
    "fio_version_details": (c_char_p, []),
    "fio_version_number": (c_uint32, []),
}

# What a library for devices that only pair is built without.
_LEFT_OUT = ("fio_upload_", "fio_queue_", "fio_comment")


@functools.lru_cache(maxsize=None)
def load(path: Optional[str] = None) -> ctypes.CDLL:
    """The library with all prototypes set. Loaded once per path."""
    library = open_library(path or find_library())
    for name, (result, arguments) in PROTOTYPES.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            if not name.startswith(_LEFT_OUT):
                raise LibraryError(f"{library._name} lacks {name}: it is damaged, or another library") from None
            setattr(library, name, _unsupported)
            continue
        function.restype = result
        function.argtypes = arguments
    return library


def _unsupported(*arguments: Any) -> int:
    return FIO_E_UNSUPPORTED
