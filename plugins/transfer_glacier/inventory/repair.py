"""What to append to a journal so that it has what the vault has. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from transfer.values import dataclass
from transfer_glacier.archive import Archive
from transfer_glacier.inventory.compare import Difference, Disagreeing, Gone
from transfer_glacier.inventory.listed import Listed


@dataclass(frozen=True, slots=True)
class Create:
    """A record that the archive is in the vault, as of when it was created."""

    archive: Archive


@dataclass(frozen=True, slots=True)
class Delete:
    """A record that the archive is in the vault no more; ``time`` is when that was noticed."""

    time: int
    archive: Archive


Record = Create | Delete


def repairs(differences: Iterable[Difference], archive_of: Callable[[Listed], Archive], now: int) -> Iterator[Record]:
    """The records that mend these differences, in their order.

    ``archive_of`` gives an archive its name, from its description as a rule. An archive that the journal is wrong about
    keeps the name that it has there: it is deleted and created anew.
    """
    for difference in differences:
        if isinstance(difference, Gone):
            yield Delete(now, difference.archive)
        elif isinstance(difference, Disagreeing):
            yield Delete(now, difference.archive)
            yield Create(_corrected(difference))
        else:
            yield Create(archive_of(difference.listed))


def _corrected(difference: Disagreeing) -> Archive:
    listed, archive = difference.listed, difference.archive
    return Archive(archive.id, archive.name, listed.size, archive.mtime, listed.tree_hash, listed.created)
