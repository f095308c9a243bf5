"""The memory plugin, bare and through all layers."""

from __future__ import annotations

import uuid

import pytest

from transfer.plugin import Location, Store, StoreOptions
from transfer.testing.conformance import MakeStore, StoreConformance
from transfer.testing.faults import Plan, chance
from transfer_memory import plugin


class TestMemory(StoreConformance):
    """It is the reference: everything holds."""

    many = 2500

    @pytest.fixture
    def make_store(self) -> MakeStore:
        bucket = uuid.uuid4().hex

        async def make(folder: str = "") -> Store:
            return await plugin.open(Location(f"memory://{bucket}", "memory", bucket, folder), StoreOptions(tags=True))

        return make


class TestMemoryThroughLayers(TestMemory):
    """Faults that pass are not noticed above the layers."""

    many = 1100

    def faults(self) -> Plan:
        return chance(1)
