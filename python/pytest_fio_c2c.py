"""The pytest plugin of fio_c2c: an emulator of the service for a test, and devices that talk to it.

    def test_pairing(fio_emulator, fio_client):
        fio_emulator.person("approve")
        assert fio_client().pair().wait().project_name == "Feature A"

A module of its own, so that a run of pytest that uses none of this loads none of the package.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Callable, Iterator, cast

import pytest

if TYPE_CHECKING:
    from fio_c2c import Client, Settings
    from fio_c2c.emulator import Emulator

    ClientFactory = Callable[..., Client]


@pytest.fixture
def fio_emulator() -> "Iterator[Emulator]":
    """An emulator of the service that only this test uses (a ``fio_c2c.emulator.Emulator``)."""
    from fio_c2c.emulator import Emulator

    with Emulator() as service:
        yield service


@pytest.fixture
def fio_client(fio_emulator: "Emulator") -> "Iterator[ClientFactory]":
    """Makes a ``fio_c2c.Client`` of ``fio_emulator``, a new device each time. Takes the settings of a client;
    closes all of them at the end of the test."""
    from fio_c2c import Client

    serial = itertools.count(1)
    with contextlib.ExitStack() as clients:

        def make(**settings: object) -> "Client":
            usual = fio_emulator.identity(f"CAM-{next(serial)}")
            return clients.enter_context(Client(**cast("Settings", {**usual, **settings})))

        yield make
