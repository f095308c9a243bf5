"""Key order is seen to on every key, and made on disk with bounded memory."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.checkpoint.samples import entries, texts, unlisted
from transfer import ordering
from transfer.errors import NoSpace, NotFound
from transfer.model import Entry, Page, Unlisted, Why
from transfer.ordering import OrderBroken, checked, sorted_on_disk
from transfer.plain import Plain

Items = Sequence[Entry | Unlisted]

reuse = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
few_keys = st.builds(Entry, key=st.sampled_from("abcdefgh"), size=st.integers(0, 99))
listings = st.lists(st.lists(entries | unlisted | few_keys, max_size=6), max_size=12)


@pytest.fixture
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs so short that a handful of items needs many of them, on three levels."""
    monkeypatch.setattr(ordering, "_RUN", 3)
    monkeypatch.setattr(ordering, "_BLOCK", 2)
    monkeypatch.setattr(ordering, "_FAN", 2)
    monkeypatch.setattr(ordering, "_PAGE", 4)


async def _listing(pages: Iterable[Items]) -> AsyncIterator[Page]:
    for number, items in enumerate(pages):
        yield Page(tuple(items), str(number))


async def _gathered(pages: AsyncIterator[Page]) -> list[Entry | Unlisted]:
    return [item async for page in pages for item in page.items]


def _named(*keys: str) -> Items:
    return [Entry(key) for key in keys]


@given(st.lists(texts, unique=True))
def test_texts_compare_as_their_bytes(keys: list[str]) -> None:
    """The order of code points is the order of UTF-8."""
    assert sorted(keys) == sorted(keys, key=lambda key: key.encode("utf-8", "surrogatepass"))


async def test_ordered_pages_pass_unchanged() -> None:
    """Pages in order come through as they are, with their resume values."""
    pages = [_named("a", "a-b"), [], _named("a/b", "\uffff", "\U0001f600")]
    expected = [page async for page in _listing(pages)]
    assert [page async for page in checked(_listing(pages))] == expected


@pytest.mark.parametrize(
    "pages",
    [[_named("a", "c"), _named("b")], [_named("a", "c", "b")], [_named("a", "b"), _named("b")], [_named("b", "b")]],
    ids=["later page", "same page", "repeated in the next", "repeated"],
)
async def test_the_first_key_out_of_order_is_told(pages: list[Items]) -> None:
    """A key that is not greater than the one before it stops its page, and both are named."""
    with pytest.raises(OrderBroken) as caught:
        await _gathered(checked(_listing(pages)))
    assert caught.value.key == "b"
    assert caught.value.before in ("b", "c")


async def test_unlisted_names_are_held_to_the_order_too() -> None:
    """A name that is no entry counts as a key."""
    with pytest.raises(OrderBroken):
        await _gathered(checked(_listing([[Entry("b"), Unlisted("a", Why.SPECIAL, "a socket", failed=False)]])))


async def test_what_is_listed_out_of_order_comes_out_in_order(tmp_path: Path) -> None:
    """A server that lists by path segment is put right."""
    pages = [_named("a/b", "a-b/c"), _named("a.txt", "a0")]
    assert await _gathered(sorted_on_disk(_listing(pages), tmp_path)) == _named("a-b/c", "a.txt", "a/b", "a0")


async def test_a_page_given_again_counts_once(tmp_path: Path, small_runs: None) -> None:
    """A repeated page adds nothing, and what was listed last of a key holds."""
    first, second = _named("a", "b", "c"), _named("d", "e", "f")
    pages = [second, first, second, first, [Entry("a", 9)]]
    result = await _gathered(sorted_on_disk(_listing(pages), tmp_path))
    assert result == [Entry("a", 9), *_named("b", "c", "d", "e", "f")]


async def test_runs_are_merged_before_they_are_many(
    tmp_path: Path, small_runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a listing is, what is merged at its end are few runs, each item in one of them."""
    levels: list[int] = []

    class Watched(ordering._Runs):
        def merged(self) -> Iterator[Plain]:
            levels.extend(len(runs) for runs in self._levels)
            return super().merged()

    monkeypatch.setattr(ordering, "_Runs", Watched)
    keys = [f"{number:03}" for number in range(93)]
    pages = [_named(*keys[start : start + 3]) for start in range(0, 93, 3)]
    assert await _gathered(sorted_on_disk(_listing(pages), tmp_path)) == _named(*keys)
    assert levels == [2, 1, 1, 1, 1]  # 31 full runs, as binary digits, and the rest, which is empty


async def test_a_cancelled_sort_waits_for_its_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is not closed under a thread that still writes to it, however often one cancels."""
    closed_meanwhile: list[bool] = []
    began = threading.Event()

    class Slow(ordering._Runs):
        def add(self, items: list[Plain]) -> None:
            began.set()
            time.sleep(0.2)
            assert self._file is not None
            closed_meanwhile.append(self._file.closed)

    monkeypatch.setattr(ordering, "_Runs", Slow)
    sorting = asyncio.create_task(_gathered(sorted_on_disk(_listing([_named("a")]), tmp_path)))
    await asyncio.to_thread(began.wait)
    sorting.cancel()
    await asyncio.sleep(0.05)
    sorting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sorting
    assert closed_meanwhile == [False]


async def test_an_entry_and_a_name_that_prints_like_it_both_stay(tmp_path: Path) -> None:
    """A bad name shown as another's key protects, and does not hide, that other."""
    bad = Unlisted("a", Why.BAD_NAME, "not UTF-8", failed=True)
    assert await _gathered(sorted_on_disk(_listing([[Entry("a"), bad]]), tmp_path)) == [bad, Entry("a")]


@reuse
@given(pages=listings)
async def test_everything_comes_out_whole_and_in_order(tmp_path: Path, small_runs: None, pages: list[Items]) -> None:
    """Every item comes back with all its fields, over many runs and levels."""
    last = {(item.key, isinstance(item, Entry)): item for items in pages for item in items}
    expected = [last[place] for place in sorted(last)]
    found = [page async for page in sorted_on_disk(_listing(pages), tmp_path)]
    assert [item for page in found for item in page.items] == expected
    assert [len(page.items) for page in found[:-1]] == [4] * (len(found) - 1)


async def test_nothing_is_left_on_the_disk(tmp_path: Path) -> None:
    """Neither while it sorts nor when it was stopped half-way is there a name in the folder."""
    pages = sorted_on_disk(_listing([_named(f"{number}") for number in range(3_000)]), tmp_path)
    await anext(pages)
    assert list(tmp_path.iterdir()) == []
    descriptors = _open_descriptors()
    await pages.aclose()  # type: ignore[attr-defined]
    assert len(descriptors - _open_descriptors()) == 1


@pytest.mark.parametrize("after", [0, 0.005, 0.02, 0.05, 0.1])
async def test_a_cancelled_sort_lets_go_of_its_file(tmp_path: Path, after: float) -> None:
    """Cancelled at any moment, it ends soon and leaves no open file."""
    before = _open_descriptors()
    sorting = asyncio.create_task(_gathered(sorted_on_disk(_many(100_000), tmp_path)))
    await asyncio.sleep(after)
    sorting.cancel()
    started = time.perf_counter()
    with pytest.raises(asyncio.CancelledError):
        await sorting
    assert time.perf_counter() - started < 5
    assert not _open_descriptors() - before


async def test_a_failing_listing_fails_the_sort(tmp_path: Path) -> None:
    """What the listing raises comes through."""

    async def failing() -> AsyncIterator[Page]:
        yield Page((Entry("a"),))
        raise NotFound("the bucket is gone")

    with pytest.raises(NotFound):
        await _gathered(sorted_on_disk(failing(), tmp_path))


async def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No room to sort is one sentence with the folder."""

    class Full(ordering._Runs):
        def add(self, items: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(ordering, "_Runs", Full)
    with pytest.raises(NoSpace, match=f"sorted in {tmp_path}: No space left"):
        await _gathered(sorted_on_disk(_listing([_named("a")]), tmp_path))


async def test_a_listing_that_broke_off_is_closed(tmp_path: Path) -> None:
    """Whoever checks or sorts a listing closes it, however that ends."""
    closed = []

    async def listing() -> AsyncIterator[Page]:
        try:
            yield Page(tuple(_named("b", "a")))
        finally:
            closed.append(True)

    with pytest.raises(OrderBroken):
        await _gathered(checked(listing()))
    assert closed == [True]


async def test_memory_stays_bounded(tmp_path: Path) -> None:
    """Entries are sorted within 20 MiB, where these would take more than twice that in memory."""
    tracemalloc.start()
    try:
        count, last = 0, ""
        async for page in sorted_on_disk(_many(80_000), tmp_path):
            assert last < page.items[0].key
            count, last = count + len(page.items), page.items[-1].key
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 80_000
    assert peak < 20 * 1024 * 1024


async def test_sorting_is_quick(tmp_path: Path) -> None:
    """An entry costs less than 60 µs of processor time, of which the loop has but a part."""
    started, on_loop = time.process_time(), time.thread_time()
    assert len(await _gathered(sorted_on_disk(_many(50_000), tmp_path))) == 50_000
    assert (time.process_time() - started) / 50_000 < 60e-6
    assert (time.thread_time() - on_loop) / 50_000 < 30e-6


async def _many(count: int) -> AsyncIterator[Page]:
    """Entries that differ in all that listings tell, in an order that has nothing to do with their keys."""
    for start in range(0, count, 1_000):
        yield Page(tuple(_entry(number * 7919 % count, number) for number in range(start, start + 1_000)))


def _entry(name: int, number: int) -> Entry:
    return Entry(f"lib/python/package/module_{name:09}.py", number, 10**18 + number, 10**18, f"{number:032x}")


def _open_descriptors() -> set[str]:
    return set(os.listdir("/dev/fd"))
