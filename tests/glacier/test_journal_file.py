"""A journal as a file: read once and followed, appended to by many, and refused where it makes no sense."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.glacier.test_journal_lines import ARCHIVE, HASH, ID, JOB, created, names
from transfer.errors import Misconfigured, NoSpace, Unsupported
from transfer_glacier.archive import Archive
from transfer_glacier.journal import Created, Deleted, Journal, Known, RetrieveJob, Totals, file

DIGEST = bytes.fromhex(HASH)


def archive(number: int, name: str = "name", mtime: int | None = None, created: int = 100) -> Archive:
    return Archive(f"id-{number}", name, number, mtime, DIGEST, created)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "journal"


@pytest.fixture
def journal(path: Path, tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(path, index=tmp_path / "index")
    yield journal
    journal.close()


def again(path: Path, **options: str) -> Journal:
    """As another process would open it, with an index in the user's own place."""
    return Journal(path, **options)  # type: ignore[arg-type]


def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The offsets from which lines are read from now on."""
    seen: list[int] = []
    plain = file.whole_lines

    def whole_lines(descriptor: int, offset: int) -> bytes:
        data = plain(descriptor, offset)
        if data:
            seen.append(offset)
        return data

    monkeypatch.setattr(file, "whole_lines", whole_lines)
    return seen


def test_a_journal_that_is_not_there_is_empty(journal: Journal, path: Path) -> None:
    """Asking makes none."""
    assert journal.page("", None, 10) == []
    assert journal.archive(ID) is None
    assert journal.totals() == Totals(0, 0, 0)
    assert not path.exists()
    journal.begin()
    assert path.read_bytes() == b""
    assert journal.totals() == Totals(0, 0, 0)


def test_lines_of_mtglacier_are_read(path: Path) -> None:
    """Of several versions, with line breaks of both kinds."""
    path.parent.mkdir()
    lines = [
        f"1355666755 CREATED {ID} 7684356 {HASH} def/abc",
        f"B\t1355666755\tDELETED\t{ID}\tdef/abc",
        created("A", id="second", name="директория/файл") + "\r",
        created("C", "NONE", id="third", name="third"),
        f"1355666755 RETRIEVE_JOB {ID}",
        f"B\t1355666756\tRETRIEVE_JOB\tsecond\t{JOB}",
    ]
    path.write_text("\n".join(lines) + "\n", newline="")
    journal = again(path)
    assert [name for name, _ in journal.page("", None, 10)] == ["third", "директория/файл"]
    known = journal.known(ID)
    assert known is not None
    assert known.deleted == 1355666755
    assert journal.archive(ID) is None
    assert [each.id for each in journal.versions("директория/файл")] == ["second"]
    assert journal.retrievals("second") == [RetrieveJob(1355666756, "second", JOB)]
    assert journal.retrievals(ID) == [RetrieveJob(1355666755, ID, None)]
    journal.close()


def test_our_lines_are_mtglacier_s(journal: Journal, path: Path) -> None:
    """Byte for byte, and nothing else is in the file."""
    assert journal.created(ARCHIVE) == ARCHIVE
    journal.requested(ARCHIVE, JOB, when=1355666755)
    journal.deleted(ARCHIVE, when=1355666755)
    assert path.read_text() == (
        f"{created()}\nB\t1355666755\tRETRIEVE_JOB\t{ID}\t{JOB}\nB\t1355666755\tDELETED\t{ID}\tdef/abc\n"
    )


def test_what_is_known_is_not_written_again(journal: Journal, path: Path) -> None:
    """So that each may be repeated after a crash; what was written first stays."""
    for _ in range(2):
        assert journal.created(ARCHIVE) == ARCHIVE
        journal.requested(ARCHIVE, JOB, when=5)
    assert journal.created(Archive(ID, "other", 1, None, DIGEST, 1)) == ARCHIVE
    journal.append([Deleted(6, ID, "def/abc"), Deleted(7, ID, "def/abc")])
    journal.deleted(ARCHIVE)
    assert [line.split("\t")[2] for line in path.read_text().splitlines()] == ["CREATED", "RETRIEVE_JOB", "DELETED"]


def test_an_archive_that_comes_back(journal: Journal, path: Path) -> None:
    """Deleted and created anew with what is true, as a repair does."""
    journal.created(ARCHIVE)
    true = Archive(ID, "def/abc", 5, None, bytes(32), 7)
    journal.append([Deleted(6, ID, "def/abc"), Created(true)])
    assert journal.archive(ID) == true
    assert journal.versions("def/abc") == [true]
    other = again(path)
    assert other.archive(ID) == true
    other.close()


def test_versions_are_in_the_order_of_their_mtimes(journal: Journal) -> None:
    """Where one has none, of its creation; ties by creation, then by the line."""
    journal.append(
        Created(each)
        for each in [
            archive(1, mtime=50),
            archive(2, mtime=None, created=70),
            archive(3, mtime=60, created=10),
            archive(4, mtime=60, created=9),
            archive(5, mtime=60, created=10),
            archive(6, "other", mtime=90),
        ]
    )
    assert [each.size for each in journal.versions("name")] == [2, 5, 3, 4, 1]
    ((name, found),) = journal.page("n", None, 10)
    assert (name, [each.size for each in found]) == ("name", [2, 5, 3, 4, 1])
    assert journal.totals() == Totals(6, 2, 21)


def test_names_come_in_pages_in_the_order_of_their_bytes(journal: Journal) -> None:
    """Each once with all its archives, whatever prefix and start."""
    listed = ["a", "a-", "a.b", "a/b", "a/ö", "b", "ä", "\uffff", "\U00010000"]
    journal.append(Created(archive(number, name)) for number, name in enumerate([*listed, *reversed(listed)]))
    assert listed == sorted(listed, key=str.encode)
    for count in (1, 2, 5, 20):
        after, seen = None, []
        while page := journal.page("", after, count):
            assert len(page) <= count
            assert all(len(versions) == 2 for _, versions in page)
            seen += [name for name, _ in page]
            after = seen[-1]
        assert seen == listed
    assert [name for name, _ in journal.page("a/", None, 9)] == ["a/b", "a/ö"]
    assert [name for name, _ in journal.page("a/", "a/b", 9)] == ["a/ö"]
    assert [name for name, _ in journal.page("a/", "a", 9)] == ["a/b", "a/ö"]
    assert journal.page("a/", "b", 9) == []


def test_all_archives_by_their_ids(journal: Journal) -> None:
    """The deleted ones too."""
    journal.append([Created(archive(2)), Created(archive(10)), Created(archive(1)), Deleted(9, "id-2", "name")])
    assert list(journal.by_id()) == [Known(archive(1)), Known(archive(10)), Known(archive(2), 9)]


def test_an_unchanged_journal_is_not_read_again(
    journal: Journal, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is it by who opens it next; of one that has grown, only what is new."""
    journal.created(ARCHIVE)
    size = path.stat().st_size
    seen = reads(monkeypatch)
    second = Journal(path, index=tmp_path / "index")
    assert second.archive(ID) == journal.archive(ID) == ARCHIVE
    assert seen == []
    with path.open("a") as foreign:
        foreign.write(created(id="foreign", name="x") + "\n")
    assert [len(each.versions("x")) for each in (second, journal)] == [1, 1]
    assert seen == [size]
    second.close()


@pytest.mark.parametrize("how", ["replaced", "rewritten in place", "shortened", "removed"])
def test_another_file_is_read_from_its_start(journal: Journal, path: Path, how: str) -> None:
    """Though it be as long, or longer."""
    journal.append([Created(archive(1)), Created(archive(2))])
    lines = path.read_text().splitlines(keepends=True)
    match how:
        case "replaced":
            new = path.with_name("new")
            new.write_text("".join(reversed(lines)) + created(id="id-3", name="name") + "\n")
            new.rename(path)
            left = {"id-1", "id-2", "id-3"}
        case "rewritten in place":
            path.write_text("".join(lines).replace("id-1", "id-7"))
            left = {"id-7", "id-2"}
        case "shortened":
            os.truncate(path, len(lines[0]))
            left = {"id-1"}
        case _:
            path.unlink()
            left = set()
    assert {each.id for each in journal.versions("name")} == left
    assert {known.archive.id for known in journal.by_id()} == left


def test_a_line_that_was_not_fully_written_is_refused_and_mended_when_asked(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is appended to it, and it is kept beside."""
    monkeypatch.setattr("transfer_glacier.journal.follower._PAUSE", 0.001)
    journal.created(ARCHIVE)
    whole = path.read_bytes()
    torn = created(id="torn", name="half a na")
    path.write_bytes(whole + torn.encode())
    with pytest.raises(Misconfigured, match=r"journal makes no sense: its line 2 was not fully written"):
        journal.archive(ID)
    with pytest.raises(Misconfigured, match="line 2"):
        journal.created(archive(5))
    assert path.read_bytes() == whole + torn.encode()
    assert journal.mend() == torn
    assert path.read_bytes() == whole
    assert path.with_name("journal.torn").read_text() == torn + "\n"
    assert journal.created(archive(5)) == archive(5)
    assert journal.mend() == ""


def test_a_line_that_another_program_is_about_to_end_is_waited_for(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a moment."""
    path.parent.mkdir()
    path.write_text(created()[:50])

    def end(_: float) -> None:
        path.write_text(created() + "\n")

    monkeypatch.setattr("transfer_glacier.journal.follower.time.sleep", end)
    assert journal.archive(ID) == ARCHIVE


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([created(), created(name="x")], f"line 2 creates the archive {ID} again, which line 1 has created"),
        ([created(), created(id="b"), created(id="b")], "line 3 creates the archive b again, which line 2"),
        ([created(), "B\t1\tDELETED\tx\tname"], "line 2 deletes the archive x, which is not there by then"),
        ([created(), *[f"B\t1\tDELETED\t{ID}\tname"] * 2], "line 3 deletes the archive"),
        (["B\t1\tDELETED\tx\tname", created(id="x")], "line 1 deletes"),
        ([created(), ""], "line 2 is no record of a journal"),
        ([created(), "D\t1"], "line 2 has version D"),
        ([created(name="../x")], "line 1 has the name '../x'"),
    ],
)
def test_lines_that_make_no_sense_are_told_by_file_and_number(path: Path, lines: list[str], why: str) -> None:
    """Each time, whatever was read before them."""
    path.parent.mkdir()
    path.write_text("\n".join(lines) + "\n")
    journal = again(path)
    for _ in range(2):
        with pytest.raises(Misconfigured) as caught:
            journal.totals()
        assert f"The journal {path} makes no sense: its {why}" in str(caught.value)
    journal.close()


def test_other_encodings(path: Path) -> None:
    """Those in which lines and fields can be told apart; what one has no letters for is refused."""
    russian = again(path, encoding="koi8-r")
    russian.created(archive(1, "директория/файл"))
    assert "директория/файл".encode("koi8-r") in path.read_bytes()
    assert len(russian.versions("директория/файл")) == 1
    with pytest.raises(Unsupported, match="which is not in koi8-r"):
        russian.created(archive(2, "\u3042"))
    russian.close()
    plain = again(path)
    with pytest.raises(Misconfigured, match=r"line 1 is not in utf-8; name the journal's encoding"):
        plain.totals()
    plain.close()
    for wrong in ("utf-16", "utf-7", "utf-8-sig", "cp037", "hex", "nonsense"):
        with pytest.raises(Misconfigured, match="is no encoding of a journal"):
            again(path, encoding=wrong)


def test_names_that_no_line_can_hold_are_refused(journal: Journal, path: Path) -> None:
    """And nothing is written."""
    for name in ("../x", "a\tb", "", "\udc80"):
        with pytest.raises(Unsupported, match="can't hold"):
            journal.created(archive(1, name))
    assert path.read_bytes() == b""


def test_a_full_disk_leaves_no_half_line(journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next one is written as if nothing had been."""
    journal.created(ARCHIVE)
    before = path.read_bytes()
    plain = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: plain(descriptor, data[:20]))
        with pytest.raises(NoSpace, match="Can't write to the journal"):
            journal.created(archive(1))
    assert path.read_bytes() == before
    journal.created(archive(1))
    assert journal.totals().archives == 2


def test_a_lost_or_damaged_index_is_made_again(path: Path, tmp_path: Path) -> None:
    """It holds nothing that the journal does not."""
    place = tmp_path / "index"
    for damage in (b"no database at all, though long enough to be looked at" * 100, b""):
        journal = Journal(path, index=place)
        journal.created(ARCHIVE)
        journal.close()
        place.write_bytes(damage)
    with sqlite3.connect(place) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    journal = Journal(path, index=place)
    assert journal.archive(ID) == ARCHIVE
    assert place.stat().st_mode & 0o777 == 0o600
    journal.close()


def test_numbers_that_no_database_holds(path: Path) -> None:
    """They are legal, so they must not stop the reading."""
    path.parent.mkdir()
    path.write_text(created(mtime="-" + "9" * 20, size="9" * 20, time="9" * 20) + "\n")
    journal = again(path)
    found = journal.archive(ID)
    assert found is not None
    assert (found.size, found.mtime) == (2**63 - 1, 1 - 2**63)
    journal.close()


def test_threads_and_journals_side_by_side(path: Path, tmp_path: Path) -> None:
    """Two pairs of one process, some threads each: every line is whole, and no archive is there twice."""
    journals = [Journal(path, index=tmp_path / f"index-{number % 2}") for number in range(3)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: journals[number % 3].created(archive(number // 2)), range(120)))
    assert [journal.totals().archives for journal in journals] == [60] * 3
    assert len(path.read_text().splitlines()) == 60
    for journal in journals:
        journal.close()


WRITER = """
import sys
from pathlib import Path
from transfer_glacier.archive import Archive
from transfer_glacier.journal import Journal
journal = Journal(Path(sys.argv[1]), index=Path(sys.argv[2]))
for number in range(int(sys.argv[3])):
    journal.created(Archive(f"id-{number}", "name", 1, None, bytes(32), 1))
    journal.created(Archive(f"{sys.argv[4]}-{number}", "name", 1, None, bytes(32), 1))
"""


def test_processes_side_by_side(path: Path, tmp_path: Path) -> None:
    """They see what each other has written before they write."""
    command = [sys.executable, "-c", WRITER, str(path), str(tmp_path / "index"), "25"]
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [subprocess.Popen([*command, name], env=surroundings) for name in "xyz"]
    assert [each.wait(60) for each in running] == [0, 0, 0]
    journal = Journal(path, index=tmp_path / "index")
    assert journal.totals().archives == 100
    assert len(path.read_text().splitlines()) == 100
    journal.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 5), names, st.none() | st.integers(0, 9), st.booleans()), max_size=12))
def test_it_is_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int | None, bool]]
) -> None:
    """Whatever is created and deleted, in any order, and for who reads it anew."""
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder / "journal", index=folder / "index")
    live: dict[str, Archive] = {}
    for number, name, mtime, creates in steps:
        each = archive(number, name, mtime)
        if creates:
            assert journal.created(each) == live.setdefault(each.id, each)
        else:
            journal.deleted(each)
            live.pop(each.id, None)
    other = Journal(folder / "journal", index=folder / "other")
    for reader in (journal, other):
        listed = [each for _, versions in reader.page("", None, 100) for each in versions]
        assert sorted(listed, key=lambda each: each.id) == sorted(live.values(), key=lambda each: each.id)
        reader.close()


@pytest.mark.slow
def test_a_long_journal_needs_little_memory(path: Path, tmp_path: Path) -> None:
    """A tenth of a million archives, the last of them deleted again: what is held does not grow with them."""
    path.parent.mkdir()
    with path.open("w") as lines:
        for number in range(100_000):
            lines.write(created(id=f"{number}-{ID}", name=f"folder/{number}") + "\n")
        lines.write(f"B\t1\tDELETED\t99999-{ID}\tfolder/99999\n")
    script = (
        "import re, sys; from pathlib import Path; from transfer_glacier.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]), index=Path(sys.argv[2]))\n"
        "print(journal.totals().archives, len(journal.page('folder/5', None, 1000)), "
        # Not getrusage, which counts the memory of whoever started the process too.
        "re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, str(path), str(tmp_path / "index")]
    told = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True, timeout=120).stdout
    archives, listed, kib = map(int, told.split())
    assert (archives, listed) == (99_999, 1000)
    assert kib < 200 * 1024


def test_the_index_is_a_cache_of_the_user(path: Path, own_surroundings: Path) -> None:
    """One for each journal and encoding, whatever the path to it looks like."""
    path.parent.mkdir()
    (path.parent / "link").symlink_to(path)
    for other in (path, path.parent / "link"):
        again(other).close()
    assert len(list((own_surroundings / "journals").glob("*.sqlite"))) == 1


def test_a_line_is_on_the_disk_before_it_counts(journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its file's name is, the first time."""
    synced: list[tuple[int, int]] = []

    def noted(descriptor: int) -> None:
        found = os.fstat(descriptor)
        synced.append((found.st_ino, found.st_size))

    monkeypatch.setattr(os, "fsync", noted)
    for number in (1, 2):
        journal.created(archive(number))
        found = path.stat()
        assert synced[-1] == (found.st_ino, found.st_size)
    assert path.parent.stat().st_ino in dict(synced)


def test_who_appends_waits_for_the_lock(journal: Journal, path: Path) -> None:
    """Of other programs too, which may be about to cut off what they could not write whole."""
    journal.created(archive(1))
    size = path.stat().st_size
    with ThreadPoolExecutor() as pool:
        with file.locked(path):
            appending = pool.submit(journal.created, archive(2))
            with pytest.raises(TimeoutError):
                appending.result(0.2)
            assert path.stat().st_size == size
        appending.result(5)
    assert path.stat().st_size > size
