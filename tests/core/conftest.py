"""Every test of the core must leave no task behind, and none waits for a retry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from transfer.pipeline import fetch


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "PAUSE", 0.0)


@pytest.fixture(autouse=True)
async def no_orphans() -> AsyncIterator[None]:
    yield
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
