"""The conformance suite: what every store must do, as a test class to derive from.

::

    class TestMine(StoreConformance):
        @pytest.fixture
        def make_store(self) -> MakeStore:
            async def make(folder: str = "") -> Store:
                return await plugin.open(...)
            return make

The checks themselves are plain coroutine functions in :mod:`transfer.testing.checks`. The suite needs
pytest, pytest-asyncio with ``asyncio_mode = "auto"``, and hypothesis.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings

if "transfer.testing.checks" not in sys.modules:
    # So that a failed check shows the values, as in a test of one's own.
    pytest.register_assert_rewrite("transfer.testing.checks")

from transfer.testing.checks import CHECKS, Check, MakeStore, Stores
from transfer.testing.checks.bounds import round_trip_of_keys
from transfer.testing.faults import Plan
from transfer.testing.layered import through_layers
from transfer.testing.strategies import key_sets

__all__ = ["MakeStore", "StoreConformance"]


class StoreConformance:
    """Derive from it, and give ``make_store``.

    ``known_defects`` names checks that the *server* behind the store is known to fail, and why:
    they must fail indeed.
    """

    known_defects: ClassVar[Mapping[str, str]] = {}
    many = 1100
    """How many objects are cheap to make; more than one page of a listing, if possible."""

    def holds(self, keys: Sequence[str]) -> Sequence[str]:
        """Those of the keys that the server can hold, beside each other."""
        return keys

    def faults(self) -> Plan | None:
        """With a plan, the suite runs through all layers, over calls that fail by it."""
        return None

    @pytest.fixture
    async def stores(self, make_store: MakeStore) -> AsyncIterator[Stores]:
        plan = self.faults()
        make = through_layers(make_store, plan) if plan else make_store
        opened = Stores(make, holds=self.holds, many=self.many)
        yield opened
        await opened.aclose()

    @pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
    async def test_check(self, check: Check, stores: Stores) -> None:
        """Each claim of the suite holds."""
        if not await check.applies(stores):
            pytest.skip("not declared")
        if check.name in self.known_defects:
            with pytest.raises(AssertionError):
                await check.run(stores)
            pytest.xfail(self.known_defects[check.name])
        await check.run(stores)

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(names=key_sets())
    async def test_any_keys(self, names: list[str], stores: Stores) -> None:
        """Whatever keys there are, each is an object of its own."""
        await round_trip_of_keys(stores, await stores(f"set {next(_sets)}"), names)


_sets = itertools.count()
