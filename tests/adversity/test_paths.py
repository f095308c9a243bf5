"""Names that are no keys, keys that are no paths, and symlinks that lead out of the target."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.adversity.cage import transfer
from tests.adversity.trees import contents, fill, write
from tests.kill.harness import Worker
from transfer import Options, sync
from transfer.event import Event, Listed
from transfer.model import Body, Metadata
from transfer.plugin import Store
from transfer.testing.servers import Server

OpenS3 = Callable[..., Awaitable[Store]]


@pytest.fixture
def environment(own_surroundings: Path, seaweed_server: Server) -> dict[str, str]:
    return Worker(own_surroundings, seaweed_server.endpoint, seaweed_server).environment({})


def test_names_that_are_no_text_fail_one_by_one(
    tmp_path: Path, environment: dict[str, str], seaweed_bucket: str
) -> None:
    """Their bytes are shown, as a file's and as a folder's; the rest goes on; the report names them too."""
    tree = os.fsencode(tmp_path / "tree")
    write(tmp_path / "tree/good", b"good")
    os.makedirs(tree + b"/fold\xe9r")
    for name in (b"/bad\xff\xfe", b"/fold\xe9r/file"):
        with open(tree + name, "wb") as file:
            file.write(b"data")
    report = tmp_path / "report.csv"
    place = f"s3://{seaweed_bucket}/x"
    ran = transfer("sync", str(tmp_path / "tree"), place, "--delete", "--report", str(report), **environment)
    assert ran.status == 1
    assert sorted(ran.failed) == [r"bad\xff\xfe", r"fold\xe9r"]
    assert ran.result["copied"] == 1
    assert r"bad\xff\xfe" in report.read_text()


def test_what_holds_no_bytes_is_skipped_and_counted(
    tmp_path: Path, environment: dict[str, str], seaweed_bucket: str
) -> None:
    """A socket, a FIFO and a symlink are left out by name, are no failures, and hold nothing up."""
    tree = tmp_path / "tree"
    write(tree / "good", b"good")
    os.mkfifo(tree / "pipe")
    (tree / "link").symlink_to("good")
    with socket.socket(socket.AF_UNIX) as listener:
        folder = os.open(tree, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{folder}/socket")
        os.close(folder)
        ran = transfer("sync", str(tree), f"s3://{seaweed_bucket}/x", **environment)
    assert ran.status == 0
    assert (ran.result["copied"], ran.result["left_out"]) == (1, 3)
    left = {event["key"] for event in ran.events if event.get("action") == "leave out"}
    assert left == {"pipe", "link", "socket"}


async def test_only_our_own_temporary_files_are_left_out_or_removed(tmp_path: Path) -> None:
    """Names that only look like theirs are a user's files: they travel, and stay where they are."""
    source, out = tmp_path / "tree", tmp_path / "out"
    write(source / ".transfer-notes.tmp", b"mine")
    write(source / ".transfer-0123abcd.tmp", b"half writ")
    write(out / ".transfer-plan.tmp", b"mine too")
    write(out / ".transfer-89abcdef.tmp", b"half writ")
    await asyncio.sleep(0.1)  # so old that no living process can be about to lock it
    result = await sync(str(source), str(out))
    assert (result.ok, result.totals.copied, result.totals.left_out) == (True, 1, 1)
    assert contents(out) == {".transfer-notes.tmp": b"mine", ".transfer-plan.tmp": b"mine too"}


UNUSABLE = {
    "../escape": "'.' and '..' are not names of files",
    "a/../../escape": "'.' and '..' are not names of files",
    "./here": "'.' and '..' are not names of files",
    "/absolute": "starts with '/'",
    "double//slash": "it holds '//'",
    "marker/": "holds bytes",
    "n" * 256: "longer than 255 bytes",
    "deep/" + "ü" * 128: "longer than 255 bytes",
    "folder/.transfer-0123abcd.tmp": "kept for temporary files",
    "both": "",
}
USABLE = {
    "both/below",
    "plain",
    ".transfer-0123.tmp",
    "a/b",
    "…/é",
    "back\\slash",
    " spaced ",
    "-rf",
    "~",
    "C:\\x",
    "~root/x",
}


async def test_keys_that_are_no_paths_fail_one_by_one(
    tmp_path: Path, moto_server: Server, moto_bucket: str, s3_store: OpenS3
) -> None:
    """Each has its reason, the rest arrives, and nothing is written outside the folder."""
    source = await s3_store(moto_server, moto_bucket)
    for key in (*UNUSABLE, *USABLE):
        await source.put(key, Body(key.encode()), Metadata())
    options = Options(source_settings=moto_server.settings)
    result = await sync(f"s3://{moto_bucket}", str(tmp_path / "in/out"), options)
    errors = {failure.key: failure.error or "" for failure in result.failures}
    arrived = contents(tmp_path / "in")
    # Of a file and a folder of the same name one comes first.
    assert len(errors.keys() & {"both", "both/below"}) == 1
    for key in UNUSABLE.keys() - {"both"}:
        assert UNUSABLE[key] in errors.pop(key), key
    assert errors.keys() < {"both", "both/below"}
    assert arrived == {f"out/{key}": key.encode() for key in USABLE | {"both"} if key not in errors}
    assert contents(tmp_path) == {f"in/{key}": data for key, data in arrived.items()} | state(tmp_path)


def state(folder: Path) -> dict[str, bytes]:
    return {key: data for key, data in contents(folder).items() if key.startswith("state/")}


@pytest.mark.parametrize(("before", "after"), [("a", "a/b"), ("a/b", "a")])
async def test_a_file_that_became_a_folder_is_told_how_to_make_way(tmp_path: Path, before: str, after: str) -> None:
    """Or the reverse. Deletes come last, so the old one stays until somebody deletes it, as the error says."""
    source, out = tmp_path / "tree", tmp_path / "out"
    write(source / after, b"new")
    write(out / before, b"old")
    result = await sync(str(source), str(out), Options(delete=True))
    assert [failure.key for failure in result.failures] == [after]
    assert "so delete or rename the other and run the same command again" in (result.failures[0].error or "")
    assert contents(out) == {before: b"old"}
    (out / "a").rename(tmp_path / "old")
    assert (await sync(str(source), str(out), Options(delete=True))).ok
    assert contents(out) == {after: b"new"}


async def test_no_symlink_leads_out_of_the_target(tmp_path: Path) -> None:
    """What would be written or deleted through one that was there before fails by name; what is outside stays."""
    tree = fill(tmp_path / "tree", 30, 20)
    outside, out = tmp_path / "outside", tmp_path / "out"
    write(outside / "0010", b"precious")
    write(outside / "unknown", b"precious")
    out.mkdir()
    (out / "001").symlink_to(outside)
    write(tmp_path / "elsewhere", b"precious")
    (out / "002").mkdir()
    (out / "002/0020").symlink_to(tmp_path / "elsewhere")
    result = await sync(str(tmp_path / "tree"), str(out), Options(delete=True))
    assert {failure.key for failure in result.failures} == {key for key in tree if key.startswith("001/")}
    assert all("symlink" in (failure.error or "") for failure in result.failures)
    assert contents(outside) == {"0010": b"precious", "unknown": b"precious"}
    assert (tmp_path / "elsewhere").read_bytes() == b"precious"
    assert not (out / "002/0020").is_symlink()


@pytest.mark.parametrize("verb", ["write", "delete"])
async def test_nor_does_one_that_comes_during_the_run(tmp_path: Path, verb: str) -> None:
    """A folder that turns into a symlink and back, again and again, lets nothing out."""
    tree, outside, out = tmp_path / "tree", tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    for number in range(600):
        write((out if verb == "delete" else tree) / f"d/{number}", b"data")
        if verb == "delete":
            write(outside / str(number), b"precious")
    write(tree / "last", b"last")
    before = contents(outside)
    listed = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, Listed) and event.done and event.side == "target":
            listed.set()

    with flipping(out / "d", outside, listed):
        result = await sync(str(tree), str(out), Options(delete=True, retries=1), listener=listen)
    assert contents(outside) == before
    assert result.totals.deleted + result.totals.copied > 1


@contextmanager
def flipping(folder: Path, outside: Path, begin: threading.Event) -> Iterator[None]:
    """Swap the folder for a symlink to ``outside``, and back, from ``begin`` on."""
    ended = threading.Event()

    def flip() -> None:
        begin.wait()
        for number in itertools.count():
            if ended.wait(0.0005):
                return
            aside = folder.with_name(f"aside-{number}")
            with suppress(OSError):
                folder.rename(aside)
                folder.symlink_to(outside)
                ended.wait(0.0005)
                folder.unlink()
                aside.rename(folder)

    thread = threading.Thread(target=flip)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        begin.set()
        thread.join()
