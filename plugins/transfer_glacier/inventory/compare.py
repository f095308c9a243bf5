"""In what a vault's inventory and its journal differ. Pure: two streams in the order of archive ids, merged.

An inventory is a day old, or older. So an archive that the journal has and the inventory has not is no difference if it
is younger than the inventory, and neither is one that the inventory has and the journal says was deleted since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from transfer.errors import Corrupt
from transfer.values import dataclass
from transfer_glacier.archive import Archive
from transfer_glacier.inventory.listed import Listed
from transfer_glacier.journal import Known

SLACK_S = 3600
"""An inventory takes its time, and clocks differ: what was made or deleted up to so long before counts as later."""


@dataclass(frozen=True, slots=True)
class Unjournaled:
    """In the vault, and not in the journal: another tool's, or its completion was never written down."""

    listed: Listed

    def __str__(self) -> str:
        return f"{self.listed.archive_id} is in the vault, but not in the journal"


@dataclass(frozen=True, slots=True)
class Undeleted:
    """In the vault, though the journal says that it was deleted before the inventory was taken."""

    listed: Listed
    archive: Archive

    def __str__(self) -> str:
        return f"{self.archive.name} ({self.archive.id}) is deleted in the journal, but still in the vault"


@dataclass(frozen=True, slots=True)
class Gone:
    """In the journal, and not in the vault any more: it was deleted by somebody else."""

    archive: Archive

    def __str__(self) -> str:
        return f"{self.archive.name} ({self.archive.id}) is in the journal, but not in the vault"


@dataclass(frozen=True, slots=True)
class Disagreeing:
    """In both, with another size or tree hash. Archives never change, so that the journal is wrong."""

    listed: Listed
    archive: Archive

    def __str__(self) -> str:
        if self.listed.size != self.archive.size:
            fields = f"{self.listed.size:,} bytes in the vault and {self.archive.size:,} in the journal"
        else:
            fields = "another tree hash in the vault than in the journal"
        return f"{self.archive.name} ({self.archive.id}) has {fields}"


Difference = Unjournaled | Undeleted | Gone | Disagreeing


class Comparison:
    """Iterated once, gives the differences, in the order of archive ids; the counts are whole afterwards.

    ``alike`` archives are in both; ``younger`` are in the journal alone, since the inventory is older than they are;
    ``deleted`` are in the inventory alone, since they were deleted after it was taken.
    """

    def __init__(
        self, inventory: Iterable[Listed], journal: Iterable[Known], taken: int, *, slack_s: int = SLACK_S
    ) -> None:
        """Both in the order of their ids, each id once; ``taken`` is the inventory's date, in seconds since 1970."""
        self.alike = self.younger = self.deleted = 0
        self._inventory = inventory
        self._journal = journal
        self._surely_before = taken - slack_s

    def __iter__(self) -> Iterator[Difference]:
        for listed, known in _merged(self._inventory, self._journal):
            difference = self._difference(listed, known)
            if difference is not None:
                yield difference

    def _difference(self, listed: Listed | None, known: Known | None) -> Difference | None:
        if listed is None:
            return None if known is None else self._unlisted(known)
        if known is None:
            return Unjournaled(listed)
        if known.deleted is not None:
            if known.deleted < self._surely_before:
                return Undeleted(listed, known.archive)
            self.deleted += 1
            return None
        if (listed.size, listed.tree_hash) != (known.archive.size, known.archive.tree_hash):
            return Disagreeing(listed, known.archive)
        self.alike += 1
        return None

    def _unlisted(self, known: Known) -> Difference | None:
        if known.deleted is not None:
            return None
        if known.archive.created < self._surely_before:
            return Gone(known.archive)
        self.younger += 1
        return None


def _merged(inventory: Iterable[Listed], journal: Iterable[Known]) -> Iterator[tuple[Listed | None, Known | None]]:
    """Both sides of each id."""
    left, right = iter(inventory), iter(journal)
    listed, known = next(left, None), next(right, None)
    while listed is not None or known is not None:
        if known is None or (listed is not None and listed.archive_id < known.archive.id):
            yield listed, None
            listed = _next(left, listed)
        elif listed is None or known.archive.id < listed.archive_id:
            yield None, known
            known = next(right, None)
        else:
            yield listed, known
            listed, known = _next(left, listed), next(right, None)


def _next(left: Iterator[Listed], before: Listed | None) -> Listed | None:
    listed = next(left, None)
    if listed is not None and before is not None and listed.archive_id <= before.archive_id:
        raise Corrupt(f"The inventory lists archive {listed.archive_id} twice; fetch it again.")
    return listed
