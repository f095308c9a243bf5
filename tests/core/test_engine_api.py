"""The engine inside another program: events, several jobs at once, no loop of one's own, copies, disordered stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import transfer
from tests.core.rig import MIB, Heard, Watched, contents, fill, memory, pattern, quick, raising
from transfer.checkpoint import summary_of
from transfer.errors import Denied, Misconfigured, NotFound
from transfer.event import BytesMoved, Finished, Replanned, RunFinished, RunStarted
from transfer.layers.layer import Layer
from transfer.model import Page
from transfer.options import Compare
from transfer.plugin import Capabilities, Prune

TREE = {"a": b"1", "a/b": b"2", "large": pattern(2 * MIB + 1)}


async def test_events_are_told_as_they_happen() -> None:
    """From the start to the end of the run."""
    source, target = memory(), memory()
    await fill(source, TREE)
    heard = Heard([event async for event in transfer.events(source, target, quick())])
    assert isinstance(heard[0], RunStarted)
    assert isinstance(heard[-1], RunFinished)
    assert heard[-1].result.ok
    assert sum(event.size for event in heard.of(BytesMoved)) == sum(map(len, TREE.values()))


async def test_leaving_the_events_cancels_the_run() -> None:
    """It has ended when the iterator is closed, and another one goes on."""
    source, target = Watched(memory()), memory()
    await fill(source, TREE)

    async def hang(what: str) -> None:
        if what == "read a/b":
            await asyncio.Event().wait()

    source.before = hang
    async with aclosing(transfer.events(source, target, quick())) as events:
        async for event in events:
            if isinstance(event, Finished):
                break
    source.before = None
    assert (await transfer.sync(source, target, quick())).ok
    assert contents(target) == TREE


async def test_the_events_end_with_the_runs_error() -> None:
    """Where it could not even begin."""
    source = Watched(memory())
    source.before = raising(Denied("wrong credentials"), "check")
    with pytest.raises(Denied, match="wrong credentials"):
        [event async for event in transfer.events(source, memory(), quick())]


async def test_two_jobs_run_side_by_side() -> None:
    """In one process and one loop."""
    source = memory()
    await fill(source, TREE)
    targets = [memory(), memory()]
    results = await asyncio.gather(*(transfer.sync(source, target, quick()) for target in targets))
    assert [result.ok for result in results] == [True, True]
    assert [contents(target) for target in targets] == [TREE, TREE]


async def test_a_second_job_on_the_same_pair_is_refused() -> None:
    """Also within one process."""
    source, target = Watched(memory()), memory()
    await fill(source, TREE)
    refused = []

    async def another(what: str) -> None:
        if what == "read a":
            with pytest.raises(Misconfigured, match="worked on already"):
                await transfer.sync(source, target, quick())
            refused.append(what)

    source.before = another
    assert (await transfer.sync(source, target, quick())).ok
    assert refused


def test_a_program_without_a_loop_can_run_a_job(tmp_path: Path) -> None:
    """URLs are enough."""
    (tmp_path / "in" / "d").mkdir(parents=True)
    (tmp_path / "in" / "d" / "f").write_bytes(b"data")
    result = transfer.run(transfer.sync(str(tmp_path / "in"), str(tmp_path / "out"), quick()))
    assert result.ok
    assert (tmp_path / "out" / "d" / "f").read_bytes() == b"data"


@pytest.mark.parametrize(("inner", "outer"), [("", ""), ("x/", ""), ("", "x/")])
async def test_places_that_overlap_are_refused(inner: str, outer: str) -> None:
    """A run must not feed on what it makes."""
    one = memory(prefix=inner)
    other = type(one)(replace(one.origin, prefix=outer), transfer.StoreOptions())
    with pytest.raises(Misconfigured, match=r"same place|lies inside"):
        await transfer.sync(one, other, quick())


# Copies


async def test_a_copy_does_not_compare() -> None:
    """What is the same already is sent as well, each time."""
    source, target = memory(), Watched(memory())
    await fill(source, TREE)
    for _ in range(2):
        target.forget()
        assert (await transfer.copy(source, target, quick())).totals.copied == len(TREE)
    assert target.count("put a") == 2  # "a" and "a/b"


async def test_a_copy_that_was_interrupted_goes_on() -> None:
    """What it had sent is not sent again, by the first command that completes it."""
    source, target = memory(), Watched(memory())
    await fill(source, TREE)
    target.before = raising(Denied("no"), "finish")
    assert not (await transfer.copy(source, target, quick())).ok
    target.before = None
    target.forget()
    result = await transfer.copy(source, target, quick())
    assert (result.totals.copied, result.totals.skipped_proven) == (1, 2)
    assert target.count("put") == 0
    assert (await transfer.copy(source, target, quick())).totals.copied == 3


async def test_a_copy_of_one_object_may_give_it_another_name(tmp_path: Path) -> None:
    """Beside it, too, but not onto itself; a folder as the target keeps the name."""
    (tmp_path / "one").write_bytes(b"data")
    (tmp_path / "folder").mkdir()
    one = str(tmp_path / "one")
    for target, expected in (("two", "two"), ("folder", "folder/one"), ("new/", "new/one"), ("folder/x", "folder/x")):
        assert (await transfer.copy(one, f"{tmp_path}/{target}", quick())).totals.copied == 1
        assert (tmp_path / expected).read_bytes() == b"data"
    with pytest.raises(Misconfigured, match="onto itself"):
        await transfer.copy(one, one, quick())


async def test_a_backup_of_one_object_is_written_over_neither_side(tmp_path: Path) -> None:
    """The folders may hold one another, since of all that is in them only this object is touched."""
    for name, data in (("from/one", b"new"), ("to/two", b"old")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(data)
    one, two, place = str(tmp_path / "from" / "one"), str(tmp_path / "to" / "two"), str(tmp_path / "to")
    with pytest.raises(Misconfigured, match="over what it is a backup of; name another --backup-dir"):
        await transfer.copy(one, two, quick(backup_dir=place))
    (tmp_path / "to" / "one").write_bytes(b"old")
    with pytest.raises(Misconfigured, match="over the source"):
        await transfer.copy(one, place, quick(backup_dir=str(tmp_path / "from")))
    assert (tmp_path / "from" / "one").read_bytes() == b"new"
    assert {(tmp_path / "to" / name).read_bytes() for name in ("one", "two")} == {b"old"}
    assert (await transfer.copy(one, two, quick(backup_dir=str(tmp_path / "from" / "kept")))).ok
    assert (tmp_path / "from" / "kept" / "two").read_bytes() == b"old"


async def test_a_second_try_keeps_the_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """It must not land under the source's name, on what may be there."""
    source, target = memory(endpoint="memory:"), memory(endpoint="memory:")
    await fill(source, {"one": b"data"})
    await fill(target, {"one": b"mine"})
    original = type(target).put
    failures = iter([True])

    async def put(self, *args, **options):  # type: ignore[no-untyped-def]
        if next(failures, False):
            raise Denied("not now")
        return await original(self, *args, **options)

    monkeypatch.setattr(type(target), "put", put)
    options = quick(server_copy=False)
    url = "memory://{0.origin.container}/{1}".format
    result = await transfer.copy(url(source, "one"), url(target, "two"), options)
    assert result.ok
    assert contents(target) == {"one": b"mine", "two": b"data"}


async def test_a_copy_of_nothing_is_an_error() -> None:
    """As is deleting by a copy."""
    with pytest.raises(Misconfigured, match="sync --delete"):
        await transfer.copy(memory(), memory(), quick(delete=True))
    with pytest.raises(NotFound):
        await transfer.copy("/no/such/folder", "/tmp/never", quick())
    source = memory(endpoint="memory:")
    await fill(source, {"one": b"data"})
    there = f"memory://{source.origin.container}"
    with pytest.raises(NotFound, match="neither as an object nor as a folder"):
        await transfer.copy(f"{there}/on", "/tmp/never", quick())


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"part_size": 16 * MIB}, "--part-size does not fit into --memory"),
        ({"files_from": Path("/no/such/file")}, "'/no/such/file' is not there"),
        ({"files_from": Path("/usr")}, "'/usr' is a folder"),
    ],
)
async def test_what_can_not_work_is_refused_before_anything_is_begun(wrong: dict[str, Any], named: str) -> None:
    """No event is told, so no summary is either."""
    heard = Heard()
    with pytest.raises(Misconfigured, match=named):
        await transfer.sync(memory(), memory(), quick(**wrong), listener=heard)
    assert heard == []


# Listings out of key order


class Disordered(Layer):
    """Claims key order, and lists otherwise: by folders, as some servers do, or some keys twice."""

    order: Sequence[str] = ()

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        entries = {item.key: item async for page in super().list(prefix) for item in page.items}
        yield Page(tuple(entries[key] for key in self.order[:3]))
        yield Page(tuple(entries[key] for key in self.order[3:]))


KEYS = ("a/b", "a-b", "a.txt", "a0", "z")
HERE = {key: key.encode() for key in KEYS}


def disordered(store: Watched, *keys: str) -> Disordered:
    layer = Disordered(store)
    layer.order = keys
    return layer


@pytest.mark.parametrize("side", ["source", "target", "both"])
async def test_a_listing_out_of_order_is_sorted_and_planned_anew(side: str) -> None:
    """The target ends up the same, the totals tell each object once, and deletes wait for the true plan."""
    source, target = Watched(memory()), Watched(memory())
    await fill(source, HERE)
    await fill(target, {"a.txt": b"stale", "gone": b"g", "z": b"z"})
    ours = disordered(source, *KEYS) if side != "target" else source
    theirs = disordered(target, "gone", "a.txt", "z") if side != "source" else target
    heard = Heard()
    result = await transfer.sync(ours, theirs, quick(delete=True), listener=heard)
    assert result.ok
    assert contents(target) == HERE
    assert result.totals.deleted == 1
    assert result.totals.copied == 4
    assert result.totals.skipped_proven == 1
    assert {event.side for event in heard.of(Replanned)} == {"source", "target"} if side == "both" else {side}
    if side != "both":
        assert target.count("put") == 4 + 3  # 3 to fill it, and each object once


async def test_disorder_is_remembered() -> None:
    """The next run sorts at once."""
    source, target = Watched(memory()), memory()
    await fill(source, HERE)
    layer = disordered(source, *KEYS)
    await transfer.sync(layer, target, quick())
    heard = Heard()
    result = await transfer.sync(layer, target, quick(), listener=heard)
    assert result.totals.skipped_proven == len(HERE)
    assert not heard.of(Replanned)


async def test_a_store_that_does_not_claim_order_is_sorted_at_once() -> None:
    """Without a first plan that would be thrown away."""

    class Honest(Disordered):
        @property
        def capabilities(self) -> Capabilities:  # type: ignore[override]
            return replace(super().capabilities, ordered=False)

    source, target, heard = Watched(memory()), memory(), Heard()
    await fill(source, HERE)
    layer = Honest(source)
    layer.order = KEYS
    assert (await transfer.sync(layer, target, quick(), listener=heard)).ok
    assert contents(target) == HERE
    assert not heard.of(Replanned)


async def test_a_key_listed_twice_is_done_once() -> None:
    """It is an order that is broken, too."""
    source, target, heard = Watched(memory()), Watched(memory()), Heard()
    await fill(source, HERE)
    result = await transfer.sync(
        disordered(source, "a-b", "a-b", "a.txt", "a/b", "a0", "z"), target, quick(), listener=heard
    )
    assert result.totals.copied == len(HERE)
    assert target.count("put") == len(HERE)


@pytest.mark.parametrize("options", [quick(update=True), quick(ignore_existing=True)])
async def test_what_disorder_hid_at_the_target_is_not_overwritten(options: transfer.Options) -> None:
    """The first plan takes it for absent; the write is conditional, and the true plan decides."""
    source, target = Watched(memory()), Watched(memory())
    await fill(source, {"b": b"old", "c": b"c"})
    theirs = {"b": b"newer", "c": b"c", "d": b"d", "e": b"e"}
    await fill(target, theirs)
    heard = Heard()
    result = await transfer.sync(source, disordered(target, "c", "d", "e", "b"), options, listener=heard)
    assert result.ok
    assert target.count("put b") == 2  # to fill it, and in vain
    assert contents(target) == theirs
    assert (await summary_of(heard.checkpoint)).failures == 0


async def test_a_failure_before_the_new_plan_is_not_tried_for_ever() -> None:
    """The true plan decides what is to be done; what it finds gone is not a failure."""
    source, target = Watched(memory()), Watched(memory())
    await fill(source, HERE)
    target.before = raising(Denied("not yet"), "put", times=2)
    heard = Heard()
    result = await transfer.sync(disordered(source, *KEYS), target, quick(compare=Compare.DEFAULT), listener=heard)
    assert result.ok
    assert contents(target) == HERE
