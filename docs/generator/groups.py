"""The groups of the reference, in the order of the header, and what belongs to each."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    id: str
    title: str
    summary: str
    # Of the names that belong to it.
    pattern: str


GROUPS = (
    Group("config", "Configuration", "Everything that is set before the first byte is sent.",
          r"fio_config.*|FIO_ENCODING_.*|FIO_KEY_EXCHANGE_.*|FIO_POLLER_.*|FIO_LOG_.*|fio_log_cb|FIO_STORE_.*|FIO_CB_.*|fio_store_.*_cb"
          r"|fio_destroy_cb|fio_monotonic_cb|fio_wall_clock_cb|fio_entropy_cb"),
    Group("client", "Client", "One physical device.", r"fio_client(_new|_free|_error)?"),
    Group("drive", "Driving", "Where all work and all callbacks happen, and how to fit it into a loop.",
          r"fio_drive|fio_wait|fio_fd|fio_timeout_ms|fio_cancel|fio_wakeup|fio_network_changed|fio_op|FIO_OP_.*|fio_done_cb"),
    Group("pairing", "Pairing", "A code on the screen, a person's decision.",
          r"fio_request_code|fio_poll|fio_pair|fio_code.*|fio_show_code_cb"),
    Group("authorization", "Authorization", "The life of the tokens.",
          r"fio_refresh|fio_revoke|fio_auth_state|fio_access_token|FIO_AUTH_.*"),
    Group("device", "Device", "The project, the channels, and being seen as online.",
          r"fio_device.*|fio_channel|fio_heartbeat|fio_set_online|FIO_PRESENCE_.*"),
    Group("upload", "Uploads and recordings", "One file on its way, whole or while it is recorded.",
          r"fio_upload(?!_cb).*|FIO_UPLOAD_.*|fio_read_cb"),
    Group("queue", "Queue", "All uploads as a person sees them.", r"fio_queue_.*|fio_totals|fio_upload_cb"),
    Group("comment", "Comment", "A remark at a frame.", r"fio_comment"),
    Group("screen", "Screen", "A QR code for the display.", r"fio_qr_encode"),
    Group("diagnosis", "Diagnosis", "Names, texts and versions.", r"fio_status_.*|fio_version.*|FIO_VERSION.*"),
    Group("event", "Events", "What the library tells without being asked.",
          r"FIO_EVENT_.*|fio_event(_cb)?"),
    Group("status", "Statuses and errors", "What functions return, and what an error says.",
          r"FIO_OK|FIO_E_.*|FIO_RETRY_.*|fio_status|fio_error"),
)


def group_of(name: str) -> str | None:
    return next((group.id for group in GROUPS if re.fullmatch(group.pattern, name)), None)


def definitions() -> str:
    """The groups for Doxygen."""
    return "\n".join(f"/** @defgroup {group.id} {group.title}\n@brief {group.summary} */" for group in GROUPS)


def contents() -> str:
    """A table of the groups, as Markdown."""
    lines = [f'| @ref {group.id} "{group.title}" | {group.summary} |' for group in GROUPS]
    return "\n".join(["| topic | |", "| --- | --- |", *lines])
