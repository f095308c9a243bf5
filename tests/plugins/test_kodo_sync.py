"""Whole runs to and from Kodo: small objects and large, with proof and metadata; the second moves nothing."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from tests.emulators.kodo import Kodo
from transfer import sync
from transfer.options import Options
from transfer.plugin import Store
from transfer.testing.checks.harness import fetch, noise
from transfer.testing.servers import Server

_MIB = 1024 * 1024
_TIME = 1_700_000_000_123_456_789
_FILES = {"small.txt": noise(2000), "a b/é ☃": b"1", "empty": b"", "large.bin": noise(9 * _MIB, seed=2)}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "from"
    for name, data in _FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o640)
        os.utime(path, ns=(_TIME, _TIME))
    return root


@pytest.fixture
def bucket(kodo_server: Kodo) -> str:
    return kodo_server.create_bucket(f"bucket-{uuid.uuid4().hex[:12]}").name


def options(**more: object) -> Options:
    return Options(**{"multipart_threshold": 4 * _MIB, "part_size": 4 * _MIB, **more})  # type: ignore[arg-type]


async def test_disk_to_kodo_and_back(kodo_server: Kodo, bucket: str, tree: Path, tmp_path: Path) -> None:
    """Bytes, times and modes come back; all is proven by what Kodo compared."""
    there = f"kodo://{bucket}/x"
    up = options(target_settings=kodo_server.settings)
    result = await sync(str(tree), there, up)
    assert result.ok
    assert (result.totals.copied, dict(result.proofs)) == (4, {"verified (crc32)": 3, "verified (etag)": 1})
    made = kodo_server.buckets[bucket].objects
    assert {name: made[name].data for name in made} == {f"x/{name}": data for name, data in _FILES.items()}
    before = len(kodo_server.asked)
    again = await sync(str(tree), there, up)
    assert (again.ok, again.totals.copied) == (True, 0)
    assert not any(word in each for each in kodo_server.asked[before:] for word in ("/stat/", "POST / "))
    back = tmp_path / "back"
    down = options(source_settings=kodo_server.settings)
    assert (await sync(there, str(back), down)).ok
    for name, data in _FILES.items():
        status = (back / name).stat()
        assert (back / name).read_bytes() == data
        assert (status.st_mtime_ns, status.st_mode & 0o777) == (_TIME, 0o640)


async def test_kodo_to_s3(
    kodo_server: Kodo,
    bucket: str,
    tree: Path,
    tmp_path: Path,
    seaweed_server: Server,
    seaweed_bucket: str,
    s3_store: object,
) -> None:
    """Parts on both sides, and what belongs to the objects."""
    there = f"kodo://{bucket}/x"
    assert (await sync(str(tree), there, options(target_settings=kodo_server.settings))).ok
    over = options(
        source_settings=kodo_server.settings,
        target_settings=seaweed_server.settings,
        part_size=5 * _MIB,
    )
    result = await sync(there, f"s3://{seaweed_bucket}/y", over)
    assert result.ok
    assert (result.totals.copied, dict(result.proofs)) == (4, {"verified (crc64nvme)": 4})
    store: Store = await s3_store(seaweed_server, seaweed_bucket, "y")  # type: ignore[operator]
    for name, data in _FILES.items():
        known = await store.stat(name)
        assert await fetch(store, known) == data
        assert known.mtime_ns == _TIME


async def test_new_times_are_given_without_the_bytes(kodo_server: Kodo, bucket: str, tree: Path) -> None:
    """Where the content is known to be the same, by Kodo's own change of metadata."""
    there, up = f"kodo://{bucket}/x", options(target_settings=kodo_server.settings)
    assert (await sync(str(tree), there, up)).ok
    os.utime(tree / "small.txt", ns=(_TIME, _TIME + 10**9))
    before = len(kodo_server.asked)
    result = await sync(str(tree), there, up)
    assert (result.ok, result.totals.updated, result.totals.copied) == (True, 1, 0)
    assert not any(each.startswith(("POST / ", "PUT ")) for each in kodo_server.asked[before:])
    assert kodo_server.buckets[bucket].objects["x/small.txt"].metas["mtime"] == "1700000001.123456789"


async def test_by_several_processes(kodo_server: Kodo, bucket: str, tree: Path) -> None:
    """Each opens the bucket by itself."""
    result = await sync(str(tree), f"kodo://{bucket}/x", options(target_settings=kodo_server.settings, processes=2))
    assert (result.ok, result.totals.copied) == (True, 4)
    made = kodo_server.buckets[bucket].objects
    assert {name: made[name].data for name in made} == {f"x/{name}": data for name, data in _FILES.items()}


async def test_deletes_and_cold_objects(kodo_server: Kodo, bucket: str, tree: Path, tmp_path: Path) -> None:
    """What the source lost goes; where nothing is thawed, a cold object fails by itself, and says why."""
    there, up = f"kodo://{bucket}/x", options(target_settings=kodo_server.settings, delete=True)
    assert (await sync(str(tree), there, up)).ok
    (tree / "small.txt").unlink()
    result = await sync(str(tree), there, up)
    assert (result.ok, result.totals.deleted) == (True, 1)
    made = kodo_server.buckets[bucket].objects
    assert set(made) == {f"x/{name}" for name in _FILES if name != "small.txt"}
    made["x/empty"] = replace(made["x/empty"], type=2)
    result = await sync(there, str(tmp_path / "back"), options(source_settings=kodo_server.settings, thaw=False))
    assert [(failure.key, "must be thawed" in str(failure.error)) for failure in result.failures] == [("empty", True)]
    assert result.totals.copied == 2
