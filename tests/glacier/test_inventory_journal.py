"""Inventories and real journals: made of one, compared with one, mended by one."""

from __future__ import annotations

import base64
import json
import os
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.errors import Corrupt, Misconfigured, Unsupported
from transfer_glacier.archive import Archive
from transfer_glacier.inventory.compare import SLACK_S, Comparison, Difference
from transfer_glacier.inventory.founding import begin_journal, collect
from transfer_glacier.inventory.listed import Listed
from transfer_glacier.inventory.naming import archive_of
from transfer_glacier.inventory.ordered import ordering
from transfer_glacier.inventory.repair import repairs
from transfer_glacier.journal import Created, Deleted, Journal, Known

TAKEN = 1_700_000_000
SURE = TAKEN - SLACK_S
NOW = TAKEN + 100_000
HASH = bytes(32)


def mt2(name: str, mtime: int = 77) -> str:
    """As mtglacier describes it."""
    moment = datetime.fromtimestamp(mtime, UTC).strftime("%Y%m%dT%H%M%SZ")
    text = json.dumps({"filename": name, "mtime": moment}, ensure_ascii=False)
    return "mt2 " + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def listed(archive_id: str, description: str = "", size: int = 5) -> Listed:
    return Listed(archive_id, description, 1000, size, HASH)


async def stream(archives: Sequence[Listed]) -> AsyncIterator[Listed]:
    for each in archives:
        yield each


@contextmanager
def opened(path: Path) -> Iterator[Journal]:
    journal = Journal(path, index=path.with_suffix(".index"))
    try:
        yield journal
    finally:
        journal.close()


def test_names() -> None:
    """From the file of names, else from the description, else the id, as mtglacier does with other tools' archives."""
    ours = listed("id", mt2("a/b"))
    assert archive_of(ours) == Archive("id", "a/b", 5, 77, HASH, 1000)
    assert archive_of(listed("id", "mt2 broken")) == Archive("id", "id", 5, None, HASH, 1000)
    assert archive_of(listed("id")) == Archive("id", "id", 5, None, HASH, 1000)
    override = {"id": "given", "other": "x"}
    assert archive_of(ours, override) == Archive("id", "given", 5, 77, HASH, 1000)
    assert archive_of(listed("id"), override).name == "given"


def test_names_of_other_tools() -> None:
    """FastGlacier's, CloudBerry's, and text that nobody encoded: all have names that people know."""
    fast = f"<m><v>4</v><p>{base64.b64encode(b'dir/f').decode()}</p><lm>20130313T040002Z</lm></m>"
    cloud = '{"Path":"dir/f","UTCDateModified":"20130313T040002Z"}'
    for description in (fast, cloud):
        assert archive_of(listed("id", description)) == Archive("id", "dir/f", 5, 1_363_147_202, HASH, 1000)
    assert archive_of(listed("id", "backup of 2012")).name == "backup of 2012"


@pytest.mark.parametrize("name", ["../a", "a//b", "a\nb", "", ".."])
def test_unsafe_names_become_ids(name: str) -> None:
    """None of them crashes, and none leaves its folder."""
    assert archive_of(listed("id", mt2(name))) == Archive("id", "id", 5, None, HASH, 1000)


async def test_a_journal_of_an_inventory(tmp_path: Path) -> None:
    """Its lines are mtglacier's, in the order of the inventory; nobody else may read it."""
    path = tmp_path / "new" / "journal"
    assert await begin_journal(path, stream([listed("id2", mt2("a/b")), listed("id1")]), archive_of) == 2
    zeros = "0" * 64
    assert path.read_text() == (
        f"B\t1000\tCREATED\tid2\t5\t77\t{zeros}\ta/b\nB\t1000\tCREATED\tid1\t5\tNONE\t{zeros}\tid1\n"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["journal"]
    with opened(path) as journal:
        assert [known.archive.id for known in journal.by_id()] == ["id1", "id2"]


async def test_many_archives(tmp_path: Path) -> None:
    """More than are written at once."""
    many = [listed(f"id{number}") for number in range(2500)]
    assert await begin_journal(tmp_path / "journal", stream(many), archive_of) == 2500
    assert (tmp_path / "journal").read_text().count("\n") == 2500
    with ordering() as ordered:
        assert await collect(stream(many), ordered) == 2500
        assert sorted(each.archive_id for each in many) == [each.archive_id for each in ordered.by_id()]


async def test_a_journal_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """An inventory that breaks leaves nothing behind."""

    async def broken() -> AsyncIterator[Listed]:
        yield listed("id")
        raise Corrupt("The inventory ends in the middle.")

    with pytest.raises(Corrupt):
        await begin_journal(tmp_path / "journal", broken(), archive_of)
    assert os.listdir(tmp_path) == []


async def test_no_journal_is_replaced(tmp_path: Path) -> None:
    """Neither one that is there, nor one that comes meanwhile."""
    path = tmp_path / "journal"

    async def slow() -> AsyncIterator[Listed]:
        yield listed("id")
        path.write_text("somebody's")

    for inventory in (slow(), stream([listed("id")])):
        with pytest.raises(FileExistsError):
            await begin_journal(path, inventory, archive_of)
        assert path.read_text() == "somebody's"
        assert os.listdir(tmp_path) == ["journal"]


async def test_a_place_for_no_journal_is_refused(tmp_path: Path) -> None:
    """In a sentence, as is a name that its encoding can't hold."""
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match=r"file/journal can't be made \(.*\); name another place"):
        await begin_journal(tmp_path / "file" / "journal", stream([]), archive_of)
    with pytest.raises(Unsupported, match=r"'\\u0416' is not in latin-1"):
        await begin_journal(tmp_path / "journal", stream([listed("id", mt2("\u0416"))]), archive_of, encoding="latin-1")
    assert os.listdir(tmp_path) == ["file"]


def compared(inventory: Sequence[Listed], journal: Journal) -> list[Difference]:
    with ordering() as ordered:
        ordered.add(inventory)
        return list(Comparison(ordered.by_id(), journal.by_id(), TAKEN))


times = st.integers(0, SURE - 1) | st.integers(SURE, NOW)
ids = st.sampled_from("abcdefgh")


@given(
    inventory=st.dictionaries(ids, st.integers(1, 2)),
    records=st.dictionaries(ids, st.tuples(times, st.integers(1, 2), st.none() | times)),
)
def test_a_mended_journal_has_what_the_vault_has(
    inventory: dict[str, int], records: dict[str, tuple[int, int, int | None]]
) -> None:
    """Also when it is read anew; and what mends it is written once, however often it is appended."""
    vault = [listed(each, mt2(f"name of {each}", 9), size) for each, size in inventory.items()]
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder, "journal")) as journal:
        for each, (created, size, gone) in records.items():
            archive = Archive(each, f"name of {each}", size, 9, HASH, created)
            journal.append([Created(archive), *([] if gone is None else [Deleted(gone, each, archive.name)])])
        journal.append(repairs(compared(vault, journal), archive_of, NOW))
        assert compared(vault, journal) == []
        lives = {known.archive.id: known.archive for known in journal.by_id() if known.deleted is None}
        younger = {each for each, (made, _, gone) in records.items() if made >= SURE and gone is None}
        deleted = {each for each, (_, _, gone) in records.items() if gone is not None and gone >= SURE}
        assert lives.keys() == (inventory.keys() - deleted) | younger
        assert all(lives[each].size == size for each, size in inventory.items() if each in lives)
        with opened(Path(folder, "again")) as again:
            again.path.write_bytes(journal.path.read_bytes() if journal.path.exists() else b"")
            assert list(again.by_id()) == list(journal.by_id())


def test_mending_while_comparing(tmp_path: Path) -> None:
    """Differences may be appended as they are found: millions of them are never held."""
    with opened(tmp_path / "journal") as journal, ordering() as ordered:
        journal.append(Created(Archive(f"gone{n}", "x", 5, None, HASH, 1000)) for n in range(1500))
        ordered.add(listed(f"new{n}") for n in range(1500))
        comparison = Comparison(ordered.by_id(), journal.by_id(), TAKEN)
        journal.append(repairs(comparison, archive_of, NOW))
        lives = [known.archive.id for known in journal.by_id() if known.deleted is None]
        assert lives == sorted(f"new{n}" for n in range(1500))
        assert journal.known("gone7") == Known(Archive("gone7", "x", 5, None, HASH, 1000), NOW)
