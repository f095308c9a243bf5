"""The COS plugin with the emulator, bare and through all layers."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from tests.emulators.cos import Cos
from tests.emulators.running import KEY, Emulator, serving
from transfer.plugin import Location, Store, StoreOptions
from transfer.testing.conformance import MakeStore, StoreConformance
from transfer.testing.faultproxy import fault_proxy
from transfer.testing.faults import CALL_FAULTS, READ_FAULTS, Fault, chance
from transfer.testing.layered import CalmlyChecked, through_layers
from transfer_cos import plugin
from transfer_cos.dialect import COS

_OPTIONS = StoreOptions(tags=True)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator[Cos]]:
    with serving(Cos) as started:
        started.service.make_bucket("conformance-1250000000")
        yield started


def _location(endpoint: str, prefix: str) -> Location:
    settings = {
        "endpoint": endpoint,
        "region": "ap-guangzhou",
        "secret_id": KEY.id,
        "secret_key": KEY.secret,
    }
    return Location(f"cos://conformance-1250000000/{prefix}", "cos", "conformance-1250000000", prefix, settings)


class TestCos(StoreConformance):
    """What COS can do."""

    def holds(self, keys: Sequence[str]) -> Sequence[str]:
        """Four control characters, once those of arrow keys, are refused."""
        return [key for key in keys if COS.limits.refused.isdisjoint(key)]

    @pytest.fixture
    def make_store(self, emulator: Emulator[Cos]) -> MakeStore:
        place = uuid.uuid4().hex

        async def make(folder: str = "") -> Store:
            prefix = f"{place}/{folder}" if folder else place
            return await plugin.open(_location(emulator.endpoint, prefix), _OPTIONS)

        return make


class TestCosThroughLayers(TestCos):
    """Faults on the wire that pass are not noticed above the layers."""

    @pytest.fixture
    async def make_store(self, emulator: Emulator[Cos]) -> AsyncIterator[MakeStore]:
        # A hung request is cut by a timeout, for which there is a test of its own.
        calls, reads = ([fault for fault in faults if fault is not Fault.HUNG] for faults in (CALL_FAULTS, READ_FAULTS))
        async with fault_proxy(emulator.port, chance(3, 0.2, calls=calls, reads=reads)) as proxy:
            place = uuid.uuid4().hex

            async def make(folder: str = "") -> Store:
                prefix = f"{place}/{folder}" if folder else place
                return CalmlyChecked(await plugin.open(_location(proxy.endpoint, prefix), _OPTIONS), proxy)

            yield through_layers(make, lambda what: None)
