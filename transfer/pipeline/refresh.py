"""Gives an object at the target new metadata; its bytes stay."""

from __future__ import annotations

from dataclasses import replace

from transfer.checkpoint import Look
from transfer.decide import Do, Step
from transfer.errors import Unsupported
from transfer.event import Action, Outcome, Verdict
from transfer.pipeline.carry import carried, fingerprint
from transfer.pipeline.held import looked_over
from transfer.pipeline.outcomes import kept, outcome_of
from transfer.pipeline.record import metadata_lost, source_look, write_down
from transfer.pipeline.route import Route


async def refresh(route: Route, step: Step) -> Outcome | Step:
    """The outcome; or, where it can't be done so, the step with which the object is copied instead.

    The step's row tells what is known of the content. It holds only for the source that was
    compared, so one that has changed since is copied.
    """
    source, target, row = step.source, step.target, step.row
    if source is None or target is None or row is None or not route.target.capabilities.update:
        return replace(step, do=Do.COPY)
    full = await route.source.stat(source.key)
    if not Look.of(full).same(Look.of(source)):
        return replace(step, do=Do.COPY, source=full, reason="changed at the source")
    metadata = carried(full, route.options, route.target.capabilities)
    try:
        stored = await route.target.update(target, metadata)
    except Unsupported:
        return replace(step, do=Do.COPY)
    route.writing(step.key)
    stored = await looked_over(route, stored, metadata)
    error = metadata_lost(route, stored.lost)
    if error is None:
        new = replace(row, source=source_look(step, full), target=Look.of(stored.entry), run=route.rules.run)
        racy = route.racy(full, route.now_ns())
        await write_down(route, replace(new, shape=route.shape, metadata=fingerprint(metadata), racy=racy))
    else:
        route.journal.doubted(step.key, Look.of(stored.entry))
    outcome = outcome_of(step, Action.UPDATE, Verdict.FAILED if error else Verdict.DONE, step.reason)
    return replace(
        outcome,
        proof=row.proof,
        checksum=row.checksum,
        etag=stored.entry.etag,
        version=stored.entry.version,
        source_version=full.version,
        source_checksum=kept(full),
        lost=stored.lost,
        error=error,
    )
