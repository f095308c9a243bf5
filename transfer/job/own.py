"""The files that a run writes beside its objects: they must not be among these, for they change as it goes on.

What the caller named is refused there; a checkpoint in its usual place, perhaps in a home that is synced, is left out.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path

from transfer.checkpoint import files_of
from transfer.errors import Misconfigured
from transfer.job.single import Single
from transfer.location import DISK, is_disk, parse_url
from transfer.model import Entry, Page, Unlisted, Why
from transfer.options import Options
from transfer.plugin import Origin, Store
from transfer.tasks import closing

Touches = Callable[[str], bool]
"""Asked with a key: may the run read, write or delete it?"""


def refuse_own_files(options: Options, source: str | Store, target: str | Store, single: Single | None = None) -> None:
    """Raise Misconfigured where a file that the options name is one that the run would move or find. Blocking."""
    for side, place, key in (
        ("source", source, single and single.key),
        ("target", target, single and single.to),
    ):
        refuse_within(options, side, place, key.__eq__ if key is not None else _touched(options))


def refuse_within(options: Options, side: str, place: str | Store, touches: Touches) -> None:
    """The same for one place. Blocking."""
    root = _root(place)
    if root is None:
        return
    for flag, path in _named(options):
        key = _key(root, path)
        if key is not None and touches(key):
            raise Misconfigured(
                f"{flag}: '{path}' is in the {side} {root}, where it would be taken for an object; "
                "name another place, or leave it out with --exclude."
            )


def keys_of(checkpoint: Path, origins: Collection[Origin]) -> frozenset[str]:
    """The keys under which a checkpoint and what is beside it are found at these places. Blocking."""
    roots = [origin.prefix for origin in origins if is_disk(origin)]
    return frozenset(key for root in roots for file in files_of(checkpoint) if (key := _key(root, file)) is not None)


async def leaving_out(own: Collection[str], pages: AsyncIterator[Page]) -> AsyncIterator[Page]:
    """The same pages, with the run's own files as names that are neither copied, replaced nor deleted."""
    async with closing(pages):
        async for page in pages:
            hit = any(item.key in own for item in page.items)
            yield replace(page, items=tuple(_shown(item, own) for item in page.items)) if hit else page


def _shown(item: Entry | Unlisted, own: Collection[str]) -> Entry | Unlisted:
    if item.key not in own:
        return item
    return Unlisted(item.key, Why.OWN, "this run's checkpoint", failed=False, folder=False)


def _touched(options: Options) -> Touches:
    if isinstance(options.files_from, tuple):
        return options.files_from.__contains__
    if options.files_from is not None:
        return lambda key: False  # whoever wrote the list has chosen
    return options.filter.passes_key


def _named(options: Options) -> Iterator[tuple[str, Path]]:
    named = (("--report", options.report), ("--profile", options.profile), ("--log-file", options.log_file))
    for flag, path in named:
        if path is not None:
            yield flag, path
    for path in files_of(options.checkpoint) if options.checkpoint is not None else ():
        yield "--checkpoint", path


def _root(place: str | Store) -> str | None:
    """The real path of a folder on disk, with a slash at its end; None for another place."""
    if isinstance(place, Store):
        return place.origin.prefix if is_disk(place.origin) else None
    address = parse_url(place)
    return os.path.join(os.path.realpath(address.path), "") if address.scheme == DISK else None


def _key(root: str, path: Path) -> str | None:
    real = os.path.realpath(path)
    return real[len(root) :] if real.startswith(root) else None
