"""Jobs whose source is in S3's cold storage: against the emulator, whose clock can be turned."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import transfer
from tests.core.rig import Heard
from tests.emulators.running import KEY, Emulator
from tests.emulators.s3 import S3
from tests.emulators.state import Version
from transfer import engine
from transfer.errors import Misconfigured
from transfer.event import Action, Notice, Result, Verdict
from transfer.model import Body, Cold, Entry, Metadata
from transfer.options import Options
from transfer.pipeline.route import Route
from transfer.plugin import Location, Store, StoreOptions
from transfer.testing.checks.harness import noise
from transfer_s3 import plugin

SETTINGS = {"region": "us-east-1", "access_key_id": KEY.id, "secret_access_key": KEY.secret}
MIB = 1024 * 1024


@dataclass(slots=True)
class Place:
    """A fresh bucket, and jobs that bring it to a folder."""

    server: Emulator[S3]
    store: Store
    folder: Path

    async def hold(self, key: str, storage_class: str, data: bytes | None = None) -> None:
        await self.store.put(key, Body(data or key.encode()), Metadata(storage_class=storage_class))

    def version(self, key: str) -> Version:
        """What the server has of an object."""
        bucket = next(reversed(self.server.service.buckets.values()))
        found = bucket.current(key)
        assert found is not None
        return found

    async def sync(self, target: str | Path | None = None, **changes: Any) -> tuple[Result, Heard]:
        heard = Heard()
        settings = {"endpoint": self.server.endpoint, **SETTINGS}
        options = Options(source_settings=settings, target_settings={} if target is None else settings)
        target = target or self.folder / "out"
        return await transfer.sync(self.store.url, target, replace(options, **changes), listener=heard), heard

    def thaws(self) -> list[int]:
        """What was answered to each request to thaw, since this was asked last."""
        statuses = [seen.status for seen in self.server.controls.seen if seen.verb == "restore"]
        self.server.controls.seen.clear()
        return statuses

    @property
    def names(self) -> set[str]:
        return {path.name for path in (self.folder / "out").iterdir() if not path.name.startswith(".transfer-")}


@pytest.fixture
async def place(s3_server: Emulator[S3], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    """Requests are signed by this machine's clock, whatever the server's says; jobs live by the server's."""
    clock = s3_server.service.clock
    monkeypatch.setattr(engine, "Route", partial(Route, now_ns=lambda: round(clock.now().timestamp() * 1e9)))
    s3_server.controls.switches.clock_skew_checked = False
    name = s3_server.fresh_bucket().name
    location = Location(f"s3://{name}/", "s3", name, "", {"endpoint": s3_server.endpoint, **SETTINGS})
    store = await plugin.open(location, StoreOptions())
    yield Place(s3_server, store, tmp_path)
    await store.aclose()


async def entries(store: Store) -> dict[str, Entry]:
    return {item.key: item async for page in store.list() for item in page.items if isinstance(item, Entry)}


async def test_a_bucket_comes_out_of_cold_storage(place: Place) -> None:
    """What is warm at once, what is frozen once it is thawed; each is asked for once, and for as long as it takes."""
    await place.hold("warm", "STANDARD")
    await place.hold("flexible", "GLACIER")
    await place.hold("deep", "DEEP_ARCHIVE", noise(20 * MIB))
    result, heard = await place.sync()
    assert (result.exit_status, result.totals.copied, result.totals.pending) == (75, 1, 2)
    assert (result.totals.pending_bytes, result.totals.thaws) == (20 * MIB + 8, 2)
    assert place.names == {"warm"}
    assert place.thaws() == [202, 202]
    waits = heard.outcomes["deep"]
    assert (waits.action, waits.verdict) == (Action.THAW, Verdict.PENDING)
    assert waits.reason == "in cold storage, being thawed"
    # Standard takes twelve hours out of DEEP_ARCHIVE, at the longest.
    assert result.ready_ns is not None
    assert abs(result.ready_ns / 1e9 - (time.time() + 12 * 3600)) < 60
    again, _ = await place.sync()
    assert (again.exit_status, again.totals.pending, again.totals.thaws) == (75, 2, 0)
    assert again.ready_ns == result.ready_ns
    assert place.thaws() == []
    place.server.service.clock.turn(hours=6)
    assert (await place.sync())[0].exit_status == 75
    assert place.names == {"warm", "flexible"}
    place.server.service.clock.turn(hours=7)
    done, _ = await place.sync()
    assert (done.exit_status, done.totals.copied) == (0, 1)
    assert (place.folder / "out" / "deep").read_bytes() == noise(20 * MIB)
    assert place.thaws() == []
    assert (await place.sync())[0].totals.skipped_proven == 3


async def test_what_froze_again_is_asked_for_again(place: Place) -> None:
    """Nobody came for it in its days."""
    await place.hold("k", "GLACIER")
    await place.sync(thaw_days=2)
    place.server.service.clock.turn(days=3)
    result, _ = await place.sync()
    assert (result.exit_status, result.totals.thaws) == (75, 1)
    assert place.thaws() == [202, 202]


async def test_what_somebody_else_asked_for_is_waited_for(place: Place) -> None:
    """Another tool, or another pair: not even a faster tier is asked for, since that would be paid for too."""
    await place.hold("k", "GLACIER")
    await place.store.thaw(await place.store.stat("k"), 3, "Bulk")
    result, _ = await place.sync(tier="Expedited")
    assert (result.exit_status, result.totals.pending) == (75, 1)
    assert place.thaws() == [202]
    place.server.service.clock.turn(hours=13)
    assert (await place.sync())[0].exit_status == 0


async def test_a_tier_that_a_class_does_not_have(place: Place) -> None:
    """The next slower one is asked for in its place."""
    await place.hold("flexible", "GLACIER")
    await place.hold("deep", "DEEP_ARCHIVE")
    result, _ = await place.sync(tier="expedited")
    assert (result.exit_status, result.totals.thaws, result.totals.failed) == (75, 2, 0)
    thaws = [place.version(key).thaw for key in ("flexible", "deep")]
    assert [thaw and thaw.tier for thaw in thaws] == ["Expedited", "Standard"]


async def test_a_tier_that_has_no_room(place: Place) -> None:
    """It is told once, and the next slower one is asked for."""
    for number in range(3):
        await place.hold(f"k{number}", "GLACIER")
    place.server.controls.switches.expedited_full = True
    result, heard = await place.sync(tier="Expedited", retries=0)
    assert (result.exit_status, result.totals.thaws, result.totals.failed) == (75, 3, 0)
    tiers = {thaw.tier for thaw in (place.version(f"k{number}").thaw for number in range(3)) if thaw}
    assert tiers == {"Standard"}
    told = [notice.text for notice in heard.of(Notice) if "has no room" in notice.text]
    assert len(told) == 1
    assert told[0].startswith("The provider has no room for the tier 'Expedited' now, so 'Standard' is asked for")


async def test_a_tier_that_nobody_knows(place: Place) -> None:
    """The choices are named."""
    with pytest.raises(Misconfigured, match=r"--tier 'soon' is not one that .* knows; name one of Bulk, Standard, Exp"):
        await place.sync(tier="soon")


async def test_a_server_side_copy_needs_a_thaw_too(place: Place) -> None:
    """Whole, and in parts."""
    await place.hold("small", "GLACIER")
    await place.hold("large", "GLACIER", noise(6 * MIB))
    name = place.server.fresh_bucket().name
    result, _ = await place.sync(f"s3://{name}/")
    assert (result.exit_status, result.totals.pending, result.totals.sent_bytes) == (75, 2, 0)
    place.server.service.clock.turn(hours=6)
    result, _ = await place.sync(f"s3://{name}/")
    assert (result.exit_status, result.totals.copied, result.totals.sent_bytes) == (0, 2, 0)


async def test_intelligent_tiering(place: Place) -> None:
    """What has sunk is asked for without a number of days, and comes up for good."""
    await place.hold("k", "INTELLIGENT_TIERING")
    place.version("k").sunk = "DEEP_ARCHIVE_ACCESS"
    assert (await place.store.stat("k")).cold is Cold.FROZEN
    assert (await place.sync())[0].exit_status == 75
    assert (await place.store.stat("k")).cold is Cold.THAWING
    place.server.service.clock.turn(hours=13)
    assert (await place.sync())[0].exit_status == 0
    assert place.thaws() == [202]


async def test_without_a_thaw(place: Place) -> None:
    """As before there was one."""
    await place.hold("k", "GLACIER")
    result, _ = await place.sync(thaw=False)
    assert (result.exit_status, result.totals.failed) == (1, 1)
    assert "'s3://" in str(result.failures[0].error)
    assert "in cold storage and must be restored" in str(result.failures[0].error)
    assert place.thaws() == []


async def test_listings_and_heads_tell_how_far_a_thaw_is(place: Place) -> None:
    """Going on, done and until when, and over."""
    await place.hold("k", "GLACIER")
    await place.store.thaw(await place.store.stat("k"), 2, "Standard")
    assert (await entries(place.store))["k"].cold is Cold.THAWING
    assert (await place.store.stat("k")).cold is Cold.THAWING
    place.server.service.clock.turn(hours=6)
    listed, looked = (await entries(place.store))["k"], await place.store.stat("k")
    assert listed.cold is looked.cold is Cold.THAWED
    expires = place.version("k").thaw
    assert expires is not None
    assert listed.thawed_until_ns == looked.thawed_until_ns == int(expires.expires.timestamp()) * 10**9
    place.server.service.clock.turn(days=3)
    # From then on the server is known to tell of thaws, and so to be silent where there is none.
    assert (await entries(place.store))["k"].cold is Cold.FROZEN


async def test_what_a_listing_tells_costs_no_try(place: Place) -> None:
    """An object that is known to be thawing is neither read nor looked at before that is over."""
    for key in ("a", "b"):
        await place.hold(key, "GLACIER")
    await place.sync()
    place.server.controls.seen.clear()
    assert (await place.sync())[0].totals.pending == 2
    assert [seen.verb for seen in place.server.controls.seen if seen.verb == "get_object"] == []


async def test_a_server_that_does_not_know_the_question(place: Place) -> None:
    """It is listed as any other."""
    await place.hold("warm", "STANDARD")
    place.server.controls.switches.restore_status = False
    assert set(await entries(place.store)) == {"warm"}
    assert (await place.sync())[0].exit_status == 0


async def test_nothing_is_deleted_while_something_waits(place: Place) -> None:
    """What was renamed may be at the target by its old name alone."""
    await place.hold("new name", "GLACIER", b"data")
    (place.folder / "out").mkdir()
    (place.folder / "out" / "old name").write_bytes(b"data")
    result, _ = await place.sync(delete=True)
    assert result.exit_status == 75
    assert "Nothing is deleted yet, since some objects still wait for cold storage." in result.notes
    assert place.names == {"old name"}
    place.server.service.clock.turn(hours=6)
    result, _ = await place.sync(delete=True)
    assert (result.exit_status, result.totals.deleted) == (0, 1)
    assert place.names == {"new name"}


async def test_a_failure_goes_before_what_waits(place: Place) -> None:
    """The exit status says first what somebody has to look after."""
    await place.hold("cold", "GLACIER")
    await place.hold("a/b", "STANDARD")
    await place.hold("a", "STANDARD")
    result, _ = await place.sync()
    assert (result.exit_status, result.totals.failed, result.totals.pending) == (1, 1, 1)


async def test_a_dry_run_tells_what_would_be_asked_for(place: Place) -> None:
    """And asks for nothing."""
    await place.hold("warm", "STANDARD")
    await place.hold("cold", "GLACIER")
    await place.hold("asked", "GLACIER")
    await place.sync(files_from=("asked",))
    place.thaws()
    result, heard = await place.sync(dry_run=True)
    assert (result.exit_status, result.totals.copied, result.totals.pending, result.totals.thaws) == (0, 2, 0, 1)
    assert place.thaws() == []
    assert heard.outcomes["asked"].reason == "new, once it is thawed"
    assert (heard.outcomes["cold"].action, heard.outcomes["cold"].verdict) == (Action.THAW, Verdict.PLANNED)
