"""What can't be opened says why, and nothing is ever thrown away."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.checkpoint.samples import FAILURE, PAIR, gathered, row
from transfer.checkpoint import (
    NOTHING_WAITS,
    Checkpoint,
    Pair,
    Parked,
    Waiting,
    lock,
    path_of,
    schema,
    set_aside,
    summary_of,
)
from transfer.checkpoint.lock import Lock, holder
from transfer.errors import Misconfigured

HOLD = """
import asyncio, sys
from pathlib import Path
from transfer.checkpoint import Checkpoint, Pair

async def hold():
    checkpoint = await Checkpoint.open(Path(sys.argv[1]), Pair(sys.argv[2], sys.argv[3]))
    print("held", flush=True)
    sys.stdin.read()

asyncio.run(hold())
"""


async def test_a_second_process_is_told_of_the_first(path: Path) -> None:
    """Its pid, host and time are named; when it is killed, the way is free at once."""
    command = [sys.executable, "-c", HOLD, str(path), PAIR.source, PAIR.target]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(Misconfigured, match=rf"process {first.pid} on {re.escape(os.uname().nodename)}, since 20"):
            await Checkpoint.open(path, PAIR)
        first.kill()
    assert holder(path) is None
    await (await Checkpoint.open(path, PAIR)).close()


async def test_a_pair_is_open_once_in_one_process_too(checkpoint: Checkpoint) -> None:
    """Two jobs in one process don't share a checkpoint, and the refused one does no harm to the other."""
    with pytest.raises(Misconfigured, match=f"process {os.getpid()} "):
        await Checkpoint.open(checkpoint.path, PAIR)
    checkpoint.done(row("a"))
    await checkpoint.flush()


async def test_a_glance_at_the_lock_refuses_nobody(path: Path) -> None:
    """Looking who holds the lock, over and over, never makes an opening fail."""
    await (await Checkpoint.open(path, PAIR)).close()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            holder(path)

    looking = asyncio.create_task(asyncio.to_thread(look))
    try:
        for _ in range(20):
            await (await Checkpoint.open(path, PAIR)).close()
    finally:
        stop.set()
        await looking


async def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    """Names of objects are nobody else's business."""
    path = path_of(PAIR, tmp_path / "state")
    checkpoint = await Checkpoint.open(path, PAIR)
    checkpoint.done(row("a"))
    await checkpoint.flush()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    await checkpoint.close()


def test_a_pair_has_one_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path depends on both sides and on nothing else."""
    monkeypatch.setenv("TRANSFER_STATE_DIR", str(tmp_path / "named"))
    path = path_of(PAIR)
    assert path == path_of(Pair(PAIR.source, PAIR.target))
    assert path.parent == tmp_path / "named" / "checkpoints"
    assert len({path, path_of(Pair(PAIR.target, PAIR.source)), path_of(Pair("a", "bc")), path_of(Pair("ab", "c"))}) == 4


async def test_another_pairs_checkpoint_is_refused(path: Path) -> None:
    """A file named by hand is not used for another pair."""
    await (await Checkpoint.open(path, PAIR)).close()
    with pytest.raises(Misconfigured, match="belongs to file:///data -> s3://bucket/prefix"):
        await Checkpoint.open(path, Pair("file:///data", "s3://other/prefix"))


async def test_a_newer_checkpoint_is_refused_and_stays_as_it_is(path: Path) -> None:
    """What a newer version wrote is not touched."""
    await (await Checkpoint.open(path, PAIR)).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(Misconfigured, match="newer version"):
        await Checkpoint.open(path, PAIR)
    assert path.read_bytes() == before


async def test_an_older_checkpoint_is_brought_up_to_date(path: Path) -> None:
    """With all that it remembers; another pair's is refused as it is."""
    checkpoint = await Checkpoint.open(path, PAIR)
    checkpoint.done(row("a"))
    checkpoint.failed(FAILURE)
    await checkpoint.close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            "DROP TABLE doubt; DROP TABLE backup; DROP TRIGGER done_settles; DROP TABLE parked; DROP TABLE asked;"
            "CREATE TRIGGER done_settles AFTER INSERT ON done BEGIN"
            " DELETE FROM upload WHERE key = NEW.key; DELETE FROM failure WHERE key = NEW.key; END;"
            "PRAGMA user_version = 1;"
        )
    with pytest.raises(Misconfigured, match="belongs to"):
        await Checkpoint.open(path, Pair("file:///data", "s3://other/prefix"))
    assert (await summary_of(path)).failures == 1
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
    for _ in range(2):
        checkpoint = await Checkpoint.open(path, PAIR)
        assert await checkpoint.row("a") == row("a")
        checkpoint.doubted(FAILURE.key, None)
        assert await checkpoint.has_doubts()
        checkpoint.done(row(FAILURE.key))
        assert not await checkpoint.has_doubts()
        assert await gathered(checkpoint.failures()) == []
        await checkpoint.close()


async def test_a_checkpoint_from_before_cold_storage_is_brought_up_to_date(path: Path) -> None:
    """With all that it remembers; as long as nobody does so, it can be looked at."""
    checkpoint = await Checkpoint.open(path, PAIR)
    checkpoint.done(row("a"))
    checkpoint.doubted("b", None)
    await checkpoint.close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript("DROP TABLE parked; DROP TABLE asked; PRAGMA user_version = 2;")
    assert (await summary_of(path)).waiting == NOTHING_WAITS
    for _ in range(2):
        checkpoint = await Checkpoint.open(path, PAIR)
        assert await checkpoint.row("a") == row("a")
        assert await checkpoint.has_doubts()
        checkpoint.park(Parked("c", 5))
        assert await gathered(checkpoint.parked()) == [Parked("c", 5)]
        await checkpoint.close()
    assert (await summary_of(path)).waiting == Waiting(1, 5)


async def test_another_programs_database_is_refused_and_stays_as_it_is(path: Path) -> None:
    """A database that is not ours is neither changed nor moved."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(Misconfigured, match="no checkpoint"):
        await Checkpoint.open(path, PAIR)
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 1


@pytest.mark.parametrize("content", [b"x", b"\x89PNG" * 1000])
async def test_another_programs_file_is_refused_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    """A file that was named by mistake is neither moved aside nor overwritten."""
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match=r"photo\.png is no checkpoint; name another file"):
        await Checkpoint.open(path, PAIR)
    assert path.read_bytes() == content
    assert {file.name for file in tmp_path.iterdir()} == {path.name}


def _text(data: bytes) -> bytes:
    return b"this is no database, but somebody's notes\n" * 50


def _short(data: bytes) -> bytes:
    return b"x"


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _overwritten(data: bytes) -> bytes:
    return data[:-8192] + b"\xa5" * 8192


def _header(data: bytes) -> bytes:
    return b"\xa5" * 100 + data[100:]


@pytest.mark.parametrize("damage", [_text, _short, _cut, _overwritten, _header])
async def test_a_damaged_checkpoint_is_kept_aside(path: Path, damage: Callable[[bytes], bytes]) -> None:
    """The first run says so and keeps the file; the next one begins afresh."""
    checkpoint = await Checkpoint.open(path, PAIR)
    for number in range(3000):
        checkpoint.done(row(f"{number:05}"))
    await checkpoint.close()
    broken = damage(path.read_bytes())
    path.write_bytes(broken)

    with pytest.raises(Misconfigured, match=r"was damaged .* is kept as pair\.sqlite\.corrupt-20.*afresh"):
        await Checkpoint.open(path, PAIR)
    (aside,) = path.parent.glob("*.corrupt-*")
    assert aside.read_bytes() == broken
    fresh = await Checkpoint.open(path, PAIR)
    assert await fresh.row("00000") is None
    assert not fresh.resuming
    await fresh.close()


async def test_a_damaged_checkpoints_log_is_never_mixed_into_a_fresh_one(path: Path) -> None:
    """Nothing is left under the old names."""
    path.write_bytes(b"no database" * 100)
    path.with_name(path.name + "-wal").write_bytes(b"log")
    path.with_name(path.name + "-shm").write_bytes(b"index")
    with pytest.raises(Misconfigured, match="damaged"):
        await Checkpoint.open(path, PAIR)
    assert [file.name for file in path.parent.glob("*") if "corrupt" not in file.name] == []
    await (await Checkpoint.open(path, PAIR)).close()


async def test_a_log_that_somebody_still_reads_is_kept_aside_too(path: Path) -> None:
    """Where another process has the damaged file open, so that its log stays, both are moved together."""
    checkpoint = await Checkpoint.open(path, PAIR)
    for number in range(3000):
        checkpoint.done(row(f"{number:05}"))
    await checkpoint.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE job SET state = 'failed'")
        path.write_bytes(_overwritten(path.read_bytes()))
        with pytest.raises(Misconfigured, match="damaged"):
            await Checkpoint.open(path, PAIR)
        assert not path.with_name(f"{path.name}-wal").exists()
        (log,) = path.parent.glob("*.corrupt-*-wal")
        assert log.stat().st_size > 0


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A checkpoint in a missing folder is one sentence."""
    with pytest.raises(Misconfigured, match=r"can't be written to: .*missing"):
        await Checkpoint.open(tmp_path / "missing" / "pair.sqlite", PAIR)
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="can't be made"):
        path_of(PAIR, tmp_path / "file")


async def test_a_folder_in_its_place_is_named(path: Path) -> None:
    """A path that is a folder is one sentence."""
    path.mkdir()
    with pytest.raises(Misconfigured, match="can't be opened"):
        await Checkpoint.open(path, PAIR)


async def test_a_cancelled_opening_lets_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a slow opening that was given up, and it leaves the lock free."""
    slow = threading.Event()

    def check(db: sqlite3.Connection) -> None:
        slow.wait(5)

    with monkeypatch.context() as patch:
        patch.setattr(schema, "_check", check)
        opening = asyncio.create_task(Checkpoint.open(path, PAIR))
        await asyncio.sleep(0.05)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert holder(path) is not None
        slow.set()
    await (await Checkpoint.open(path, PAIR)).close()


def test_a_lock_that_tells_nothing_yet_still_holds(path: Path) -> None:
    """Between locking and writing itself down, a holder is another process."""
    held = Lock.acquire(path)
    path.with_name(path.name + ".lock").write_bytes(b"")
    with pytest.raises(Misconfigured, match="by another process"):
        Lock.acquire(path)
    held.release()
    Lock.acquire(path).release()


def test_a_lock_that_is_removed_while_another_is_after_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock on a file that nobody else can find any more would keep nobody out."""
    first = Lock.acquire(path)
    opened = lock._open

    def released_meanwhile(file: Path) -> int:
        descriptor = opened(file)
        monkeypatch.setattr(lock, "_open", opened)
        first.release()
        return descriptor

    monkeypatch.setattr(lock, "_open", released_meanwhile)
    second = Lock.acquire(path)
    with pytest.raises(Misconfigured, match=f"process {os.getpid()} "):
        Lock.acquire(path)
    second.release()
    assert list(path.parent.iterdir()) == []


def test_a_lock_is_one_processs_whoever_comes_and_goes(path: Path) -> None:
    """Many take it and let go of it, and no two have it at a time."""
    inside, most = 0, 0

    def come_and_go() -> None:
        nonlocal inside, most
        for _ in range(50):
            try:
                held = Lock.acquire(path)
            except Misconfigured:
                continue
            inside += 1
            most = max(most, inside)
            inside -= 1
            held.release()

    threads = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)


async def test_a_discarded_checkpoint_leaves_nothing(path: Path) -> None:
    """No log, no lock, no words to its process; and it may be begun anew."""
    checkpoint = await Checkpoint.open(path, PAIR)
    checkpoint.done(row("a"))
    path.with_name(f"{path.name}.set").write_text("{}")
    await checkpoint.discard()
    await checkpoint.close()
    assert list(path.parent.iterdir()) == []
    await (await Checkpoint.open(path, PAIR)).close()


async def test_a_checkpoint_that_can_not_be_discarded_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a sentence with its name; the lock is free all the same."""

    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("transfer.checkpoint.worker.remove", refuse)
    checkpoint = await Checkpoint.open(path, PAIR)
    with pytest.raises(Misconfigured, match=f"{path} can't be removed: Permission denied"):
        await checkpoint.discard()
    assert holder(path) is None


async def test_only_what_is_damaged_is_set_aside(path: Path) -> None:
    """A checkpoint that is whole stays where it is, and so does what is no checkpoint."""
    await (await Checkpoint.open(path, PAIR)).close()
    assert await set_aside(path) is None
    path.write_bytes(b"no database" * 100)
    kept_as = await set_aside(path)
    assert kept_as is not None
    assert kept_as.read_bytes() == b"no database" * 100
    assert not path.exists()
    photo = path.with_name("photo.png")
    photo.write_bytes(b"x")
    with pytest.raises(Misconfigured, match="is no checkpoint"):
        await set_aside(photo)
    assert photo.exists()
