"""The structures and callback types of the C interface, as ctypes sees them."""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int32, c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p


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
        ("age_seconds", c_int64),
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
