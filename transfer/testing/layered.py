"""Stores as the engine has them: with all layers around, here over calls that fail."""

from __future__ import annotations

import asyncio

from transfer.governor import Governor
from transfer.layers import wrap
from transfer.plugin import Store
from transfer.testing.checks import MakeStore
from transfer.testing.faults import Faulty, Plan
from transfer.testing.patient import Patient

_LONGEST_SLEEP = 0.002


def through_layers(make: MakeStore, plan: Plan) -> MakeStore:
    """Opens what ``make`` opens, with the faults of ``plan`` and, around them, all layers."""

    async def open_layered(folder: str = "") -> Store:
        faulty = Faulty(await make(folder), plan)
        return Patient(wrap(faulty, governor=Governor(16), sleep=_hurried_sleep, random=lambda: 0.0))

    return open_layered


async def _hurried_sleep(seconds: float) -> None:
    await asyncio.sleep(min(seconds, _LONGEST_SLEEP))
