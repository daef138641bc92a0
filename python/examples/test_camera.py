"""Tests of a camera against the emulator, with the fixtures that come with fio_c2c: run `pytest`."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from fio_c2c import Client, FioError
from fio_c2c.emulator import Emulator


def test_a_clip_arrives_although_the_storage_stumbles(fio_emulator: Emulator, fio_client: Callable[..., Client],
                                                      tmp_path: Path) -> None:
    clip = tmp_path / "A001.mov"
    clip.write_bytes(b"frames" * 1000)
    fio_emulator.person("approve")
    fio_emulator.fault("part", "reset")
    camera = fio_client()
    assert camera.pair().wait(20).project_name == "Feature A"
    camera.upload(path=clip).wait(20)
    assert fio_emulator.upload("A001.mov")["size"] == clip.stat().st_size
    assert fio_emulator.violations() == []


def test_a_person_refuses(fio_emulator: Emulator, fio_client: Callable[..., Client]) -> None:
    fio_emulator.person("deny")
    with pytest.raises(FioError, match="FIO_E_ACCESS_DENIED"):
        fio_client().pair().wait(20)


def test_each_test_has_an_emulator_of_its_own(fio_emulator: Emulator) -> None:
    assert fio_emulator.requests() == []
