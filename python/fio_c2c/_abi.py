"""The C interface as ctypes sees it: structures, callback types, prototypes, and loading.

Everything here mirrors ``include/fio_c2c.h``; ``_header.py`` compares the two, so they cannot drift
apart unnoticed. Applications use ``Config`` and ``Client`` instead; tests of the boundary itself use
``load()`` and call the functions as C does.
"""

from __future__ import annotations

import ctypes
import functools
import os
from ctypes import (CFUNCTYPE, POINTER, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint8, c_uint32, c_uint64,
                    c_void_p)
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

ROOT = Path(__file__).resolve().parents[2]
HEADER = ROOT / "include" / "fio_c2c.h"


class ErrorStruct(ctypes.Structure):
    """``fio_error``"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("status", c_int32),
        ("retry", c_int32),
        ("http_status", c_int32),
        ("curl_code", c_int32),
        ("reserved", c_int32),
        ("retry_after_ms", c_int64),
        ("op", c_uint64),
        ("name", c_char_p),
        ("message", c_char_p),
        ("message_length", c_size_t),
        ("advice", c_char_p),
        ("oauth_error", c_char_p),
        ("name_length", c_size_t),
        ("advice_length", c_size_t),
        ("oauth_error_length", c_size_t),
    ]


class ChannelStruct(ctypes.Structure):
    """``fio_channel``"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("presence", c_int32),
        ("index", c_uint32),
        ("reserved", c_int32),
        ("id", c_char_p),
        ("name", c_char_p),
        ("asset_type", c_char_p),
        ("id_length", c_size_t),
        ("name_length", c_size_t),
        ("asset_type_length", c_size_t),
    ]


class DeviceStruct(ctypes.Structure):
    """``fio_device``"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("presence", c_int32),
        ("op", c_uint64),
        ("project_id", c_char_p),
        ("project_name", c_char_p),
        ("id", c_char_p),
        ("name", c_char_p),
        ("asset_type", c_char_p),
        ("timezone", c_char_p),
        ("creator_name", c_char_p),
        ("channels", POINTER(POINTER(ChannelStruct))),
        ("channel_count", c_size_t),
        ("project_id_length", c_size_t),
        ("project_name_length", c_size_t),
        ("id_length", c_size_t),
        ("name_length", c_size_t),
        ("asset_type_length", c_size_t),
        ("timezone_length", c_size_t),
        ("creator_name_length", c_size_t),
    ]


class UploadInfoStruct(ctypes.Structure):
    """``fio_upload_info``"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("state", c_int32),
        ("id", c_uint64),
        ("size", c_uint64),
        ("confirmed", c_uint64),
        ("in_flight", c_uint64),
        ("retry_in_ms", c_int64),
        ("priority", c_int32),
        ("is_recording", c_int32),
        ("reason", POINTER(ErrorStruct)),
        ("name", c_char_p),
        ("media_type", c_char_p),
        ("path", c_char_p),
        ("tag", POINTER(c_uint8)),
        ("asset_id", c_char_p),
        ("project_id", c_char_p),
        ("name_length", c_size_t),
        ("media_type_length", c_size_t),
        ("path_length", c_size_t),
        ("tag_length", c_size_t),
        ("asset_id_length", c_size_t),
        ("project_id_length", c_size_t),
    ]


class TotalsStruct(ctypes.Structure):
    """``fio_totals``"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("is_paused", c_int32),
        ("current", c_uint64),
        ("files_left", c_uint64),
        ("bytes_left", c_uint64),
        ("queued", c_uint64),
        ("uploading", c_uint64),
        ("waiting", c_uint64),
        ("done", c_uint64),
        ("failed", c_uint64),
        ("skipped", c_uint64),
        ("canceled", c_uint64),
        ("bytes_per_second", c_uint64),
        ("seconds_left", c_int64),
    ]


class EventStruct(ctypes.Structure):
    """``fio_event``"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_int32),
        ("wait_ms", c_int64),
        ("error", POINTER(ErrorStruct)),
        ("device", POINTER(DeviceStruct)),
        ("previous_project_id", c_char_p),
        ("previous_project_id_length", c_size_t),
        ("upload", POINTER(UploadInfoStruct)),
        ("totals", POINTER(TotalsStruct)),
    ]


class CodeStruct(ctypes.Structure):
    """``fio_code``"""

    _fields_ = [
        ("struct_size", c_uint32),
        ("number", c_uint32),
        ("op", c_uint64),
        ("expires_in_ms", c_int64),
        ("interval_ms", c_int64),
        ("user_code", c_char_p),
        ("verification_uri", c_char_p),
        ("verification_uri_complete", c_char_p),
        ("device_name", c_char_p),
        ("user_code_length", c_size_t),
        ("verification_uri_length", c_size_t),
        ("verification_uri_complete_length", c_size_t),
        ("device_name_length", c_size_t),
    ]


STRUCTS = {
    "fio_error": ErrorStruct,
    "fio_channel": ChannelStruct,
    "fio_device": DeviceStruct,
    "fio_upload_info": UploadInfoStruct,
    "fio_totals": TotalsStruct,
    "fio_event": EventStruct,
    "fio_code": CodeStruct,
}

# Handles are opaque: c_void_p stands for `fio_config *`, `fio_client *` and `fio_upload *`, and for
# `void *user`.

DoneCallback = CFUNCTYPE(None, c_void_p, POINTER(ErrorStruct))
CodeCallback = CFUNCTYPE(None, c_void_p, POINTER(ErrorStruct), POINTER(CodeStruct))
DeviceCallback = CFUNCTYPE(None, c_void_p, POINTER(ErrorStruct), POINTER(DeviceStruct))
ShowCodeCallback = CFUNCTYPE(None, c_void_p, POINTER(CodeStruct))
EventCallback = CFUNCTYPE(None, c_void_p, POINTER(EventStruct))
LogCallback = CFUNCTYPE(None, c_void_p, c_int32, c_char_p, c_size_t)
DestroyCallback = CFUNCTYPE(None, c_void_p)
LoadCallback = CFUNCTYPE(c_int32, c_void_p, c_char_p, POINTER(c_uint8), c_size_t, POINTER(c_size_t))
SaveCallback = CFUNCTYPE(c_int32, c_void_p, c_char_p, POINTER(c_uint8), c_size_t)
EraseCallback = CFUNCTYPE(c_int32, c_void_p, c_char_p)
KeyCallback = CFUNCTYPE(None, c_void_p, c_char_p)
ListCallback = CFUNCTYPE(c_int32, c_void_p, KeyCallback, c_void_p)
MonotonicCallback = CFUNCTYPE(c_uint64, c_void_p)
WallClockCallback = CFUNCTYPE(c_int64, c_void_p)
EntropyCallback = CFUNCTYPE(c_int32, c_void_p, POINTER(c_uint8), c_size_t)
ReadCallback = CFUNCTYPE(c_int64, c_void_p, c_uint64, POINTER(c_uint8), c_size_t)
UploadCallback = CFUNCTYPE(None, c_void_p, POINTER(UploadInfoStruct))

CALLBACKS = {
    "fio_done_cb": DoneCallback,
    "fio_code_cb": CodeCallback,
    "fio_device_cb": DeviceCallback,
    "fio_show_code_cb": ShowCodeCallback,
    "fio_event_cb": EventCallback,
    "fio_log_cb": LogCallback,
    "fio_destroy_cb": DestroyCallback,
    "fio_store_load_cb": LoadCallback,
    "fio_store_save_cb": SaveCallback,
    "fio_store_erase_cb": EraseCallback,
    "fio_store_key_cb": KeyCallback,
    "fio_store_list_cb": ListCallback,
    "fio_monotonic_cb": MonotonicCallback,
    "fio_wall_clock_cb": WallClockCallback,
    "fio_entropy_cb": EntropyCallback,
    "fio_read_cb": ReadCallback,
    "fio_upload_cb": UploadCallback,
}

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
    "fio_upload_set_priority": (_STATUS, [_HANDLE, c_int32]),
    "fio_upload_set_parts": (_STATUS, [_HANDLE, c_uint32]),
    "fio_upload_set_verify": (_STATUS, [_HANDLE, c_int32]),
    "fio_upload_set_recording": (_STATUS, [_HANDLE, c_uint64, c_uint64]),
    "fio_upload_start": (_STATUS, [_HANDLE, _HANDLE, POINTER(_ID)]),
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
    "fio_queue_set_bandwidth": (_STATUS, [_HANDLE, c_uint64]),
    "fio_queue_set_interfaces": (_STATUS, [_HANDLE, POINTER(c_char_p), c_size_t]),
    "fio_comment": (_STATUS, [_HANDLE, c_char_p, c_char_p, c_double, DoneCallback, _USER, _OP_OUT]),
    "fio_qr_encode": (_STATUS, [c_char_p, POINTER(c_uint8), c_size_t, POINTER(c_int32)]),
    "fio_status_name": (c_char_p, [_STATUS]),
    "fio_status_message": (c_char_p, [_STATUS]),
    "fio_status_advice": (c_char_p, [_STATUS]),
    "fio_version": (c_char_p, []),
    "fio_version_number": (c_uint32, []),
}


def find_library(tls: Optional[str] = None) -> str:
    """The library's path: FIO_LIBRARY if set, else where ``make lib`` puts it.

    ``tls`` (or the environment's FIO_TLS) chooses between ``bundled``, the default, and ``system``.
    """
    given = os.environ.get("FIO_LIBRARY")
    if given and tls is None:
        return given
    variant = tls or os.environ.get("FIO_TLS") or "bundled"
    return str(ROOT / "build" / variant / "libfio_c2c.so")


@functools.lru_cache(maxsize=None)
def load(path: Optional[str] = None) -> ctypes.CDLL:
    """The library with all prototypes set. Loaded once per path."""
    library = ctypes.CDLL(path or find_library())
    for name, (result, arguments) in PROTOTYPES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library
