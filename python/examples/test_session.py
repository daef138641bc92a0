"""A camera in certification sessions: the emulator's scenarios, with this Python camera at the other end. Put your
device's buttons and relays in its place, and run `pytest`."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Iterator, Optional

import pytest

from fio_c2c import FIO_AUTH_AUTHORIZED, FIO_AUTH_PENDING, Client, FioError, Operation
from fio_c2c.emulator import Emulator
from fio_c2c.results import Device
from fio_c2c.scenario import Operator


#: The scenarios that the emulator brings. "idle" is left out: it takes minutes in which nothing is done.
SCENARIOS = ["pairing", "uploads", "side_by_side", "expiry", "lost_refresh_reply", "pause", "storage_503", "expired_urls",
             "slow_link", "dead_network", "down_at_boot", "power_cut", "network_change", "cancel", "disconnected"]


class Camera(Operator):
    """What it knows is in its folder, as a real camera's is in its flash memory."""

    def __init__(self, service: Emulator, folder: Path) -> None:
        self._service = service
        self._folder = folder
        self._client: Optional[Client] = None
        self._pairing: Optional[Operation[Device]] = None

    def switch_on(self) -> None:
        if self._client is None:
            self._client = Client(**self._service.identity(), store_dir=self._folder / "flash")
            self._client.set_online(True)
        if self._client.auth_state() != FIO_AUTH_AUTHORIZED:
            self.pair()

    def switch_off(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    # To the records in its flash memory it makes no difference.
    cut_power = switch_off

    def pair(self) -> None:
        client = self._on()
        if client.auth_state() != FIO_AUTH_PENDING:  # otherwise it shows a code already
            self.cancel_pairing()
            self._pairing = client.pair()

    def cancel_pairing(self) -> None:
        if self._pairing is not None and not self._pairing.is_over:
            self._pairing.cancel()
            with contextlib.suppress(FioError):
                self._pairing.wait(10)

    def record(self, name: str, size: int) -> None:
        clip = self._folder / name
        clip.write_bytes(os.urandom(size))
        self._on().upload(path=clip)

    def cancel_upload(self, name: Optional[str]) -> None:
        for upload in self._on().queue:
            info = upload.info()
            if not info.is_over and name in (None, info.name):
                return upload.cancel()
        raise RuntimeError(f"there is no upload to cancel: {name}")

    def cancel_all_uploads(self) -> None:
        self._on().queue.cancel_all()

    def change_network(self) -> None:
        """The system joins it; the camera has nothing to do."""

    def drive(self) -> bool:
        """The camera's own work, in this thread. False says that it is off and has none."""
        if self._client is not None:
            self._client.drive(50)
        return self._client is not None

    def _on(self) -> Client:
        if self._client is None:
            raise RuntimeError("the camera is off")
        return self._client


@pytest.fixture
def camera(fio_emulator: Emulator, tmp_path: Path) -> Iterator[Camera]:
    made = Camera(fio_emulator, tmp_path)
    yield made
    made.switch_off()


@pytest.mark.fio_clean
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_session(fio_emulator: Emulator, camera: Camera, scenario: str) -> None:
    fio_emulator.scenario(scenario, camera)


OUR_OWN = """
title = "A pairing"
rows = ["version_header", "device_information"]

[[step]]
person = { decision = "approve" }

[[step]]
operate = "switch_on"

[[step]]
await = { device = "paired" }
"""


@pytest.mark.fio_clean
def test_a_session_of_our_own(fio_emulator: Emulator, camera: Camera) -> None:
    assert fio_emulator.scenario(OUR_OWN, camera)["state"] == "passed"
