"""rclone, which shares no line with us, judges what we wrote; and we read what it wrote."""

from __future__ import annotations

import asyncio
import json
import os
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.adversity.trees import contents, write
from tests.conftest import fresh_bucket
from tests.core.rig import Heard
from tests.kill.harness import judge, rclone
from transfer import Options, sync
from transfer.event import Action
from transfer.testing.servers import Server

MIB = 1024 * 1024
TYPES = {
    "page.html": "text/html",
    "a b+c%2F&=é/日本 🎉.json": "application/json",
    "archive.tar.gz": "application/gzip",
    "deep/er/none": None,
    "empty.txt": "text/plain",
    "large.bin": "application/octet-stream",
}
SIZES = {"empty.txt": 0, "large.bin": 11 * MIB}


@pytest.fixture(params=["seaweed", "moto", "rclone"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files with types, permissions and times of all kinds."""
    chance = random.Random(8)
    for number, name in enumerate(TYPES):
        path = tmp_path / "tree" / name
        write(path, chance.randbytes(SIZES.get(name, 1000 + number)))
        path.chmod((0o644, 0o600, 0o755)[number % 3])
        os.utime(path, ns=(10**18, 1_234_567_890_123_456_789 + number * 10**15 + number))
    return tmp_path / "tree"


def options(**settings: object) -> Options:
    return Options(multipart_threshold=5 * MIB, part_size=5 * MIB, **settings)  # type: ignore[arg-type]


def seen_by_rclone(server: Server, place: str) -> dict[str, dict[str, Any]]:
    listed = rclone(server, "lsjson", "-R", "-M", "--files-only", f"s3:{place}")
    assert listed.returncode == 0, listed.stderr
    return {entry["Path"]: entry for entry in json.loads(listed.stdout)}


async def test_rclone_finds_what_we_wrote(tree: Path, server: Server) -> None:
    """The same bytes by its own hashes, sizes, times to the nanosecond, types, modes and owners."""
    bucket = fresh_bucket(server)
    result = await sync(str(tree), f"s3://{bucket}/x", options(target_settings=server.settings))
    assert result.ok, result.failures
    assert result.totals.metadata_lost == 0
    await asyncio.to_thread(judge, server, tree, f"{bucket}/x")
    checked = rclone(server, "check", str(tree), f"s3:{bucket}/x")
    assert checked.returncode == 0, checked.stderr
    seen = seen_by_rclone(server, f"{bucket}/x")
    assert seen.keys() == TYPES.keys()
    for name, entry in seen.items():
        status = (tree / name).stat()
        assert entry["Size"] == status.st_size
        assert nanoseconds(entry["ModTime"]) == nanoseconds(entry["Metadata"]["mtime"]) == status.st_mtime_ns
        assert TYPES[name] in (None, entry["MimeType"])
        kept = {field: entry["Metadata"][field] for field in ("mode", "uid", "gid")}
        assert kept == {"mode": f"{status.st_mode:o}", "uid": str(status.st_uid), "gid": str(status.st_gid)}


def nanoseconds(text: str) -> int:
    """Since the epoch, of an RFC 3339 time in UTC."""
    seconds, _, decimals = text.removesuffix("Z").partition(".")
    whole = datetime.fromisoformat(seconds).replace(tzinfo=UTC)
    return int(whole.timestamp()) * 10**9 + int(decimals.ljust(9, "0") or 0)


async def test_we_find_what_rclone_wrote(tmp_path: Path, tree: Path, server: Server) -> None:
    """Its tree is taken for what it is, though no run of ours made it; and comes down with times and permissions."""
    bucket = fresh_bucket(server)
    cut = ("--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M")
    copied = rclone(server, "copy", "-M", str(tree), f"s3:{bucket}/x", *cut)
    assert copied.returncode == 0, copied.stderr
    over = Heard()
    result = await sync(str(tree), f"s3://{bucket}/x", options(target_settings=server.settings), listener=over)
    assert (result.ok, {outcome.action for outcome in over.outcomes.values()}) == (True, {Action.SKIP})
    down = await sync(f"s3://{bucket}/x", str(tmp_path / "back"), options(source_settings=server.settings))
    assert down.ok, down.failures
    assert contents(tmp_path / "back") == contents(tree)
    for name in TYPES:
        ours, theirs = (tmp_path / "back" / name).stat(), (tree / name).stat()
        assert (ours.st_mtime_ns, ours.st_mode) == (theirs.st_mtime_ns, theirs.st_mode), name


async def test_rclone_moves_nothing_over_what_we_wrote(tree: Path, seaweed_server: Server, seaweed_bucket: str) -> None:
    """Its own sync, by times or by checksums, finds nothing to do after ours, in either direction."""
    assert (await sync(str(tree), f"s3://{seaweed_bucket}/x", options(target_settings=seaweed_server.settings))).ok
    place = f"s3:{seaweed_bucket}/x"
    for sides in ((str(tree), place), (place, str(tree))):
        for how in ((), ("--checksum",)):
            ran = rclone(seaweed_server, "sync", *sides, *how, "--dry-run", "-v", "--use-json-log")
            assert ran.returncode == 0, ran.stderr
            assert "Skipped" not in ran.stderr, ran.stderr
