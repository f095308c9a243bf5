"""A checkpoint to test with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.checkpoint.samples import PAIR
from transfer.checkpoint import Checkpoint


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pair.sqlite"


@pytest.fixture
async def checkpoint(path: Path) -> AsyncIterator[Checkpoint]:
    opened = await Checkpoint.open(path, PAIR)
    yield opened
    await opened.close()
