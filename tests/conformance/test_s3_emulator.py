"""The S3 plugin with the emulator, bare and through all layers."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.emulators.running import KEY, Emulator, serving
from tests.emulators.s3 import S3
from transfer.plugin import Location, Store, StoreOptions
from transfer.testing.conformance import MakeStore, StoreConformance
from transfer.testing.faultproxy import fault_proxy
from transfer.testing.faults import CALL_FAULTS, READ_FAULTS, Fault, chance
from transfer.testing.layered import CalmlyChecked, through_layers
from transfer_s3 import plugin

_OPTIONS = StoreOptions(tags=True)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator[S3]]:
    with serving(S3) as started:
        started.service.make_bucket("conformance")
        yield started


def _location(endpoint: str, prefix: str) -> Location:
    settings = {
        "endpoint": endpoint,
        "region": "us-east-1",
        "access_key_id": KEY.id,
        "secret_access_key": KEY.secret,
    }
    return Location(f"s3://conformance/{prefix}", "s3", "conformance", prefix, settings)


class TestS3(StoreConformance):
    """What S3 itself can do, with all of its checks."""

    @pytest.fixture
    def make_store(self, emulator: Emulator[S3]) -> MakeStore:
        place = uuid.uuid4().hex

        async def make(folder: str = "") -> Store:
            prefix = f"{place}/{folder}" if folder else place
            return await plugin.open(_location(emulator.endpoint, prefix), _OPTIONS)

        return make


class TestS3ThroughLayers(TestS3):
    """Faults on the wire that pass are not noticed above the layers."""

    @pytest.fixture
    async def make_store(self, emulator: Emulator[S3]) -> AsyncIterator[MakeStore]:
        # A hung request is cut by a timeout, for which there is a test of its own.
        calls, reads = ([fault for fault in faults if fault is not Fault.HUNG] for faults in (CALL_FAULTS, READ_FAULTS))
        async with fault_proxy(emulator.port, chance(3, 0.2, calls=calls, reads=reads)) as proxy:
            place = uuid.uuid4().hex

            async def make(folder: str = "") -> Store:
                prefix = f"{place}/{folder}" if folder else place
                return CalmlyChecked(await plugin.open(_location(proxy.endpoint, prefix), _OPTIONS), proxy)

            yield through_layers(make, lambda what: None)
