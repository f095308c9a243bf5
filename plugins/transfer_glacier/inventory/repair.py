"""What to append to a journal so that it has what the vault has. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from transfer_glacier.archive import Archive
from transfer_glacier.inventory.compare import Difference, Disagreeing, Gone
from transfer_glacier.inventory.listed import Listed
from transfer_glacier.journal import Created, Deleted


def repairs(
    differences: Iterable[Difference], archive_of: Callable[[Listed], Archive], now: int
) -> Iterator[Created | Deleted]:
    """The records that mend these differences, in their order.

    ``archive_of`` gives an archive its name, from its description as a rule; ``now`` is when those that are gone are
    said to be deleted. An archive that the journal is wrong about keeps the name that it has there: it is deleted and
    created anew.
    """
    for difference in differences:
        if isinstance(difference, Gone):
            yield _deleted(difference.archive, now)
        elif isinstance(difference, Disagreeing):
            yield _deleted(difference.archive, now)
            yield Created(_corrected(difference))
        else:
            yield Created(archive_of(difference.listed))


def _deleted(archive: Archive, now: int) -> Deleted:
    return Deleted(now, archive.id, archive.name)


def _corrected(difference: Disagreeing) -> Archive:
    listed, archive = difference.listed, difference.archive
    return Archive(archive.id, archive.name, listed.size, archive.mtime, listed.tree_hash, listed.created)
