"""A run tells where its time went, if it is asked, and however it ends."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import transfer
from tests.core.rig import MIB, Watched, fill, memory, pattern, quick, raising
from transfer.errors import Denied, Misconfigured, Transient
from transfer.job import watched
from transfer.profile import Profile, Series, span, watch, watching

SECRET = "a-name-that-is-nobodys-business"


def told(path: Path) -> Any:
    return json.loads(path.read_text())


@given(st.lists(st.floats(1e-6, 1e4), min_size=1), st.floats(0.01, 1))
def test_percentiles_are_right_to_a_tenth(durations: list[float], share: float) -> None:
    """Never less than the exact figure, and never more than the longest."""
    series = Series()
    for seconds in durations:
        series.add(seconds, 3)
    exact = sorted(durations)[max(0, -int(-share * len(durations) // 1) - 1)]
    assert exact * 0.999 <= series.percentile(share) <= min(exact * 1.1, max(durations))
    assert (series.count, series.size, series.most) == (len(durations), 3 * len(durations), max(durations))


def test_a_span_is_measured_for_who_watches() -> None:
    """Also where it fails; and without anybody watching nothing is kept."""
    profile = Profile()
    watch(profile)
    with span("work", 5), pytest.raises(KeyError):
        raise KeyError
    with pytest.raises(KeyError), span("work", 6):
        raise KeyError
    watch(None)
    with span("work", 7):
        pass
    assert (profile.series["work"].count, profile.series["work"].size) == (2, 11)


async def test_a_run_tells_of_all_its_parts(tmp_path: Path) -> None:
    """Listing, planning, waiting, reading, hashing, writing, checkpoint; with counts and bytes, without names."""
    path, source, target = tmp_path / "profile.json", memory(SECRET), memory(SECRET)
    await fill(source, {f"{SECRET}/{number}": b"1234" for number in range(20)} | {SECRET: pattern(3 * MIB)})
    result = await transfer.sync(source, target, quick(profile=path))
    assert result.ok
    profile = told(path)
    durations = profile["durations"]
    assert (profile["state"], profile["totals"]["copied"]) == ("complete", 21)
    assert durations["source: read"]["bytes"] == durations["source requests: read"]["bytes"] == 80 + 3 * MIB
    assert (durations["target: put"]["count"], durations["target: put"]["bytes"]) == (20, 80)
    assert (durations["target: put a part"]["count"], durations["target: put a part"]["bytes"]) == (3, 3 * MIB)
    assert durations["wait: memory"]["count"] == durations["wait: a lane"]["count"] == 23
    assert durations["hash"]["bytes"] >= 80 + 3 * MIB
    for name in ("source: list a page", "plan: make steps", "checkpoint: intend", "event loop: late"):
        assert durations[name]["seconds"] > 0
    for figures in durations.values():
        assert figures["median"] <= figures["p90"] <= figures["p99"] <= figures["most"] <= figures["seconds"] + 1e-6
    assert SECRET not in path.read_text()


async def test_processor_time_is_told_by_threads(tmp_path: Path) -> None:
    """The event loop's, the checkpoint's, and what was spent before the run."""
    source, path = memory(), tmp_path / "profile.json"
    await fill(source, {"a": b"1234"})
    await transfer.sync(source, memory(), quick(profile=path))
    cpu = told(path)["cpu"]
    assert {"before the run", "event loop", "ended threads"} <= cpu.keys()
    assert cpu["event loop"] > 0
    assert all(seconds >= 0 for seconds in cpu.values())


async def test_requests_are_told_apart_from_the_calls_that_need_them(tmp_path: Path) -> None:
    """What a call takes beyond its requests was spent on slots, limits and the pauses before new tries."""
    path, source = tmp_path / "profile.json", Watched(memory())
    await fill(source, {"a": b"1234"})
    source.before = raising(Transient("once"), "read", times=1)
    assert (await transfer.sync(source, memory(), quick(profile=path, retries=1))).ok
    durations = told(path)["durations"]
    assert durations["source: open a read"]["count"] == 1
    assert durations["source requests: open a read"]["count"] == 2
    assert durations["source: open a read"]["seconds"] > durations["source requests: open a read"]["seconds"]


async def test_a_failed_run_is_told_of(tmp_path: Path) -> None:
    """An object that fails is no reason to be silent."""
    path, source = tmp_path / "profile.json", Watched(memory())
    await fill(source, {"a": b"1234"})
    source.before = raising(Denied("no"), "read")
    assert not (await transfer.sync(source, memory(), quick(profile=path))).ok
    assert (told(path)["state"], told(path)["totals"]["failed"]) == ("failed", 1)
    assert told(path)["durations"]["source: open a read"]["count"] >= 1


async def test_a_cancelled_run_is_told_of(tmp_path: Path) -> None:
    """What was measured until then is in the file, and nobody watches any more."""
    path, source, reached = tmp_path / "profile.json", Watched(memory()), asyncio.Event()
    await fill(source, {"a": b"1234"})

    async def hang(what: str) -> None:
        if what.startswith("read"):
            reached.set()
            await asyncio.Event().wait()

    source.before = hang
    run = asyncio.create_task(transfer.sync(source, memory(), quick(profile=path)))
    await reached.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert told(path)["state"] == "interrupted"
    assert told(path)["durations"]["source: list a page"]["count"] >= 1
    assert watching() is None


async def test_a_run_that_can_not_begin_is_told_of(tmp_path: Path) -> None:
    """With the error that it raises, as without a profile."""
    path = tmp_path / "profile.json"
    with pytest.raises(Misconfigured):
        await transfer.sync(str(tmp_path / "a"), str(tmp_path / "a" / "b"), quick(profile=path))
    assert told(path)["state"] == "not begun"


async def test_a_profile_that_can_not_be_written_is_refused(tmp_path: Path) -> None:
    """Before anything is moved."""
    source, target = memory(), Watched(memory())
    await fill(source, {"a": b"1234"})
    with pytest.raises(Misconfigured, match="profile"):
        await transfer.sync(source, target, quick(profile=tmp_path / "no" / "such" / "folder.json"))
    assert target.count("put") == 0


async def test_nothing_is_wrapped_unasked() -> None:
    """A run without a profile has its stores, lanes and journal as they are."""
    store = memory()
    items = aiter_of("a")
    assert watched.watched_store(store, "source") is store
    assert watched.waited_for(items, "plan") is items


async def aiter_of(*items: str) -> Any:
    for item in items:
        yield item
