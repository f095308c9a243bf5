"""The order in which disk, checkpoint and server are spoken to, from traces of the system calls.

It is what makes a power cut harmless: whatever the checkpoint says is done must be on the
disk by then, and nothing may be open at a provider of which the checkpoint does not know.
"""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path

import pytest

from tests.adversity.tracing import Call, Trace, traced, why_not
from tests.kill.harness import Worker, make_tree
from transfer.testing.servers import Server

MIB = 1024 * 1024
PART = 5 * MIB
LARGE = "large-0.bin"
OPTIONS = ("--part-size", str(PART), "--multipart-threshold", str(PART))

_WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(_WHY_NOT is not None, reason=_WHY_NOT or "")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    make_tree(root, seed=6, large=(2 * PART + 1,), small=6)
    return root


@pytest.fixture
def environment(own_surroundings: Path, seaweed_server: Server) -> dict[str, str]:
    return Worker(own_surroundings, seaweed_server.endpoint, seaweed_server).environment({})


def keys(tree: Path) -> list[str]:
    return [str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()]


def page_of(state: Path, table: str) -> int:
    """The page of the checkpoint that holds a table of a few rows."""
    (file,) = (state / "checkpoints").glob("*.sqlite")
    with sqlite3.connect(file) as db:
        page: int = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    db.close()
    return page


def assert_durable_before_done(trace: Trace, target: Path, key: str, done: Call) -> None:
    """Bytes, file, name, folder and the way to it were all on disk before ``done`` was written."""
    path = target / key
    named = trace.first("renameat", "rename", "linkat", where=lambda call: _names(call, path))
    temporary = os.path.join(named.file, named.texts[0].decode())
    written = trace.of("pwrite64", "fchmod", "utimensat", where=lambda call: call.file == temporary)
    assert written, f"nothing was written to {temporary}"
    synced = trace.of("fsync", where=lambda call: call.file == temporary)[-1]
    assert max(call.ends for call in written) < synced.begins
    assert synced.ends < named.begins
    assert _lasts(trace, named, path).ends < done.begins, f"'{key}' was done before its folder was on disk"
    for above in list(Path(key).parents)[:-1]:
        assert _made(trace, target / above).ends < done.begins, f"'{key}' was done before '{above}' was on disk"


def _made(trace: Trace, folder: Path) -> Call:
    """The fsync after which ``folder`` surely exists."""
    return _lasts(trace, trace.first("mkdirat", "mkdir", where=lambda call: _names(call, folder)), folder)


def _lasts(trace: Trace, named: Call, path: Path) -> Call:
    """The fsync of the folder in which ``named`` gave ``path`` its name."""
    return trace.first_after(named, "fsync", where=lambda call: call.file == str(path.parent))


def _names(call: Call, path: Path) -> bool:
    """Whether the last name of the call is ``path``."""
    return os.path.join(call.file, call.texts[-1].decode()) == str(path)


@pytest.mark.parametrize("source", ["disk", "s3"])
@pytest.mark.parametrize("more", [(), ("--immutable",)], ids=["", "immutable"])
def test_what_is_done_is_on_disk(
    tmp_path: Path,
    tree: Path,
    environment: dict[str, str],
    own_surroundings: Path,
    bucket_of_tree: str,
    source: str,
    more: tuple[str, ...],
) -> None:
    """Written, fsynced, renamed, the folders fsynced: only then the checkpoint says that the file is done."""
    target = tmp_path / "out"
    place = str(tree) if source == "disk" else bucket_of_tree
    trace = traced(tmp_path, environment, "sync", place, str(target), *OPTIONS, *more)
    page = page_of(own_surroundings, "done")
    for key in keys(tree):
        assert_durable_before_done(trace, target, key, trace.written(page, key.encode()))
        trace.committed(page, key.encode())


def test_what_is_no_file_is_on_disk_too(tmp_path: Path, environment: dict[str, str], own_surroundings: Path) -> None:
    """Symlinks, empty folders and changes of metadata alone are durable before they are done."""
    tree, target = tmp_path / "tree", tmp_path / "out"
    (tree / "empty").mkdir(parents=True)
    (tree / "link").symlink_to("nowhere")
    (tree / "file").write_bytes(b"bytes")
    arguments = ("sync", str(tree), str(target), "--links", "keep", "--empty-dirs")
    trace = traced(tmp_path, environment, *arguments)
    page = page_of(own_surroundings, "done")
    linked = trace.first("renameat", where=lambda call: _names(call, target / "link"))
    assert _lasts(trace, linked, target / "link").ends < trace.written(page, b"link").begins
    assert_described(trace, target / "empty", trace.written(page, b"empty/"))
    os.chmod(tree / "file", 0o640)
    trace = traced(tmp_path, environment, *arguments)
    assert (target / "file").stat().st_mode & 0o777 == 0o640
    assert_described(trace, target / "file", trace.written(page, b"file"))


def assert_described(trace: Trace, path: Path, done: Call) -> None:
    """Mode and times were given to ``path``, and were on disk before ``done`` was written."""
    described = trace.of("fchmod", "utimensat", where=lambda call: call.file == str(path))[-1]
    synced = trace.first_after(described, "fsync", where=lambda call: call.file == str(path))
    assert synced.ends < done.begins


@pytest.fixture(scope="module")
def bucket_of_tree(tree: Path, seaweed_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    seaweed_server.create_bucket("trace-source")
    worker = Worker(tmp_path_factory.mktemp("state"), seaweed_server.endpoint, seaweed_server)
    assert worker.run("sync", str(tree), "s3://trace-source/x", *OPTIONS).status == 0
    return "s3://trace-source/x"


def test_no_upload_is_unknown_to_the_checkpoint(
    tmp_path: Path, tree: Path, environment: dict[str, str], own_surroundings: Path, seaweed_bucket: str
) -> None:
    """The intent is committed before the upload is begun, its id before the first part, all receipts before the end."""
    trace = traced(tmp_path, environment, "sync", str(tree), f"s3://{seaweed_bucket}/x", *OPTIONS)
    upload, receipt, done = (page_of(own_surroundings, table) for table in ("upload", "receipt", "done"))
    address = f"/{seaweed_bucket}/x/{LARGE}?".encode()
    begun = sent(trace, b"POST " + address + rb"uploads")
    assert trace.committed(upload, LARGE.encode()).ends < begun.begins
    parts = sent_all(trace, b"PUT " + address)
    assert len(parts) == 3
    identifier = re.findall(rb"uploadId=([^& ]+)", parts[0].data)[0]
    assert trace.committed(upload, identifier).ends < parts[0].begins
    finished = sent(trace, b"POST " + address + rb"uploadId=")
    receipts = trace.committed(receipt, LARGE.encode(), times=len(parts))
    assert parts[-1].ends < finished.begins
    assert receipts.ends < finished.begins
    read = "recvfrom", "read"
    answered = trace.first_after(finished, *read, where=lambda call: call.descriptor == finished.descriptor)
    assert answered.ends < trace.written(done, LARGE.encode()).begins


def sent(trace: Trace, begins: bytes) -> Call:
    """The one request that begins so."""
    (found,) = sent_all(trace, begins)
    return found


def sent_all(trace: Trace, begins: bytes) -> list[Call]:
    return trace.of("sendto", "sendmsg", "write", "writev", where=lambda call: call.data.startswith(begins))
