"""``transfer glacier purge``, ``check`` and ``estimate``."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.emulators.controls import Fault
from tests.glacier_cli.conftest import Desk

TREE = {"a/old.txt": (b"second", 1_600_000_100), "b.bin": (b"b" * 3_000_000, 1_700_000_000)}


def test_what_would_go_and_what_is_owed_is_told_first(filled: Desk) -> None:
    """By a dry run a line for each archive; without --yes nothing is deleted where nobody can be asked."""
    assert filled.glacier("purge", "vaults://vault/a", "--dry-run") == 0
    assert [line.split()[3] for line in filled.said.splitlines() if line.startswith("delete")] == ["a/old.txt"] * 2
    assert "2 archives, 11 B to delete" in filled.said
    assert "for 2 archives younger than 90 days" in filled.said
    assert filled.glacier("purge", "vaults://vault/a") == 2
    assert "--yes is needed to delete 2 archives" in filled.said
    assert len(filled.place.archives) == 3


def test_a_purge_deletes_every_version_that_passes_and_writes_it_down(filled: Desk) -> None:
    """The oldest first; a second purge finds nothing."""
    assert filled.glacier("purge", "vaults://vault", "--yes", "--include", "a/**") == 0
    assert filled.said.endswith("2 archives deleted.\n")
    assert [each.size for each in filled.place.archives] == [3_000_000]
    assert [(line[2], line[4]) for line in filled.lines[3:]] == [("DELETED", "a/old.txt")] * 2
    assert filled.glacier("purge", "vaults://vault", "--yes", "--include", "a/**") == 0
    assert "0 archives" in filled.said
    assert filled.glacier("purge", "vaults://vault", "--yes", "--json", "--min-size", "1MiB") == 0
    assert [json.loads(line)["name"] for line in filled.said.splitlines()] == ["b.bin"]


def test_rules_of_mtglacier_choose_too(filled: Desk) -> None:
    """As they do for sync and the others."""
    assert filled.glacier("purge", "vaults://vault", "--yes", "--mt-filter", "-/a/ +*") == 0
    assert sorted(each.size for each in filled.place.archives) == [5, 6]


def test_what_fails_stays_in_the_journal(filled: Desk) -> None:
    """Is said, and makes the exit status 1; what was gone already counts as deleted."""
    filled.place.service.account.delete_archive(next(a for a in filled.place.archives if a.size == 6))
    filled.place.fail(Fault("refuse", "delete_archive", key=_id(filled, "b.bin"), status=403))
    assert filled.glacier("purge", "vaults://vault", "--yes") == 1
    assert "'b.bin' can't be deleted" in filled.said
    assert "2 archives deleted, 1 failed." in filled.said
    assert filled.glacier("purge", "vaults://vault", "--yes") == 0
    assert len(filled.place.archives) == 0


def test_a_stop_leaves_what_is_deleted_written_down(filled: Desk) -> None:
    """And the same command goes on."""
    filled.place.fail(Fault("throttle", "delete_archive", key=_id(filled, "b.bin"), times=99))
    command = [sys.executable, "-m", "transfer", "glacier", "purge", "vaults://vault", "--yes"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as purge:
        while len(filled.place.archives) > 1:
            assert purge.poll() is None
            time.sleep(0.05)
        time.sleep(0.2)
        purge.send_signal(signal.SIGINT)
    assert purge.returncode == 130
    filled.place.controls.faults.clear()
    assert [(line[2], line[4]) for line in filled.lines[3:]] == [("DELETED", "a/old.txt")] * 2
    assert [each.size for each in filled.place.archives] == [3_000_000]
    assert filled.glacier("purge", "vaults://vault", "--yes") == 0
    assert filled.place.archives == []


def _id(desk: Desk, name: str) -> str:
    return next(line[3] for line in desk.lines if line[7] == name)


def restored(desk: Desk, report: str) -> None:
    """The vault's files in ``out``, and a report that proves it."""
    assert desk.run("sync", "vaults://vault", "out") == 75
    desk.place.turn(hours=13)
    assert desk.run("sync", "vaults://vault", "out", "--report", report) == 0, desk.said


@pytest.mark.parametrize("report", ["moved.csv", "moved.jsonl"])
def test_a_report_decides_what_goes(filled: Desk, report: str) -> None:
    """Only the very archives that were read and proven: an older version stays, and so does what came since."""
    restored(filled, report)
    (filled.folder / "new").write_bytes(b"new")
    assert filled.run("copy", "new", "vaults://vault/new") == 0
    assert filled.glacier("purge", "vaults://vault", "--report", report, "--yes") == 0
    assert "2 archives, 2.9 MiB to delete. The report does not prove 2 others, which stay." in filled.said
    assert sorted(each.size for each in filled.place.archives) == [3, 5]


def test_a_report_of_a_folder_is_good_for_the_vault(filled: Desk) -> None:
    """Keys are relative to what was moved; archives are told by their ids, sizes and tree hashes."""
    assert filled.run("sync", "vaults://vault/a", "out") == 75
    filled.place.turn(hours=6)
    assert filled.run("sync", "vaults://vault/a", "out", "--report", "moved.csv") == 0
    text = (filled.folder / "moved.csv").read_text()
    (filled.folder / "other.csv").write_text(text.replace("sha256-tree:1636", "sha256-tree:0000"))
    assert text != (filled.folder / "other.csv").read_text()
    assert filled.glacier("purge", "vaults://vault", "--report", "other.csv", "--yes") == 0
    assert len(filled.place.archives) == 3
    assert filled.glacier("purge", "vaults://vault", "--report", "moved.csv", "--yes") == 0
    assert sorted(each.size for each in filled.place.archives) == [5, 3_000_000]


def test_a_later_report_proves_what_was_moved_before(filled: Desk) -> None:
    """Of a run that found all of it moved already; but not where that is only assumed, nor where it failed."""
    restored(filled, "first.csv")
    assert filled.run("sync", "vaults://vault", "out", "--report", "again.csv") == 0
    rows = list(csv.DictReader((filled.folder / "again.csv").read_text().splitlines()))
    assert {row["action"] for row in rows} == {"skip"}
    assert {row["source_version"] for row in rows} < {line[3] for line in filled.lines}
    for field, value in (("assumed", "True"), ("error", "it broke"), ("source_version", "")):
        with (filled.folder / "worse.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows({**row, field: value} for row in rows)
        assert filled.glacier("purge", "vaults://vault", "--report", "worse.csv", "--yes") == 0
        assert "0 archives" in filled.said
    assert len(filled.place.archives) == 3


def test_a_report_that_names_no_archives_is_refused(filled: Desk) -> None:
    """As is one that is none."""
    (filled.folder / "old.csv").write_text("key,size,action,verdict\na,1,copy,done\n")
    for report, sentence in (
        ("old.csv", "has no column 'source_version'"),
        ("nowhere.csv", "can't be read: No such file"),
        ("report.txt", "must end in .csv or .jsonl"),
    ):
        assert filled.glacier("purge", "vaults://vault", "--report", report, "--yes") == 2
        assert sentence in filled.said


def grow(folder: Path) -> None:
    for name, (data, mtime) in TREE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (mtime, mtime))


def test_files_are_checked_without_credentials(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the newest archive of each name; the server is not asked, which is not even named."""
    monkeypatch.delenv("AWS_REGION", raising=False)
    grow(filled.folder / "tree")
    before = dict(filled.place.calls)
    url = ("glacier://vault", "--vault-journal", filled.journal)
    assert filled.glacier("check", "tree", *url) == 0
    assert filled.said == "2 files: 2 equal\n"
    os.utime(filled.folder / "tree/b.bin", (1, 1))
    assert filled.glacier("check", "tree", *url) == 0
    assert filled.said == "other mtime     b.bin\n2 files: 1 equal, 1 other mtime\n"
    (filled.folder / "tree/b.bin").write_bytes(b"c" * 3_000_000)
    assert filled.glacier("check", "tree", *url, "--threads", 1) == 1
    assert "other content   b.bin\n" in filled.said
    (filled.folder / "tree/b.bin").write_bytes(b"short")
    (filled.folder / "tree/a/old.txt").unlink()
    assert filled.glacier("check", "tree", *url, "--json") == 1
    assert [json.loads(line) for line in filled.said.splitlines()] == [
        {"name": "a/old.txt", "finding": "missing", "detail": None},
        {"name": "b.bin", "finding": "other size", "detail": "5 bytes, in the vault 3,000,000"},
    ]
    assert filled.glacier("check", "tree/a", "glacier://vault/a", *url[1:], "--exclude", "old.txt") == 0
    assert filled.said == "The journal has no archive to check.\n"
    assert filled.place.calls == before


def test_the_only_journal_here_of_a_vault_is_found(filled: Desk) -> None:
    """And where there is none, or the folder is not there, that is said."""
    grow(filled.folder / "tree")
    assert filled.glacier("check", "tree", "glacier://vault") == 2
    assert "There is no journal of a vault 'vault' below " in filled.said
    assert "name one with --vault-journal" in filled.said
    place = filled.folder / "state/vaults/us-east-1/111122223333"
    place.mkdir(parents=True)
    (place / "vault.journal").write_bytes(filled.journal.read_bytes())
    assert filled.glacier("check", "tree", "vault") == 0
    assert filled.glacier("check", "nowhere", "vault") == 2
    assert "There is no folder 'nowhere'" in filled.said


def test_costs_are_estimated_from_the_journal(filled: Desk) -> None:
    """By tier, for what passes the filters, at prices of the region or of a table."""
    before = dict(filled.place.calls)
    assert filled.glacier("estimate", "vaults://vault") == 0
    assert filled.said.startswith("3 archives, 2.9 MiB\n")
    assert [line.split("  ")[1] for line in filled.said.splitlines()[1:]] == [
        "get back, expedited", "get back, standard", "get back, bulk", "out of AWS, besides", "keep", "delete now",
    ]  # fmt: skip
    assert "us-east-1" in filled.said
    assert filled.glacier("estimate", "vaults://vault", "--include", "b*", "--region", "eu-west-1", "--json") == 0
    told = [json.loads(line) for line in filled.said.splitlines()]
    assert {(row["archives"], row["bytes"], row["region"]) for row in told} == {(1, 3_000_000, "eu-west-1")}
    assert filled.glacier("estimate", "vaults://vault", "--prices", "nowhere.toml") == 2
    assert filled.place.calls == before


def test_what_needs_a_journal_says_how_to_get_one(desk: Desk) -> None:
    """And does not make one by the way."""
    for command in (("purge", "vaults://vault"), ("check", ".", "vaults://vault"), ("estimate", "vaults://vault")):
        assert desk.glacier(*command) == 2
        assert "'transfer glacier journal vaults://vault" in desk.said
    assert not desk.journal.exists()
