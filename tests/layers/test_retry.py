"""Retries: what is repeated, how long between, and what a repetition may meet."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.faulty import Bench
from transfer.checksums import digest
from transfer.errors import Changed, Corrupt, Denied, NotFound, Throttled, TransferError, Transient
from transfer.event import Retrying, ignore
from transfer.governor import Governor
from transfer.layers import wrap
from transfer.layers.layer import Layer, close_pages
from transfer.layers.own import written_before
from transfer.layers.retry import Backoff
from transfer.model import Algorithm, Body, Checksums, Entry, Metadata, Page, Part, Proven
from transfer.plugin import Prune, Store
from transfer_memory.config import PAGE


def patient(store: Store) -> Store:
    async def sleep(seconds: float) -> None: ...

    return wrap(store, governor=Governor(4), sleep=sleep)


async def test_what_passes_is_tried_again() -> None:
    """Transient, throttled and corrupt calls are repeated, each repetition is told."""
    bench = Bench()
    bench.store.before = [Transient("reset"), Throttled("slow down"), Corrupt("short reply")]
    await bench.layered.put("k", Body(b"x"), Metadata())
    assert bench.events == [
        Retrying("put k", 1, 0.1, "reset"),
        Retrying("put k", 2, 0.2, "slow down"),
        Retrying("put k", 3, 0.4, "short reply"),
    ]
    assert bench.slept == [0.1, 0.2, 0.4]


async def test_patience_ends() -> None:
    """After so many retries the last error is raised."""
    bench = Bench(retries=2)
    bench.store.before = [Transient("one"), Transient("two"), Transient("three"), None]
    with pytest.raises(Transient, match="three"):
        await bench.layered.stat("k")
    assert len(bench.store.calls) == 3


async def test_what_lasts_is_raised_at_once() -> None:
    """An error that no repetition helps against is not repeated."""
    bench = Bench()
    bench.store.before = [Denied("no")]
    with pytest.raises(Denied):
        await bench.layered.stat("k")
    assert bench.slept == []


async def test_a_check_gives_up_soon() -> None:
    """Who mistyped an endpoint learns of it after three retries."""
    bench = Bench(retries=50)
    bench.store.before = [Transient("refused") for _ in range(50)]
    with pytest.raises(Transient):
        await bench.layered.check(write=True)
    assert len(bench.store.calls) == 4


async def test_retry_after_is_honoured() -> None:
    """The wait that the provider asked for comes on top."""
    bench = Bench()
    await bench.put("k")
    bench.store.before = [Transient("busy", retry_after=30.0)]
    await bench.layered.stat("k")
    assert bench.slept == [30.1]


@given(st.integers(1, 5000), st.one_of(st.none(), st.floats(0, 100)), st.randoms())
def test_delays_are_bounded(attempt: int, retry_after: float | None, source: random.Random) -> None:
    """A delay is never shorter than asked for, and never more than 20 s longer."""

    async def sleep(seconds: float) -> None: ...

    delay = Backoff(8, ignore, sleep, source.random).delay(attempt, retry_after)
    assert (retry_after or 0) <= delay <= (retry_after or 0) + min(20.0, 0.2 * 2 ** min(attempt - 1, 10))


async def test_opening_a_read_is_repeated() -> None:
    """A read that can't be opened at first is opened, and closed once."""
    bench = Bench()
    await bench.put("k")
    bench.store.before = [Transient("refused")]
    async with bench.layered.read(Entry("k")) as reading:
        assert reading.size == 4
    assert bench.retried == ["read k"]
    assert bench.store.busy == 0


async def test_a_broken_body_is_the_readers() -> None:
    """What fails after the opening reaches the reader and is not repeated."""
    bench = Bench()
    await bench.put("k")
    with pytest.raises(Transient):
        async with bench.layered.read(Entry("k")):
            raise Transient("reset")
    assert bench.retried == []


async def test_a_broken_listing_goes_on_behind_its_last_page() -> None:
    """Each key comes once, though every page fails once, and patience begins anew with each page."""
    bench = Bench(retries=1)
    keys = [f"{number:05}" for number in range(3 * PAGE)]
    for key in keys:
        await bench.put(key)
    error = Transient("reset")
    bench.store.before = [error, None, error, None, error, None, error]
    assert [item.key async for page in bench.layered.list() for item in page.items] == keys
    assert len(bench.retried) == 4
    assert f"list from {keys[PAGE - 1]}" in bench.store.calls


async def test_a_listing_gives_up() -> None:
    """A listing that only fails ends with its error."""
    bench = Bench(retries=2)
    bench.store.before = [Transient("reset")] * 5
    with pytest.raises(Transient):
        _ = [page async for page in bench.layered.list()]
    assert len(bench.store.calls) == 3


class Pages(Layer):
    """Lists two pages, the second of which fails, and knows how often a listing was ended."""

    def __init__(self, resume: str | None) -> None:
        super().__init__(Bench().store)
        self.resume = resume
        self.begun = 0
        self.ended = 0

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        self.begun += 1
        try:
            if resume is None:
                yield Page((Entry("a"),), self.resume)
            if self.begun == 1:
                raise Transient("reset")
            yield Page((Entry("b"),), None)
        finally:
            self.ended += 1


@pytest.mark.parametrize(("resume", "keys"), [("a", ["a", "b"]), (None, ["a"])])
async def test_a_listing_that_can_not_go_on_is_not_begun_again(resume: str | None, keys: list[str]) -> None:
    """Without a way to resume, repeating would give keys twice, so the error is raised."""
    store = Pages(resume)
    found: list[str] = []
    with pytest.raises(Transient) if resume is None else nullcontext():
        async for page in patient(store).list():
            found += [item.key for item in page.items]
    assert found == keys
    assert store.begun == store.ended == len(keys)


async def test_a_listing_that_is_left_early_is_ended() -> None:
    """Closing the outermost listing closes the store's at once."""
    store = Pages("a")
    pages = patient(store).list()
    await anext(pages)
    await close_pages(pages)
    assert store.ended == 1


async def put_whose_reply_is_lost(bench: Bench, data: bytes, meanwhile: bytes | None = None) -> Proven:
    bench.store.after = [Transient("reset")]
    if meanwhile is not None:
        bench.store.before, bench.store.after = [Transient("reset")], []
        await bench.put("k", meanwhile)
    stored = await bench.layered.put("k", Body(data), Metadata(), if_absent=True)
    assert stored.entry.size == len(data)
    return stored.proof.proven


async def test_a_conditional_put_knows_its_own_object() -> None:
    """When the reply to the first try is lost, the object that the second one meets is ours, by its content."""
    bench = Bench()
    assert await put_whose_reply_is_lost(bench, b"ours") == Proven.VERIFIED
    assert (await bench.store.stat("k")).size == 4


@pytest.mark.parametrize("other", [b"else", b"longer than ours"])
async def test_a_conditional_put_leaves_other_objects_alone(other: bytes) -> None:
    """An object with other content came from elsewhere: Changed."""
    bench = Bench()
    with pytest.raises(Changed):
        await put_whose_reply_is_lost(bench, b"ours", meanwhile=other)


async def test_checksums_tell_own_objects_too() -> None:
    """A checksum that both sides know decides before the ETag is looked at."""
    bench = Bench()
    bench.store.after = [Transient("reset")]
    right = (await bench.layered.put("k", Body(b"ours"), Metadata())).entry.checksums
    assert list(right) == [Algorithm.CRC64NVME]
    bench.store.before = [Transient("reset")]
    stored = await bench.layered.put("k", Body(b"ours", right), Metadata(), if_absent=True)
    assert (stored.proof.proven, stored.proof.by) == (Proven.VERIFIED, Algorithm.CRC64NVME)


async def test_a_first_refusal_is_final() -> None:
    """Changed at the first try is raised without a look."""
    bench = Bench()
    await bench.put("k", b"ours")
    with pytest.raises(Changed):
        await bench.layered.put("k", Body(b"ours"), Metadata(), if_absent=True)
    assert bench.store.calls == ["put k"]


async def test_a_conditional_copy_knows_its_own_object() -> None:
    """A copy whose reply was lost is found again; another object is not taken for it."""
    bench = Bench()
    await bench.put("a", b"ours")
    source = await bench.store.stat("a")
    bench.store.after = [Transient("reset")]
    stored = await bench.layered.copy(bench.store.origin, source, "b", Metadata(), if_absent=True)
    assert stored.entry.size == 4
    await bench.put("c", b"else")
    bench.store.before = [Transient("reset")]
    with pytest.raises(Changed):
        await bench.layered.copy(bench.store.origin, source, "c", Metadata(), if_absent=True)


@pytest.mark.parametrize("if_absent", [False, True])
async def test_a_finish_whose_reply_was_lost_is_not_found(if_absent: bool) -> None:
    """Whoever finishes must look at the target then, conditional or not."""
    bench = Bench()
    upload = await bench.layered.begin("k", Metadata(), size=1, part_size=1)
    receipt = await bench.layered.put_part(upload, Part(1, 0, 1), Body(b"x"))
    bench.store.after = [Transient("reset")]
    if if_absent:
        bench.store.before = [None, Changed("it is there")]
    with pytest.raises(NotFound):
        await bench.layered.finish(upload, [receipt], Metadata(), if_absent=if_absent)
    assert (await bench.store.stat("k")).size == 1


class Holding(Layer):
    """Says of its object what it is told to say."""

    def __init__(self, found: Entry) -> None:
        super().__init__(Bench().store)
        self.found = found

    async def stat(self, key: str) -> Entry:
        return self.found


CRC = {Algorithm.CRC32: b"1234"}
SHA1_OF_X = digest(b"x", [Algorithm.SHA1])
MD5_OF_X = "9dd4e461268c8034f5c8564e155c67a6"


@pytest.mark.parametrize(
    ("found", "checksums", "proven"),
    [
        (Entry("k", 1, checksums=CRC), CRC, Proven.UNPROVEN),
        (Entry("k", 1, checksums=SHA1_OF_X), CRC, Proven.UNPROVEN),
        (Entry("k", 1, checksums={Algorithm.SHA1: b"another"}), CRC, None),
        (Entry("k", 2, checksums=CRC), CRC, None),
        (Entry("k", 1, etag=MD5_OF_X), CRC, Proven.VERIFIED),
        (Entry("k", 1, etag=MD5_OF_X, encrypted_etag=True), CRC, None),
        (Entry("k", 1, etag=MD5_OF_X, checksums={Algorithm.CRC32: b"4321"}), CRC, None),
        (Entry("k", 1), CRC, None),
    ],
)
async def test_what_tells_an_own_object(found: Entry, checksums: Checksums, proven: Proven | None) -> None:
    """Sizes and checksums must agree; an echoed checksum finds the object and proves nothing."""
    taken = written_before(Holding(found), "k", Body(b"x", checksums), Changed("it is there"))
    if proven is None:
        with pytest.raises(Changed):
            await taken
    else:
        assert (await taken).proof.proven == proven


class Sulking(Bench):
    """Its deletes fail for the keys that ``sulks`` names, as often as it says."""

    def __init__(self, **sulks: tuple[TransferError, int]) -> None:
        super().__init__()
        self.sulks = sulks
        self.asked: list[list[str]] = []
        self.store.delete = self.delete  # type: ignore[method-assign,assignment]

    async def delete(self, keys: list[str]) -> dict[str, TransferError]:
        self.asked.append(list(keys))
        failed = {}
        for key in keys:
            error, times = self.sulks.get(key, (None, 0))
            if error and times:
                failed[key] = error
                self.sulks[key] = (error, times - 1)
        return failed


async def test_only_the_keys_that_failed_are_deleted_again() -> None:
    """A batch is repeated for its retryable keys alone; lasting failures stay in the result."""
    denied, busy = Denied("no"), Transient("busy")
    bench = Sulking(b=(denied, 9), c=(busy, 2))
    assert await bench.layered.delete(["a", "b", "c"]) == {"b": denied}
    assert bench.asked == [["a", "b", "c"], ["c"], ["c"]]


async def test_deletes_give_up() -> None:
    """A key that keeps failing is told of in the end."""
    busy = Transient("busy")
    bench = Sulking(c=(busy, 99))
    assert await bench.layered.delete(["a", "c"]) == {"c": busy}
    assert len(bench.asked) == 4
