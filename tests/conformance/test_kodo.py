"""The Kodo plugin with the emulator: bare, and through all layers over calls and a wire that fail."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest

from tests.emulators.kodo import Kodo
from transfer.plugin import Store, StoreOptions
from transfer.testing.conformance import MakeStore, StoreConformance
from transfer.testing.faultproxy import fault_proxy
from transfer.testing.faults import CALL_FAULTS, READ_FAULTS, Fault, Plan, chance
from transfer.testing.layered import through_layers
from transfer_qiniu import plugin


@pytest.fixture
def bucket(kodo_server: Kodo) -> str:
    """The name of a fresh bucket."""
    return kodo_server.create_bucket(f"bucket-{uuid.uuid4().hex[:12]}").name


class TestKodo(StoreConformance):
    """What Kodo can do, as far as its documents tell."""

    @pytest.fixture
    def make_store(self, kodo_server: Kodo, bucket: str) -> MakeStore:
        async def make(folder: str = "") -> Store:
            return await plugin.open(kodo_server.location(bucket, folder), StoreOptions())

        return make


class TestKodoByBlocks(TestKodo):
    """The same, in parts of which Kodo makes a comparable hash."""

    @pytest.fixture
    def make_store(self, kodo_server: Kodo, bucket: str) -> MakeStore:
        async def make(folder: str = "") -> Store:
            location = kodo_server.location(bucket, folder, comparable_hash="true")
            return await plugin.open(location, StoreOptions())

        return make


class TestKodoThroughLayers(TestKodo):
    """Calls that fail in passing are not noticed above the layers."""

    def faults(self) -> Plan:
        return chance(1)


class TestKodoOverBadWire(TestKodo):
    """Nor are faults on the wire, to the services and to the download domain."""

    @pytest.fixture
    async def make_store(self, kodo_server: Kodo, bucket: str) -> AsyncIterator[MakeStore]:
        # A hung request is cut by a timeout, for which there is a test of its own.
        calls, reads = ([fault for fault in faults if fault is not Fault.HUNG] for faults in (CALL_FAULTS, READ_FAULTS))
        port = int(kodo_server.buckets[bucket].domain.rpartition(":")[2])
        plan = chance(3, 0.2, calls=calls, reads=reads)
        async with fault_proxy(kodo_server.port, plan) as services, fault_proxy(port, plan) as domain:

            async def make(folder: str = "") -> Store:
                endpoints = {"endpoint": services.endpoint, "domain": domain.endpoint}
                return await plugin.open(kodo_server.location(bucket, folder, **endpoints), StoreOptions())

            yield through_layers(make, lambda what: None)
