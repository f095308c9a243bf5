"""Folders on disk, bare and through all layers."""

from __future__ import annotations

from pathlib import Path

import pytest

from transfer.plugin import Location, Store, StoreOptions
from transfer.testing.conformance import MakeStore, StoreConformance
from transfer.testing.faults import LOUD_READ_FAULTS, Plan, chance
from transfer_local import plugin


class TestLocal(StoreConformance):
    """Files are objects."""

    @pytest.fixture
    def make_store(self, tmp_path: Path) -> MakeStore:
        root = tmp_path / "tree"
        root.mkdir()

        async def make(folder: str = "") -> Store:
            path = str(root / folder)
            return await plugin.open(Location(path, "file", "", path), StoreOptions())

        return make


class TestLocalThroughLayers(TestLocal):
    """Faults that pass are not noticed above the layers."""

    # Nothing that a file system keeps would tell wrong bytes from right ones.
    def faults(self) -> Plan:
        return chance(2, reads=LOUD_READ_FAULTS)
