"""Stores as the engine has them: with all layers around, here over calls that fail."""

from __future__ import annotations

import asyncio

from transfer.governor import Governor
from transfer.layers import wrap
from transfer.layers.layer import Layer
from transfer.plugin import Store
from transfer.testing.checks import MakeStore
from transfer.testing.faultproxy import FaultProxy
from transfer.testing.faults import Faulty, Plan
from transfer.testing.patient import Patient

_LONGEST_SLEEP = 0.002


def through_layers(make: MakeStore, plan: Plan) -> MakeStore:
    """Opens what ``make`` opens, with the faults of ``plan`` and, around them, all layers."""

    async def open_layered(folder: str = "") -> Store:
        faulty = Faulty(await make(folder), plan)
        return Patient(wrap(faulty, governor=Governor(16), sleep=_hurried_sleep, random=lambda: 0.0))

    return open_layered


class CalmlyChecked(Layer):
    """A store whose check meets no faults: it is many requests, and is tried only a few times."""

    def __init__(self, inner: Store, proxy: FaultProxy) -> None:
        super().__init__(inner)
        self._proxy = proxy

    async def check(self, *, write: bool) -> None:
        plan, self._proxy.plan = self._proxy.plan, lambda what: None
        await self._inner.check(write=write)
        self._proxy.plan = plan


async def _hurried_sleep(seconds: float) -> None:
    await asyncio.sleep(min(seconds, _LONGEST_SLEEP))
