"""``transfer glacier inventory`` and ``journal``."""

from __future__ import annotations

import csv
import json

import pytest

from tests.emulators.controls import Fault
from tests.glacier_cli.conftest import Desk
from transfer_glacier_cli import inventories


def test_an_inventory_is_asked_for_once_and_fetched_when_it_is_there(filled: Desk) -> None:
    """In each form by a job of its own; meanwhile the exit status is 75."""
    asked = ("inventory", "vaults://vault", "--format", "csv")
    assert filled.glacier(*asked) == 75
    assert "run this again then, or give --wait" in filled.said
    filled.place.turn(hours=1)
    assert filled.glacier(*asked) == 75
    assert filled.place.calls["begin_job"] == 2  # the other was for the journal
    filled.place.turn(hours=5)
    assert filled.glacier(*asked) == 0
    rows = list(csv.DictReader(filled.said.splitlines()))
    assert {row["Size"] for row in rows} == {"5", "6", "3000000"}
    assert filled.glacier("inventory", "vaults://vault") == 0
    assert len(json.loads(filled.said)["ArchiveList"]) == 3


def test_an_inventory_that_is_a_day_old_is_asked_for_anew(filled: Desk) -> None:
    """Its bytes are not there any more."""
    filled.place.turn(hours=30)
    assert filled.glacier("inventory", "vaults://vault") == 75


def test_a_request_whose_reply_is_lost_is_not_made_twice(filled: Desk) -> None:
    """The vault's own list tells of the job."""
    filled.place.turn(hours=30)
    filled.place.fail(Fault("lost", "begin_job"))
    assert filled.glacier("inventory", "vaults://vault") == 75
    assert filled.place.calls["begin_job"] == 2


def test_what_can_not_be_had_is_told_before_anything_is_asked_for(desk: Desk) -> None:
    """A vault has no inventory in its first day; and there must be a folder for what is fetched."""
    assert desk.glacier("create", "vaults://young") == 0
    assert desk.glacier("inventory", "vaults://young") == 75
    assert "'vaults://young/' has had no inventory yet" in desk.said
    assert desk.glacier("inventory", "vaults://nowhere") == 2
    assert "'vaults://nowhere/' does not exist" in desk.said
    assert desk.glacier("inventory", "vaults://vault", "--output", desk.folder / "nowhere" / "i.json") == 2
    assert "The folder of" in desk.said
    assert desk.said.count("\n") == 1
    assert not desk.place.jobs


def test_it_waits_where_it_is_asked_to(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And looks now and then."""
    pauses = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        filled.place.turn(hours=2)

    monkeypatch.setattr(inventories, "_sleep", sleep)
    assert filled.glacier("inventory", "vaults://vault", "--format", "csv", "--wait", "--output", "it.csv") == 0
    assert len(pauses) == 3
    assert (filled.folder / "it.csv").read_text().count("\n") == 4


def test_a_file_appears_whole_though_replies_break(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is asked for; where that is of no use, an earlier file stays as it was."""
    (filled.folder / "it.json").write_text("earlier")
    filled.place.fail(Fault("short", "job_output", after=100))
    assert filled.glacier("inventory", "vaults://vault", "--output", "it.json") == 0
    assert len(json.loads((filled.folder / "it.json").read_text())["ArchiveList"]) == 3
    (filled.folder / "it.json").write_text("earlier")
    filled.place.fail(Fault("short", "job_output", after=100, times=9))
    assert filled.glacier("inventory", "vaults://vault", "--output", "it.json", "--retries", 0) == 1
    assert (filled.folder / "it.json").read_text() == "earlier"
    assert not list(filled.folder.glob(".it.json*"))


def test_a_journal_is_made_of_an_inventory(filled: Desk) -> None:
    """Names and times are those of the descriptions; done once, it only tells of it."""
    assert sorted((line[5], line[7]) for line in filled.lines) == [
        ("1600000000", "a/old.txt"), ("1600000100", "a/old.txt"), ("1700000000", "b.bin"),
    ]  # fmt: skip
    before = filled.journal.read_bytes()
    assert filled.glacier("journal", "vaults://vault") == 0
    assert filled.said.splitlines() == [str(filled.journal), "3 archives, 2 names, 2.9 MiB"]
    assert filled.glacier("journal", "vaults://vault", "--json") == 0
    assert json.loads(filled.said)["archives"] == 3
    assert filled.journal.read_bytes() == before


def test_an_empty_vault_gets_an_empty_journal(desk: Desk) -> None:
    """At once: no inventory could be asked for."""
    assert desk.glacier("journal", "vaults://vault") == 0
    assert desk.journal.read_bytes() == b""


def test_names_are_exported_and_go_before_descriptions(filled: Desk) -> None:
    """In the form of AWS's own solution for moving vaults, which may be edited in between."""
    assert filled.glacier("journal", "vaults://vault", "--names-csv", "names.csv") == 0
    text = (filled.folder / "names.csv").read_text()
    assert text.startswith("GlacierArchiveID,FileName\n")
    assert text.count(",a/old.txt\n") == 2
    (filled.folder / "names.csv").write_text(text.replace("b.bin", "renamed.bin"))
    filled.journal.unlink()
    assert filled.glacier("journal", "vaults://vault", "--names-from", "names.csv") == 0
    assert {line[7] for line in filled.lines} == {"a/old.txt", "renamed.bin"}


def test_a_journal_is_checked_in_both_directions_and_mended(filled: Desk) -> None:
    """What others made and deleted is told, a line each, and appended by --repair; then nothing differs."""
    foreign = filled.place.keep(b"of another tool", "just text").id
    gone = filled.lines[0]
    filled.place.service.account.delete_archive(next(a for a in filled.place.archives if a.id == gone[3]))
    filled.place.turn(hours=30)
    filled.place.take_inventory()
    assert filled.glacier("journal", "vaults://vault", "--check") == 75
    filled.place.turn(hours=6)
    assert filled.glacier("journal", "vaults://vault", "--check") == 1
    assert f"{foreign} is in the vault, but not in the journal" in filled.said
    assert f"{gone[7]} ({gone[3]}) is in the journal, but not in the vault" in filled.said
    assert "2 archives alike, 1 " in filled.said
    assert filled.glacier("journal", "vaults://vault", "--check", "--json") == 1
    told = [json.loads(line) for line in filled.said.splitlines()]
    assert {(row["difference"], row["archive_id"]) for row in told} == {
        ("not in the journal", foreign),
        ("not in the vault", gone[3]),
    }
    assert len(filled.lines) == 3
    assert filled.glacier("journal", "vaults://vault", "--repair") == 0
    assert filled.said.endswith("the journal is mended.\n")
    assert sorted((line[2], line[3]) for line in filled.lines[3:]) == sorted(
        [("CREATED", foreign), ("DELETED", gone[3])]
    )
    assert filled.glacier("journal", "vaults://vault", "--check") == 0


def test_a_torn_last_line_is_taken_off(filled: Desk) -> None:
    """And kept beside."""
    with filled.journal.open("ab") as file:
        file.write(b"B\t17000000")
    assert filled.glacier("journal", "vaults://vault", "--check") == 2
    assert "line 4 was not fully written" in filled.said
    assert filled.glacier("journal", "vaults://vault", "--repair") == 0
    assert "A torn last line of 10 characters" in filled.said
    assert len(filled.lines) == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--check", "--repair"), "exclude each other"),
        (("--names-csv", "n.csv", "--check"), "leave the other options out"),
        (("--names-from", "nowhere.csv", "--check"), "can't be read: No such file"),
    ],
)
def test_nonsense_is_one_sentence(filled: Desk, arguments: tuple[str, ...], sentence: str) -> None:
    """With exit status 2."""
    assert filled.glacier("journal", "vaults://vault", *arguments) == 2
    assert sentence in filled.said
    assert filled.said.count("\n") == 1
