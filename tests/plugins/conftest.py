"""A fresh bucket of each cloud that is emulated."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.emulators.conftest import cos_server, cos_started, oss_server, oss_started, s3_server, s3_started
from tests.emulators.cos import Cos
from tests.emulators.oss import Oss
from tests.emulators.running import Emulator
from tests.plugins import cosplace, ossplace

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
