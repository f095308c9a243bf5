"""A vault keeps the contract, as far as one can: what is read is retrieved first, and the clock turned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import ClassVar

import pytest

from tests.glacier.vaultplace import VaultPlace, vault_place
from transfer.model import Entry, Span
from transfer.plugin import Location, Reading, Store, StoreOptions
from transfer.testing.conformance import MakeStore, StoreConformance
from transfer.testing.faults import Plan, chance
from transfer_glacier.journal import fault_of
from transfer_glacier.opening import open_vault
from transfer_glacier.store import GlacierStore, store_of


class Retrieving(GlacierStore):
    """Reads what is in the vault as if it could be read."""

    place: VaultPlace

    def read(self, entry: Entry, span: Span | None = None) -> AbstractAsyncContextManager[Reading]:
        return _Retrieved(self, entry, span)

    def read_now(self, entry: Entry, span: Span | None) -> AbstractAsyncContextManager[Reading]:
        return super().read(entry, span)


class _Retrieved(AbstractAsyncContextManager[Reading]):
    def __init__(self, store: Retrieving, entry: Entry, span: Span | None) -> None:
        self._store, self._entry = store, entry
        self._reading = store.read_now(entry, span)

    async def __aenter__(self) -> Reading:
        await self._store.thaw(await self._store.stat(self._entry.key), 1, "expedited")
        self._store.place.turn(minutes=6)
        await self._store.thaws()
        return await self._reading.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._reading.__aexit__(kind, error, trace)


class TestGlacier(StoreConformance):
    """What a vault can do: it takes nothing empty, and only names that are paths."""

    known_defects: ClassVar[Mapping[str, str]] = {"empty_object": "a vault takes no archive without bytes"}
    many = 60

    @pytest.fixture
    def place(self) -> Iterator[VaultPlace]:
        with vault_place() as made:
            yield made

    @pytest.fixture
    def make_store(self, place: VaultPlace, tmp_path: Path) -> MakeStore:
        async def make(folder: str = "") -> Store:
            settings = {**place.settings, "journal": str(tmp_path / "journal")}
            location = Location(f"glacier://vault/{folder}", "glacier", "vault", folder, settings)
            opened = await open_vault(location, StoreOptions())
            store = store_of(opened, Retrieving)
            store.place = place
            return store

        return make

    def holds(self, keys: Sequence[str]) -> Sequence[str]:
        return [key for key in keys if fault_of(key) is None]


class TestGlacierThroughLayers(TestGlacier):
    """Calls that fail in passing are not noticed above the layers."""

    def faults(self) -> Plan:
        return chance(1)
