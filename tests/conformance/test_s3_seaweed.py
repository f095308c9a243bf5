"""The S3 plugin with SeaweedFS, bare and through all layers."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar

import pytest

from transfer.plugin import Store, StoreOptions
from transfer.testing.conformance import MakeStore, StoreConformance
from transfer.testing.faultproxy import fault_proxy
from transfer.testing.faults import CALL_FAULTS, READ_FAULTS, Fault, chance
from transfer.testing.layered import CalmlyChecked, through_layers
from transfer.testing.names import paths
from transfer.testing.servers import Server
from transfer_s3 import plugin


class TestS3(StoreConformance):
    """What SeaweedFS can do."""

    known_defects: ClassVar[Mapping[str, str]] = {
        "parts_tell_replaced": "its ListParts tells of both, the part and the one that it replaced"
    }

    def holds(self, keys: Sequence[str]) -> Sequence[str]:
        """Keys are paths in its filer, where a backslash becomes a slash."""
        return [key for key in paths(keys) if "\\" not in key]

    @pytest.fixture
    def make_store(self, seaweed_place: MakeStore) -> MakeStore:
        return seaweed_place


class TestS3ThroughLayers(TestS3):
    """Faults on the wire that pass are not noticed above the layers."""

    @pytest.fixture
    async def make_store(self, seaweed_server: Server, seaweed_shared: str) -> AsyncIterator[MakeStore]:
        # A hung request is cut by a timeout, for which there is a test of its own.
        calls, reads = ([fault for fault in faults if fault is not Fault.HUNG] for faults in (CALL_FAULTS, READ_FAULTS))
        async with fault_proxy(seaweed_server.port, chance(3, 0.2, calls=calls, reads=reads)) as proxy:
            place = uuid.uuid4().hex

            async def make(folder: str = "") -> Store:
                prefix = f"{place}/{folder}" if folder else place
                location = seaweed_server.location(seaweed_shared, prefix, endpoint=proxy.endpoint)
                return CalmlyChecked(await plugin.open(location, StoreOptions(tags=True)), proxy)

            yield through_layers(make, lambda what: None)
