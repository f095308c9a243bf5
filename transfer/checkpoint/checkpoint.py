"""The job's memory: what is done, begun and failed for one pair of source and target."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from transfer.checkpoint import cold, tables
from transfer.checkpoint.kept import Kept
from transfer.checkpoint.records import Alike, Asked, Backup, Failure, Look, OpenUpload, Pair, Parked, Row, Waiting
from transfer.checkpoint.schema import open_database
from transfer.checkpoint.worker import Worker
from transfer.model import Entry, Receipt, Upload

_MOST_QUEUED = 10_000
"""Operations."""

T = TypeVar("T")


class Checkpoint:
    """An open checkpoint. Nobody else can open it until :meth:`close`.

    Methods that are not coroutines only queue a write. Coroutines that write return once it is
    committed; a cancelled one may still be written. Reads see all that was queued before.
    When a write fails (the disk is full), all that came with and after it is lost, and every
    later call raises what happened (NoSpace, Misconfigured, TransferError).
    """

    def __init__(self, path: Path, worker: Worker, *, resuming: bool) -> None:
        self.path = path
        self._worker = worker
        self._resuming = resuming

    @classmethod
    async def open(cls, path: Path, pair: Pair) -> Checkpoint:
        """Open the pair's checkpoint at ``path``, or begin it.

        Raises Misconfigured where another process works on it, where it is another pair's, from
        a newer version, or damaged; a damaged one is kept aside, so that the next call begins afresh.
        """
        worker = Worker(path, partial(open_database, path, pair))
        await worker.start()
        try:
            state = await worker.read(_state, None)
        except BaseException:
            await worker.close()
            raise
        return cls(path, worker, resuming=state not in (None, "complete"))

    @property
    def resuming(self) -> bool:
        """Whether the run before this opening did not complete, failed objects included."""
        return self._resuming

    def rows(self, *, after: str | None = None) -> AsyncIterator[Sequence[Row]]:
        """Last successes in key order, in pages, each read in a transaction of its own."""
        return _pages(partial(self._worker.read, tables.rows), lambda row: row.key, after)

    def kept(self) -> AsyncIterator[Sequence[Kept]]:
        """Like :meth:`rows`, not yet taken apart."""
        return _pages(partial(self._worker.read, tables.kept), lambda kept: kept.key)

    async def row(self, key: str) -> Row | None:
        return await self._worker.read(tables.row, key)

    def done(self, row: Row) -> None:
        """The object is proven and durable; whatever else is kept of it is forgotten with the same commit."""
        self._worker.write(tables.put_rows, row, "commit")

    def alike(self, alike: Alike) -> None:
        """None of these objects had anything to be done, and each is to be known by the next run."""
        self._worker.write(tables.put_alike, alike, weight=len(alike.pairs))

    async def intend(self, key: str, source: Look, shape: str, to: str | None = None) -> None:
        """An upload of ``key`` is about to be begun, as ``to`` at the target where that is another name.

        An earlier one must have been aborted.
        """
        self._worker.write(tables.intend, (key, source, shape, key if to is None else to), "intent")
        await self.flush()

    async def begun(self, key: str, upload: Upload) -> None:
        """The provider has begun the upload that was intended."""
        self._worker.write(tables.begin, (key, upload), "begin")
        await self.flush()

    def receipt(self, key: str, receipt: Receipt) -> None:
        self._worker.write(tables.put_receipts, (key, receipt), "receipt")

    async def open_upload(self, key: str) -> OpenUpload | None:
        return await self._worker.read(tables.open_upload, key)

    def open_uploads(self) -> AsyncIterator[OpenUpload]:
        """All of them, in key order; what is dropped or done meanwhile may be left out."""
        return _each(_pages(partial(self._worker.read, tables.open_uploads), lambda upload: upload.key))

    def dropped(self, key: str) -> None:
        """The upload was aborted, or is void."""
        self._worker.write(tables.drop_uploads, key)

    def forget(self, keys: Sequence[str]) -> None:
        """The objects are gone; open uploads stay, for they must be aborted."""
        self._worker.write(tables.forget, keys)

    def failed(self, failure: Failure) -> None:
        self._worker.write(tables.put_failures, failure)

    def recovered(self, key: str) -> None:
        """What failed needs no other try, though nothing was done."""
        self._worker.write(tables.drop_failures, key)

    def failures(self) -> AsyncIterator[Sequence[Failure]]:
        return _pages(partial(self._worker.read, tables.failures), lambda failure: failure.key)

    def clear_failures(self) -> None:
        self._worker.write(tables.clear_failures, None)

    def doubted(self, key: str, target: Look | None) -> None:
        """A try to write the object failed, or was not accepted, which only :meth:`done` and :meth:`forget` settle.

        ``target`` is how it looks at the target since then, where that is known.
        """
        self._worker.write(tables.put_doubts, (key, target))

    async def has_doubts(self) -> bool:
        """Whether any object is doubted."""
        return await self._worker.read(tables.has_doubts, None)

    async def doubts(self, keys: Sequence[str]) -> Mapping[str, Look | None]:
        """Those of ``keys`` that are :meth:`doubted`."""
        return await self._worker.read(tables.doubts, keys)

    async def backed_up(self, key: str, backup: Backup) -> None:
        """The object is about to be overwritten; its backup must not be, until :meth:`done` or :meth:`forget`."""
        self._worker.write(tables.put_backups, (key, backup))
        await self.flush()

    async def backup(self, key: str) -> Backup | None:
        """The last that was :meth:`backed_up`."""
        return await self._worker.read(tables.backup, key)

    def park(self, parked: Parked) -> None:
        """The object waits in cold storage, in this run."""
        self._worker.write(cold.park, parked)

    def unpark(self, key: str) -> None:
        """It came to its end."""
        self._worker.write(cold.unpark, key)

    def clear_parked(self) -> None:
        self._worker.write(cold.clear_parked, None)

    def parked(self) -> AsyncIterator[Sequence[Parked]]:
        """All that wait, in key order, in pages."""
        return _pages(partial(self._worker.read, cold.parked), lambda parked: parked.key)

    async def waiting(self) -> Waiting:
        """The same in figures."""
        return await self._worker.read(cold.waiting, None)

    async def ask(self, requests: Sequence[Asked]) -> None:
        """These requests are about to be made. Nobody may make one that is not written down."""
        for request in requests:
            self._worker.write(cold.put_asked, request, "ask")
        await self.flush()

    def asked(self, request: Asked) -> None:
        """What the store answered, or has told since."""
        self._worker.write(cold.put_asked, request, "asked")

    def not_asked(self, request: Asked) -> None:
        """The store refused it, or what came of it is over."""
        self._worker.write(cold.drop_asked, request)

    async def asked_of(self, keys: Sequence[str]) -> Sequence[Asked]:
        """What was asked for of these objects, by this pair, in this run and earlier ones."""
        return await self._worker.read(cold.asked_of, keys)

    async def asked_since(self, since_ns: int) -> Sequence[Asked]:
        """The requests that were made from then on, in the order of time."""
        return await self._worker.read(cold.asked_since, since_ns)

    async def uncopied(self, now_ns: int) -> Sequence[tuple[int | None, int]]:
        """When what was asked for of parked objects should be ready, and how many bytes of it are yet to be copied."""
        return await self._worker.read(cold.uncopied, now_ns)

    def forget_asked(self, before_ns: int) -> None:
        """Requests that were made earlier, and of which nothing can be read any more, are of no account."""
        self._worker.write(cold.forget_asked, before_ns)

    def doom(self, entry: Entry) -> None:
        """A candidate for deletion in this run."""
        self._worker.write(tables.doom, entry)

    def doomed(self) -> AsyncIterator[Sequence[Entry]]:
        return _pages(partial(self._worker.read, tables.doomed), lambda entry: entry.key)

    async def doomed_count(self) -> int:
        return await self._worker.read(_doomed_count, None)

    def clear_doomed(self) -> None:
        self._worker.write(tables.clear_doomed, None)

    async def remember(self, name: str, value: str) -> None:
        """Keep a text under a name, for later runs too."""
        self._worker.write(tables.remember, (name, value))
        await self.flush()

    async def recall(self, name: str) -> str | None:
        return await self._worker.read(tables.recall, name)

    async def start_run(self) -> int:
        """A run begins; until :meth:`end_run` it counts as interrupted. Forgets all delete candidates.

        Returns the run's number, counted from 1.
        """
        self._worker.write(tables.start_run, None)
        return await self._worker.read(tables.runs, None)

    async def end_run(self, state: str, totals_json: str) -> None:
        """The run has ended: ``complete``, ``waiting``, ``failed`` or ``interrupted``."""
        self._worker.write(tables.end_run, (state, totals_json))
        await self.flush()

    async def room(self) -> None:
        """Wait while much is queued; whoever queues many writes awaits this in between."""
        if self._worker.queued > _MOST_QUEUED:
            await self.flush()

    async def flush(self) -> None:
        """Returns once all that was queued is committed."""
        await self._worker.read(_nothing, None)

    async def discard(self) -> None:
        """Close it and remove its files: nothing of it is to be known any more. Raises Misconfigured."""
        await self._worker.discard()

    async def close(self) -> None:
        """Commit what is queued, if it can be, and let go of the file. Idempotent."""
        await self._worker.close()


async def _pages(
    read: Callable[[str | None], Awaitable[Sequence[T]]], key: Callable[[T], str], after: str | None = None
) -> AsyncIterator[Sequence[T]]:
    while page := await read(after):
        yield page
        after = key(page[-1])


async def _each(pages: AsyncIterator[Sequence[T]]) -> AsyncIterator[T]:
    async for page in pages:
        for item in page:
            yield item


def _nothing(db: tables.Db, _: None) -> None:
    """What a flush waits for."""


def _state(db: tables.Db, _: None) -> str | None:
    return tables.state(db)


def _doomed_count(db: tables.Db, _: None) -> int:
    return tables.doomed_count(db)
