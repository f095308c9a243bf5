"""A fresh bucket of each cloud that is emulated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.conftest import cos_server, cos_started, oss_server, oss_started, s3_server, s3_started
from tests.emulators.cos import Cos
from tests.emulators.oss import Oss
from tests.emulators.running import Emulator
from tests.plugins import cosplace, ossplace
from tests.plugins.emulated import EmulatedPlace
from tests.plugins.natives import NATIVES, Native

__all__ = ["cos_server", "cos_started", "oss_server", "oss_started", "s3_server", "s3_started"]


@pytest.fixture
async def oss(oss_server: Emulator[Oss]) -> AsyncIterator[ossplace.OssPlace]:
    """A fresh bucket of OSS, and stores of it that are closed in the end."""
    place = ossplace.fresh(oss_server)
    yield place
    await place.aclose()


@pytest.fixture
async def cos(cos_server: Emulator[Cos]) -> AsyncIterator[cosplace.CosPlace]:
    """The same of COS."""
    place = cosplace.fresh(cos_server)
    yield place
    await place.aclose()


@pytest.fixture(params=NATIVES, ids=lambda native: native.scheme)
def native(request: pytest.FixtureRequest) -> Native:
    """Each cloud of S3's kin that has a protocol of its own."""
    found: Native = request.param
    return found


@pytest.fixture
async def place(native: Native, request: pytest.FixtureRequest) -> AsyncIterator[EmulatedPlace[Any]]:
    """A fresh bucket of it."""
    made = native.fresh(request.getfixturevalue(f"{native.scheme}_server"))
    yield made
    await made.aclose()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, empty."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"
