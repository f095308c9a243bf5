"""What is asked of a vault by a job: once, in pieces where it is large, and with few looks at its list of jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

import transfer
from tests.glacier.vaultplace import VaultPlace
from transfer import engine
from transfer.event import PENDING
from transfer.options import Options
from transfer.pipeline.route import Route
from transfer.plugin import Location, Store, StoreOptions
from transfer.testing.checks.harness import noise
from transfer_glacier import plugin
from transfer_glacier.store import GlacierStore

MIB = 1024**2


@asynccontextmanager
async def opened(place: VaultPlace) -> AsyncIterator[Store]:
    """The vault's store, which lives by the server's clock."""
    location = Location("glacier://vault/p", "glacier", "vault", "p", dict(place.settings))
    store = await plugin.open(location, StoreOptions())
    assert isinstance(store, GlacierStore)
    object.__setattr__(store._vault, "now_ns", partial(now, place))
    try:
        yield store
    finally:
        await store.aclose()


def now(place: VaultPlace) -> int:
    return round(place.service.clock.now().timestamp() * 1e9)


@pytest.fixture(autouse=True)
def clocks(place: VaultPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs live by the server's clock, too."""
    monkeypatch.setattr(engine, "Route", partial(Route, now_ns=partial(now, place)))


async def test_a_large_archive_comes_in_pieces(place: VaultPlace, tmp_path: Path) -> None:
    """As much in a day as the quota allows; what has arrived stays, and nothing is billed twice."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    (source / "big").write_bytes(noise(45 * MIB + 7))
    async with opened(place) as store:
        assert (await transfer.sync(str(source), store)).ok
    options = Options(retrieval_quota=16 * MIB, tier="standard", multipart_threshold=8 * MIB)
    asked = 0
    for _ in range(20):
        async with opened(place) as store:
            result = await transfer.sync(store, str(target), options)
        asked += result.totals.thaws_bytes
        if result.exit_status != PENDING:
            break
        place.turn(hours=6)
    assert result.ok, result
    assert (target / "big").read_bytes() == (source / "big").read_bytes()
    assert asked == 45 * MIB + 7
    assert place.billing.billed_twice() == []


async def test_many_requests_need_few_looks(place: VaultPlace, tmp_path: Path) -> None:
    """The vault's list of jobs is not read anew for each."""
    source = tmp_path / "source"
    source.mkdir()
    for number in range(60):
        (source / f"f{number:02}").write_bytes(bytes([number]))
    async with opened(place) as store:
        assert (await transfer.sync(str(source), store)).ok
    before = place.calls["list_jobs"]
    async with opened(place) as store:
        result = await transfer.sync(store, str(tmp_path / "target"))
    assert (result.exit_status, result.totals.thaws, len(place.jobs)) == (PENDING, 60, 60)
    assert place.calls["list_jobs"] - before <= 4
