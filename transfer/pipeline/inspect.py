"""Looks closer at an object that the listings leave open: HEADs, and hashes of files."""

from __future__ import annotations

from dataclasses import dataclass, replace

from transfer.checkpoint import Look, Row
from transfer.decide import OTHER_MTIME, SAME_MTIME, Do, Step, decide, doubted, may_be_doubted, same_etag, same_mtime
from transfer.errors import NotFound
from transfer.model import Algorithm, Entry, Metadata, Proof, Proven
from transfer.options import Compare
from transfer.pipeline.carry import STANDARD, carried, chosen_class, differs, fingerprint
from transfer.pipeline.fetch import digest_of
from transfer.pipeline.proof import ALWAYS, source_check
from transfer.pipeline.record import write_down
from transfer.pipeline.route import Route
from transfer.plugin import Store

SECOND_TRY = "failed before"
"""The reason of a step that tries again, at the end of a run, what failed in it."""
THAWED = "thawed"
"""The reason of a step that goes on with what had to wait for cold storage."""
_CLOCK_SKEW_NS = 5 * 60 * 1_000_000_000
"""How far the provider's clock may be from ours."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """``same`` is None where nothing could be compared; ``by`` names what was."""

    same: bool | None
    by: str
    proven: bool = False
    checksum: tuple[Algorithm, bytes] | None = None


async def look_up(route: Route, step: Step) -> Step:
    """Decide about an object that is known by name only, by asking both sides for it."""
    try:
        source = await route.source.stat(step.key)
    except NotFound:
        if step.reason in (SECOND_TRY, THAWED):
            return replace(step, do=Do.SKIP, reason="gone from the source since it was listed", proven=True)
        return replace(step, do=Do.FAIL, reason="not at the source")
    target = await _stat_or_none(route.target, step.target_key)
    row = await route.journal.row(step.key)
    decided = decide(step.key, source, target, row, route.rules)
    if decided is None and row is not None and row.run == route.rules.run:
        return replace(step, do=Do.SKIP, reason="done in this run already", proven=True)
    if decided is None:
        return replace(step, do=Do.LEAVE, reason="left out by the filter")
    if may_be_doubted(decided):
        doubts = await route.journal.doubts([step.key])
        if step.key in doubts:
            decided = doubted(decided, doubts[step.key], route.rules)
    return replace(decided, to=step.to)


async def _stat_or_none(store: Store, key: str) -> Entry | None:
    try:
        return await store.stat(key)
    except NotFound:
        return None


async def inspect(route: Route, step: Step) -> Step:
    """The step to take instead: copy, update or skip. Remembers what was found to be the same."""
    assert step.source is not None
    assert step.target is not None
    source = await route.source.stat(step.source.key)
    target = await route.target.stat(step.target.key)
    step = replace(step, source=source, target=target)
    if route.options.update and _newer(target, source):
        return replace(step, do=Do.SKIP, reason="newer at the target")
    if route.options.compare is Compare.ALWAYS:
        return replace(step, do=Do.COPY, reason="--compare always")
    if route.options.compare is Compare.SIZE and source.size == target.size:
        return replace(step, do=Do.SKIP, reason="same size")
    row = step.row if route.options.compare is Compare.DEFAULT else None
    if row is not None and row.target.same(Look.of(target)):
        return await _against_row(route, step, source, row)
    judged = await (_judge(route, source, target) if row is None else _judge_touched(route, source, target, row))
    if judged.same is not True:
        return replace(step, do=Do.COPY, reason=judged.by)
    return await _same(route, step, source, target, judged)


def effective_mtime(entry: Entry) -> int | None:
    """When the content was last changed, as far as its store can tell."""
    return entry.modified_ns if entry.mtime_ns is None else entry.mtime_ns


def _newer(target: Entry, source: Entry) -> bool:
    theirs, ours = effective_mtime(target), effective_mtime(source)
    return theirs is not None and ours is not None and theirs > ours


async def _against_row(route: Route, step: Step, source: Entry, row: Row) -> Step:
    """The target is as we left it, so only the source's content is in question."""
    if not await _content_as_in_row(route, source, row):
        return replace(step, do=Do.COPY, reason="changed at the source")
    metadata = carried(source, route.options, route.target.capabilities)
    if fingerprint(metadata) != row.metadata or row.shape != route.shape:
        return replace(step, do=Do.UPDATE, reason="metadata changed at the source")
    await write_down(route, replace(row, source=Look.of(source), racy=route.racy(source, route.now_ns())))
    proven = row.proof.proven is not Proven.UNPROVEN
    return replace(step, do=Do.SKIP, reason="same content", proven=proven)


async def _content_as_in_row(route: Route, source: Entry, row: Row) -> bool:
    if source.size != row.source.size:
        return False
    if source.etag is not None and source.etag == row.source.etag:
        return True
    return await _has_checksum(route, route.source, source, row) is True


async def _has_checksum(route: Route, store: Store, entry: Entry, row: Row) -> bool | None:
    """Whether the object has the content that the row tells of; None where that can't be told."""
    if row.checksum is None:
        return None
    algorithm, value = row.checksum
    found = entry.checksums.get(algorithm)
    if found is None and _cheap_to_read(store):
        found = await digest_of(store, entry, algorithm, route.lanes, route.listener)
    return None if found is None else found == value


async def _judge_touched(route: Route, source: Entry, target: Entry, row: Row) -> _Judged:
    """Somebody touched the target since we proved it, so that no time says anything about its content."""
    judged = _Judged(False, "size differs") if source.size != target.size else _by_content(source, target)
    if judged.same is not None:
        return judged
    if row.source.same(Look.of(source)) and not row.racy:
        same = await _has_checksum(route, route.target, target, row)
        if same is not None:
            return _Judged(
                same, "same content" if same else "changed at the target", proven=True, checksum=row.checksum
            )
    return await _by_hashing(route, source, target, thorough=True)


def _cheap_to_read(store: Store) -> bool:
    return store.capabilities.posix


async def _judge(route: Route, source: Entry, target: Entry) -> _Judged:
    compare = route.options.compare
    if source.size != target.size:
        return _Judged(False, "size differs")
    same = same_mtime(effective_mtime(source), target.mtime_ns, compare)
    if compare is Compare.MTIME_AND_CHECKSUM and same:
        return _Judged(True, SAME_MTIME)
    if compare is Compare.MTIME_OR_CHECKSUM and same is False:
        return _Judged(False, OTHER_MTIME)
    if compare is not Compare.MTIME:
        judged = _by_content(source, target)
        if judged.same is not None:
            return judged
    if compare is Compare.DEFAULT and _may_be_ours(route, target):
        judged = await _by_hashing(route, source, target, thorough=False)
        if judged.same is not None:
            return judged
    if compare in (Compare.DEFAULT, Compare.MTIME):
        if same:
            return _Judged(True, SAME_MTIME)
        if compare is Compare.MTIME:
            return _Judged(False, OTHER_MTIME)
    return await _by_hashing(route, source, target, thorough=compare is not Compare.DEFAULT)


def _may_be_ours(route: Route, target: Entry) -> bool:
    """Whether the object may have arrived in a run that was killed before it wrote that down.

    Times would do to leave it as it is; but then nobody would know that it was proven.
    """
    since, there = route.rules.unsettled_ns, target.modified_ns
    return since is not None and there is not None and there >= since - _CLOCK_SKEW_NS


def _by_content(source: Entry, target: Entry) -> _Judged:
    for algorithm in source.checksums.keys() & target.checksums.keys():
        same = source.checksums[algorithm] == target.checksums[algorithm]
        by = f"same {algorithm}" if same else f"{algorithm} differs"
        return _Judged(same, by, proven=True, checksum=(algorithm, source.checksums[algorithm]))
    if same_etag(source, target):
        return _Judged(True, "same size and ETag", proven=True)
    return _Judged(None, "nothing to compare content by")


async def _by_hashing(route: Route, source: Entry, target: Entry, *, thorough: bool) -> _Judged:
    """Read the sides whose reading is cheap, as far as that gives two checksums of one kind."""
    if _cheap_to_read(route.source) and _cheap_to_read(route.target):
        return await _read_both(route, source, target) if thorough else _Judged(False, "mtime differs")
    if _cheap_to_read(route.source):
        return await _hash_one(route, route.source, source, target)
    if _cheap_to_read(route.target):
        return await _hash_one(route, route.target, target, source)
    return await _nothing_kept(route, source, target)


async def _hash_one(route: Route, near: Store, file: Entry, other: Entry) -> _Judged:
    algorithm = source_check(other.checksums)
    if algorithm is None:
        return await _nothing_kept(route, *((file, other) if near is route.source else (other, file)))
    found = await digest_of(near, file, algorithm, route.lanes, route.listener)
    same = found == other.checksums[algorithm]
    by = f"same {algorithm}" if same else f"{algorithm} differs"
    return _Judged(same, by, proven=True, checksum=(algorithm, found))


async def _nothing_kept(route: Route, source: Entry, target: Entry) -> _Judged:
    """A sync rather sends again than reads both sides; a verify has to read them."""
    if route.rules.two_way:
        return await _read_both(route, source, target)
    return _Judged(None, "no comparable checksum")


async def _read_both(route: Route, source: Entry, target: Entry) -> _Judged:
    """The last resort: read both sides whole."""
    ours = await digest_of(route.source, source, ALWAYS, route.lanes, route.listener)
    theirs = await digest_of(route.target, target, ALWAYS, route.lanes, route.listener)
    by = f"same {ALWAYS}" if ours == theirs else "content differs"
    return _Judged(ours == theirs, by, proven=True, checksum=(ALWAYS, ours))


async def _same(route: Route, step: Step, source: Entry, target: Entry, judged: _Judged) -> Step:
    """Equal content: carry changed metadata, or remember the pair so that the next run need not look."""
    metadata = carried(source, route.options, route.target.capabilities)
    proof = (
        Proof(Proven.VERIFIED, judged.by.removeprefix("same ")) if judged.proven else Proof(Proven.UNPROVEN, "mtime")
    )
    row = Row(
        key=step.key,
        source=Look.of(source),
        target=Look.of(target),
        checksum=judged.checksum,
        proof=proof,
        shape=route.shape,
        metadata=fingerprint(metadata),
        racy=route.racy(source, route.now_ns()),
    )
    if judged.proven and _metadata_is_stale(route, source, metadata, target):
        return replace(step, do=Do.UPDATE, reason="metadata differs", row=row)
    await write_down(route, row)
    return replace(step, do=Do.SKIP, reason=judged.by, proven=judged.proven)


def _metadata_is_stale(route: Route, source: Entry, wanted: Metadata, target: Entry) -> bool:
    """Whether the same content has metadata that is to be replaced.

    An object that another tool put there from a disk, without any mtime, is left as it is.
    """
    if not route.target.capabilities.update or target.metadata is None:
        return False
    chosen = chosen_class(source, route.options)
    if route.target.capabilities.headers and chosen not in (None, target.storage_class or STANDARD):
        return True
    if route.source.capabilities.posix and target.metadata.posix.mtime_ns is None:
        return False
    return differs(wanted, target.metadata, route.target.capabilities)
