"""A fresh bucket of each cloud that is emulated."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.emulators.conftest import oss_server, oss_started, s3_server, s3_started
from tests.emulators.oss import Oss
from tests.emulators.running import Emulator
from tests.plugins.ossplace import OssPlace

__all__ = ["oss_server", "oss_started", "s3_server", "s3_started"]


@pytest.fixture
async def oss(oss_server: Emulator[Oss]) -> AsyncIterator[OssPlace]:
    """A fresh bucket of OSS, and stores of it that are closed in the end."""
    place = OssPlace(oss_server, oss_server.fresh_bucket())
    yield place
    await place.aclose()
