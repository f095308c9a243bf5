"""Moves an object in one piece: one read, one write."""

from __future__ import annotations

from transfer.checksums import digest_off_loop
from transfer.decide import Step
from transfer.model import Body, Entry
from transfer.pipeline.carry import carried
from transfer.pipeline.fetch import fetch
from transfer.pipeline.moved import LeftOut, Moved
from transfer.pipeline.proof import needed, source_check
from transfer.pipeline.prove import check_source, settle, wants_staged_read_back
from transfer.pipeline.route import Route


async def move_whole(route: Route, step: Step, entry: Entry, *, if_absent: bool) -> Moved:
    """Read ``entry`` into one buffer, check it, put it. Raises TransferError, LeftOut."""
    size = entry.size or 0
    async with route.lanes.unit(size) as view:
        read = await fetch(route.source, entry, None, view, route.listener)
        refuse_symlink(route, read)
        check = source_check(read.checksums)
        able = route.target.capabilities
        checksums = await digest_off_loop(view, needed(able.verifies, check, able.sends))
        check_source(read, checksums, check)
        metadata = carried(read, route.options, able)
        route.writing(step.key)
        stored = await route.target.put(
            step.target_key,
            Body(view, checksums),
            metadata,
            if_absent=if_absent,
            read_back=wants_staged_read_back(route, check),
        )
    route.sent(step.key, size)
    stored = await settle(route, stored, checksums, check)
    return Moved(read, metadata, stored, checksums)


def refuse_symlink(route: Route, entry: Entry) -> None:
    """Raise LeftOut for a kept symlink that is bound for a disk, unless links are kept."""
    linked = entry.metadata is not None and entry.metadata.posix.link_target is not None
    if linked and route.target.capabilities.posix and route.options.stores.links != "keep":
        raise LeftOut("symlink; --links keep carries them")
