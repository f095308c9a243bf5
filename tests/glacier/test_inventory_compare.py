"""What an inventory and a journal differ in, by hand and by model; what mends them makes the journal the vault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.errors import Corrupt
from transfer_glacier.archive import Archive
from transfer_glacier.inventory.compare import (
    SLACK_S,
    Comparison,
    Difference,
    Disagreeing,
    Gone,
    Undeleted,
    Unjournaled,
)
from transfer_glacier.inventory.listed import Listed
from transfer_glacier.inventory.ordered import ordering
from transfer_glacier.inventory.repair import repairs
from transfer_glacier.journal import Created, Deleted, Known

TAKEN = 1_700_000_000
SURE = TAKEN - SLACK_S
NOW = TAKEN + 100_000
HASH, OTHER = bytes(32), bytes(range(32))


def archive(archive_id: str, created: int = 1000, size: int = 5, tree_hash: bytes = HASH) -> Archive:
    return Archive(archive_id, f"name of {archive_id}", size, 77, tree_hash, created)


def listed(archive_id: str, created: int = 1000, size: int = 5, tree_hash: bytes = HASH) -> Listed:
    return Listed(archive_id, f"about {archive_id}", created, size, tree_hash)


def described(found: Listed) -> Archive:
    """As the description would tell, in short."""
    return Archive(found.archive_id, f"name of {found.archive_id}", found.size, 77, found.tree_hash, found.created)


def compared(inventory: Sequence[Listed], journal: Sequence[Known]) -> tuple[Comparison, list[Difference]]:
    comparison = Comparison(inventory, journal, TAKEN)
    return comparison, list(comparison)


def test_both_directions() -> None:
    """What only one has, unless the inventory could not know."""
    comparison, found = compared(
        [listed("a"), listed("b"), listed("d")],
        [Known(archive("b")), Known(archive("c")), Known(archive("e", created=SURE)), Known(archive("f", created=NOW))],
    )
    assert found == [Unjournaled(listed("a")), Gone(archive("c")), Unjournaled(listed("d"))]
    assert (comparison.alike, comparison.younger, comparison.deleted) == (1, 2, 0)


def test_what_was_deleted_since_is_no_difference() -> None:
    """An inventory that is a day late must not bring archives back to life; one that is not must tell of them."""
    comparison, found = compared(
        [listed("late"), listed("lives")],
        [Known(archive("gone"), 5), Known(archive("late"), SURE), Known(archive("lives"), SURE - 1)],
    )
    assert found == [Undeleted(listed("lives"), archive("lives"))]
    assert (comparison.alike, comparison.younger, comparison.deleted) == (0, 0, 1)


def test_disagreements() -> None:
    """Size or tree hash."""
    _, found = compared([listed("a", size=6), listed("b", tree_hash=OTHER)], [Known(archive("a")), Known(archive("b"))])
    assert found == [
        Disagreeing(listed("a", size=6), archive("a")),
        Disagreeing(listed("b", tree_hash=OTHER), archive("b")),
    ]
    assert [str(each) for each in found] == [
        "name of a (a) has 6 bytes in the vault and 5 in the journal",
        "name of b (b) has another tree hash in the vault than in the journal",
    ]


def test_each_difference_is_a_sentence() -> None:
    """With the id, and the name where there is one."""
    assert str(Unjournaled(listed("a"))) == "a is in the vault, but not in the journal"
    assert str(Gone(archive("a"))) == "name of a (a) is in the journal, but not in the vault"
    assert (
        str(Undeleted(listed("a"), archive("a"))) == "name of a (a) is deleted in the journal, but still in the vault"
    )


def test_an_archive_listed_twice_is_corrupt() -> None:
    """No vault has two archives of one id."""
    with pytest.raises(Corrupt, match="lists archive a twice"):
        compared([listed("a"), listed("a")], [])


def test_repairs_by_hand() -> None:
    """One record for each difference, but two for a wrong one, which keeps its name."""
    differences: list[Difference] = [
        Unjournaled(listed("a")),
        Undeleted(listed("b"), archive("b")),
        Gone(archive("c")),
        Disagreeing(listed("d", size=6, created=7), replace(archive("d"), name="kept", mtime=None)),
    ]
    assert list(repairs(differences, described, NOW)) == [
        Created(archive("a")),
        Created(archive("b")),
        Deleted(NOW, "c", "name of c"),
        Deleted(NOW, "d", "kept"),
        Created(Archive("d", "kept", 6, None, HASH, 7)),
    ]


def appended(journal: Iterable[Known], records: Iterable[Created | Deleted]) -> dict[str, Known]:
    """The journal, with these at its end."""
    states = {known.archive.id: known for known in journal}
    for record in records:
        if isinstance(record, Created):
            states[record.archive.id] = Known(record.archive)
        else:
            states[record.archive_id] = Known(states[record.archive_id].archive, record.time)
    return states


times = st.integers(0, SURE - 1) | st.integers(SURE, NOW)
sizes = st.integers(1, 2)
ids = st.sampled_from("abcdefgh")
inventories = st.dictionaries(ids, st.builds(lambda size: (1000, size), sizes))
journals = st.dictionaries(ids, st.tuples(times, sizes, st.none() | times))


@given(inventory=inventories, journal=journals)
def test_a_mended_journal_has_what_the_vault_has(
    inventory: dict[str, tuple[int, int]], journal: dict[str, tuple[int, int, int | None]]
) -> None:
    """All of the inventory but what was deleted since, and what is younger; and then nothing differs any more."""
    vault = [listed(each, created, size) for each, (created, size) in sorted(inventory.items())]
    known = [Known(archive(each, made, size), gone) for each, (made, size, gone) in sorted(journal.items())]
    _, differences = compared(vault, known)
    mended = appended(known, repairs(differences, described, NOW))
    younger = {each for each, (made, _, gone) in journal.items() if made >= SURE and gone is None}
    deleted = {each for each, (_, _, gone) in journal.items() if gone is not None and gone >= SURE}
    alive = {each for each, state in mended.items() if state.deleted is None}
    assert alive == (inventory.keys() - deleted) | younger
    for each in alive & inventory.keys():
        assert mended[each].archive.size == inventory[each][1]
    _, again = compared(vault, [mended[each] for each in sorted(mended)])
    assert again == []


@given(names=st.lists(st.text("aAzZ09_-", min_size=1, max_size=4), unique=True, max_size=20))
def test_order_is_made_on_disk(names: list[str]) -> None:
    """As Python compares ids; every field comes back."""
    vault = [listed(each, size=len(each), tree_hash=OTHER) for each in names]
    with ordering() as ordered:
        ordered.add(vault[:2])
        ordered.add(vault[2:])
        assert list(ordered.by_id()) == sorted(vault, key=lambda each: each.archive_id)
