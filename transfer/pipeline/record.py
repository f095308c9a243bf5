"""What is kept and told of an object that was moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from transfer import killpoint
from transfer.checkpoint import Alike, Look, Row
from transfer.decide import Step
from transfer.event import Action, Outcome, Verdict
from transfer.model import Algorithm, Entry, Proof, Proven, Stored
from transfer.pipeline.carry import fingerprint
from transfer.pipeline.effort import Effort
from transfer.pipeline.held import looked_over
from transfer.pipeline.moved import Moved
from transfer.pipeline.outcomes import kept
from transfer.pipeline.proof import ALWAYS
from transfer.pipeline.resume import drop_needless
from transfer.pipeline.route import Route

_BY_ETAG = Proof(Proven.VERIFIED, "etag")
_BY_MTIME = Proof(Proven.UNPROVEN, "mtime")


async def record(route: Route, step: Step, moved: Moved, effort: Effort, *, racy: bool) -> Outcome:
    """Write a success down, and tell it; or tell what is missing to one."""
    stored = await looked_over(route, moved.stored, moved.metadata)
    error = _shortcoming(route, stored)
    if error is None:
        await write_down(route, _row(route, step, moved, racy=racy))
    else:
        route.journal.doubted(step.key, Look.of(stored.entry))
    return Outcome(
        step.key,
        Action.COPY,
        Verdict.FAILED if error else Verdict.DONE,
        step.reason,
        size=moved.source.size,
        checksum=_checksum(moved),
        proof=stored.proof,
        etag=stored.entry.etag,
        version=stored.entry.version,
        source_version=moved.source.version,
        source_checksum=kept(moved.source),
        attempts=effort.attempts,
        seconds=effort.seconds,
        sent=effort.sent,
        resumed=moved.resumed,
        lost=stored.lost,
        error=error,
    )


async def write_down(route: Route, row: Row) -> None:
    """The object is done: all of it is durable at the target, and an upload that was left open of it is dropped."""
    if row.key in route.unfinished:
        await drop_needless(route, row.key)
    route.journal.done(row)
    killpoint.reach("done")


def keep_skips(route: Route, steps: Iterable[Step]) -> None:
    """Keep how both sides of new skips look. Which metadata the targets have is not known."""
    now = route.now_ns()
    alike: dict[tuple[bool, bool], list[tuple[Entry, Entry]]] = {}
    for step in steps:
        if step.key in route.unfinished:
            continue  # the journal still has to tell of its upload
        assert step.source is not None
        assert step.target is not None
        ground = (step.proven, route.racy(step.source, now))
        alike.setdefault(ground, []).append((step.source, step.target))
    for (proven, racy), pairs in alike.items():
        route.journal.alike(Alike(pairs, _BY_ETAG if proven else _BY_MTIME, route.shape, racy))


def metadata_lost(route: Route, lost: tuple[str, ...]) -> str | None:
    """The sentence with which ``--strict-metadata`` refuses a loss."""
    if lost and route.options.strict_metadata:
        return f"the target can't hold {', '.join(lost)} (--strict-metadata)"
    return None


def source_look(step: Step, read: Entry) -> Look:
    """The source as its listing tells of it, which the next listing is compared with."""
    listed = step.source
    if listed is not None and listed.etag == read.etag and listed.identity == read.identity:
        return Look.of(listed if listed.version or not read.version else replace(listed, version=read.version))
    return Look.of(read)


def _shortcoming(route: Route, stored: Stored) -> str | None:
    if stored.proof.proven is Proven.UNPROVEN and not route.options.allow_unproven:
        return "nothing proves that the target has the same bytes; --allow-unproven accepts that"
    return metadata_lost(route, stored.lost)


def _row(route: Route, step: Step, moved: Moved, *, racy: bool) -> Row:
    return Row(
        key=step.key,
        source=source_look(step, moved.source),
        target=Look.of(moved.stored.entry),
        checksum=_checksum(moved),
        proof=moved.stored.proof,
        shape=route.shape,
        metadata=fingerprint(moved.metadata),
        racy=racy,
        run=route.rules.run,
    )


def _checksum(moved: Moved) -> tuple[Algorithm, bytes] | None:
    value = moved.checksums.get(ALWAYS)
    return None if value is None else (ALWAYS, value)
