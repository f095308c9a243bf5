"""Has the provider copy an object, so that no byte passes through this machine."""

from __future__ import annotations

from transfer.decide import Step
from transfer.event import BytesMoved
from transfer.model import Entry
from transfer.pipeline.carry import carried
from transfer.pipeline.moved import Moved
from transfer.pipeline.prove import settle_copy
from transfer.pipeline.route import Route


def possible(route: Route) -> bool:
    """Whether both sides are one provider's, reached with one account."""
    source, target = route.source.origin, route.target.origin
    same = (source.endpoint, source.account) == (target.endpoint, target.account)
    return same and route.options.server_copy and route.target.capabilities.copy


async def copy_whole(route: Route, step: Step, entry: Entry, *, if_absent: bool) -> Moved:
    """Copy ``entry``, whose every field is known, by one call."""
    metadata = carried(entry, route.options, route.target.capabilities)
    async with route.lanes.bare():
        route.writing(step.key)
        stored = await route.target.copy(route.source.origin, entry, step.target_key, metadata, if_absent=if_absent)
    route.listener(BytesMoved(step.key, entry.size or 0, by_provider=True))
    stored = await settle_copy(route, entry, stored)
    return Moved(entry, metadata, stored, entry.checksums)
