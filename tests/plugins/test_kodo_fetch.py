"""Objects that Kodo fetches by itself: no byte passes through this machine, and what arrives is proven."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from hashlib import md5
from pathlib import Path

import pytest

from tests.core.rig import Heard
from tests.emulators.kodo import Kodo
from tests.emulators.kodo_bucket import Bucket
from tests.plugins.cosplace import CosPlace
from tests.plugins.ossplace import OssPlace
from transfer import copy, sync
from transfer.errors import Misconfigured
from transfer.model import Body, Metadata, Part, Posix
from transfer.options import Options
from transfer.pipeline import pull
from transfer.plugin import Store, StoreOptions
from transfer.testing.checks.harness import noise
from transfer.testing.servers import Server
from transfer_qiniu import plugin

_MIB = 1024 * 1024
_ASKING = 1000
"""Bytes of one request to fetch."""
_COMMITTED = 0.5
"""Seconds after which what was asked for is surely in the checkpoint."""
_TIME = 1_700_000_000_123_456_789
_DATA = {"small.txt": noise(2000), "a b+c%20/é ☃; x": b"1", "large.bin": noise(9 * _MIB, seed=2)}
_METADATA = Metadata(
    content_type="text/plain",
    cache_control="no-store",
    user={"who": "me", "text": "ä"},
    posix=Posix(mtime_ns=_TIME),
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits here for minutes."""
    monkeypatch.setattr(pull, "patience", replace(pull.patience, grace=1.0, first=0.02, longest=0.1))


@pytest.fixture(autouse=True)
def as_it_was(kodo_server: Kodo) -> Iterator[None]:
    yield
    kodo_server.rules.fetches_held = False
    kodo_server.rules.fetch_faults.clear()


@pytest.fixture
def bucket(kodo_server: Kodo) -> Bucket:
    return kodo_server.create_bucket(f"bucket-{uuid.uuid4().hex[:12]}")


@pytest.fixture
async def target(kodo_server: Kodo, bucket: Bucket) -> AsyncIterator[Store]:
    store = await plugin.open(kodo_server.location(bucket.name, "x"), StoreOptions())
    yield store
    await store.aclose()


@pytest.fixture
async def source(oss: OssPlace) -> Store:
    """Of OSS, with all of the data."""
    store = await oss.open("from")
    await fill(store)
    return store


async def fill(store: Store) -> None:
    for key, data in _DATA.items():
        await store.put(key, Body(data), _METADATA)


def options(**more: object) -> Options:
    return Options(**{"via": "fetch", "retries": 1, **more})  # type: ignore[arg-type]


def arrived(bucket: Bucket) -> dict[str, bytes]:
    return {name.removeprefix("x/"): found.data for name, found in bucket.objects.items()}


@asynccontextmanager
async def _held(server: Kodo) -> AsyncIterator[None]:
    """Nothing is fetched for the length of the block."""
    server.rules.fetches_held = True
    try:
        yield
    finally:
        server.rules.fetches_held = False


def crossed(*stores: Store) -> int:
    """Bytes that passed through this machine, but for the few in which Kodo is asked to fetch."""
    traffic = [store.traffic for store in stores if store.traffic is not None]
    asking = sum(each.written for each in traffic)
    return sum(each.read for each in traffic) + (asking if asking > _ASKING * len(_DATA) else 0)


async def test_from_oss(source: Store, target: Store, bucket: Bucket, kodo_server: Kodo) -> None:
    """Kodo compares the MD5 that OSS's ETag is; type, headers and user metadata are set afterwards."""
    source.traffic.read = source.traffic.written = 0  # type: ignore[union-attr]
    heard = Heard()
    result = await sync(source, target, options(), listener=heard)
    assert result.ok
    assert arrived(bucket) == _DATA
    assert (crossed(source, target), result.totals.sent_bytes) == (0, 0), "bytes passed here"
    assert dict(result.proofs) == {"verified (md5)": 3}
    made = await target.stat("small.txt")
    assert made.metadata is not None
    assert (made.metadata.content_type, made.metadata.cache_control) == ("text/plain", "no-store")
    assert dict(made.metadata.user) == {"who": "me", "text": "ä"}
    assert made.mtime_ns == _TIME
    asked = len(kodo_server.asked)
    again = await sync(source, target, options())
    assert (again.ok, again.totals.copied) == (True, 0)
    assert not any("sisyphus" in each for each in kodo_server.asked[asked:])


async def test_from_s3(
    seaweed_server: Server, seaweed_bucket: str, s3_store: Callable[..., object], target: Store, bucket: Bucket
) -> None:
    """An object in parts has no MD5: it is read back, and so is its source, unless that keeps another checksum."""
    source: Store = await s3_store(seaweed_server, seaweed_bucket, "from")  # type: ignore[misc]
    await fill(source)
    data = noise(11 * _MIB, seed=3)
    await _in_parts(source, "parts", data)
    result = await sync(source, target, options())
    assert result.ok
    assert arrived(bucket) == {**_DATA, "parts": data}
    told = dict(result.proofs)
    assert sum(told.values()) == 4
    assert told.keys() <= {"verified (md5)", "verified (etag)", "read back (crc64nvme)"}
    assert "read back (crc64nvme)" in told
    assert result.totals.sent_bytes == 0


async def test_who_accepts_the_unproven_has_nothing_read(
    seaweed_server: Server, seaweed_bucket: str, s3_store: Callable[..., object], target: Store, bucket: Bucket
) -> None:
    """So no byte passes here for objects without an MD5 either."""
    source: Store = await s3_store(seaweed_server, seaweed_bucket, "from")  # type: ignore[misc]
    data = noise(11 * _MIB, seed=3)
    await _in_parts(source, "parts", data)
    assert source.traffic is not None
    source.traffic.read = source.traffic.written = 0
    heard = Heard()
    result = await sync(source, target, options(allow_unproven=True), listener=heard)
    assert result.ok
    assert arrived(bucket) == {"parts": data}
    assert str(heard.outcomes["parts"].proof) == "unproven"
    assert crossed(source, target) == 0
    proven = await sync(source, target, options(verify="readback", compare="always"))
    assert dict(proven.proofs) == {"read back (crc64nvme)": 1}


async def _in_parts(store: Store, key: str, data: bytes) -> None:
    size = 6 * _MIB
    upload = await store.begin(key, Metadata(), size=len(data), part_size=size)
    receipts = [
        await store.put_part(upload, Part(number, at, len(data[at : at + size])), Body(data[at : at + size]))
        for number, at in enumerate(range(0, len(data), size), 1)
    ]
    await store.finish(upload, receipts, Metadata())


async def test_from_kodo(kodo_server: Kodo, target: Store, bucket: Bucket) -> None:
    """Another bucket's objects by the MD5 or the hash that Kodo has of them."""
    other = kodo_server.create_bucket(f"bucket-{uuid.uuid4().hex[:12]}")
    source = await plugin.open(kodo_server.location(other.name, "from"), StoreOptions())
    await fill(source)
    small = other.objects["from/small.txt"]
    other.objects["from/small.txt"] = replace(small, md5=None)  # as if it had come in parts
    assert source.traffic is not None
    source.traffic.read = source.traffic.written = 0
    result = await sync(source, target, options())
    assert (result.ok, arrived(bucket)) == (True, _DATA)
    assert dict(result.proofs) == {"verified (md5)": 2, "verified (etag)": 1}
    assert crossed(source, target) == 0
    assert not any("/copy/" in each for each in kodo_server.asked if bucket.name in each)
    await source.aclose()


async def test_from_cos(cos: CosPlace, target: Store, bucket: Bucket) -> None:
    """As from OSS."""
    source = await cos.open("from")
    await fill(source)
    assert source.traffic is not None
    source.traffic.read = source.traffic.written = 0
    result = await sync(source, target, options())
    assert (result.ok, arrived(bucket)) == (True, _DATA)
    assert dict(result.proofs) == {"verified (md5)": 3}
    assert crossed(source, target) == 0


async def test_an_empty_object_is_written(oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo) -> None:
    """There is nothing to fetch."""
    source = await oss.open("from")
    await source.put("empty", Body(b""), _METADATA)
    asked = len(kodo_server.asked)
    assert (await sync(source, target, options())).ok
    assert arrived(bucket) == {"empty": b""}
    assert not any("sisyphus" in each for each in kodo_server.asked[asked:])


async def test_one_object_under_another_name(source: Store, oss: OssPlace, kodo_server: Kodo, bucket: Bucket) -> None:
    """By ``copy``, and with URLs."""
    from_, to = f"oss://{oss.bucket.name}/from/small.txt", f"kodo://{bucket.name}/x/other.txt"
    both = options(source_settings=oss.settings, target_settings=kodo_server.settings)
    assert (await copy(from_, to, both)).ok
    assert arrived(bucket) == {"other.txt": _DATA["small.txt"]}


async def test_by_several_processes(source: Store, oss: OssPlace, kodo_server: Kodo, bucket: Bucket) -> None:
    """Each asks for its own."""
    both = options(source_settings=oss.settings, target_settings=kodo_server.settings, processes=2)
    result = await sync(f"oss://{oss.bucket.name}/from", f"kodo://{bucket.name}/x", both)
    assert (result.ok, arrived(bucket)) == (True, _DATA)


@pytest.mark.parametrize(("name", "number", "asked"), [("LINE", 1, 1), ("GLACIER", 2, 0), ("DEEP_ARCHIVE", 3, 0)])
async def test_classes(
    oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo, name: str, number: int, asked: int
) -> None:
    """A cold class is given last: before that, its metadata has to be."""
    source = await oss.open("from")
    await source.put("k", Body(b"data"), _METADATA)
    assert (await sync(source, target, options(storage_class=name))).ok
    made = bucket.objects["x/k"]
    assert (made.type, made.metas["who"]) == (number, "me")
    assert kodo_server.fetching.tasks[-1].wanted["file_type"] == asked


async def test_what_is_fetched_later_by_itself(oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo) -> None:
    """Kodo says that it has tried, and tries again: it is not asked twice."""
    source = await oss.open("from")
    await source.put("k", Body(b"data"), _METADATA)
    kodo_server.rules.fetch_faults.append("late")
    before = len(kodo_server.fetching.tasks)
    result = await sync(source, target, options())
    assert (result.ok, arrived(bucket)) == (True, {"k": b"data"})
    assert len(kodo_server.fetching.tasks) == before + 1


async def test_a_fetch_that_nobody_knows_any_more(
    oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo
) -> None:
    """The object itself tells."""
    source = await oss.open("from")
    await source.put("k", Body(b"data"), _METADATA)
    kodo_server.rules.fetch_faults.append("lost")
    assert (await sync(source, target, options())).ok
    assert arrived(bucket) == {"k": b"data"}


async def test_what_fails_for_good_says_nothing(
    oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is asked for again, without the MD5, and at the end of the run; then it fails, and no secret is told."""
    caplog.set_level("DEBUG")
    source = await oss.open("from")
    await source.put("k", Body(b"data"), _METADATA)
    kodo_server.rules.fetch_faults += ["fail"] * 4
    before = len(kodo_server.fetching.tasks)
    heard, report = Heard(), tmp_path / "report.csv"
    result = await sync(source, target, options(report=report), listener=heard)
    (failure,) = result.failures
    assert failure.error == "'k' was not fetched, and why is not told: see that the target can reach 127.0.0.1"
    tasks = kodo_server.fetching.tasks[before:]
    assert ["md5" in task.wanted for task in tasks] == [True, False, True, False]
    signatures = [task.wanted["url"].rpartition("x-oss-signature=")[2] for task in tasks]
    seen = caplog.text + repr(list(heard)) + report.read_text()
    assert all(len(each) == 64 and each not in seen for each in signatures)
    again = await sync(source, target, options())
    assert (again.ok, arrived(bucket)) == (True, {"k": b"data"})


async def test_an_etag_that_is_no_md5(oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo) -> None:
    """Kodo refuses by it whatever comes: so it is asked without, and what arrives is read back."""
    source = await oss.open("from")
    await source.put("k", Body(b"data"), _METADATA)
    oss.bucket._chains["from/k"][-1] = replace(oss.held("from/k"), etag=md5(b"other").hexdigest().upper())
    result = await sync(source, target, options(allow_unproven=True))
    assert (result.ok, arrived(bucket)) == (True, {"k": b"data"})
    assert dict(result.proofs) == {"read back (crc64xz)": 1}


async def test_damaged_on_its_way(
    seaweed_server: Server,
    seaweed_bucket: str,
    s3_store: Callable[..., object],
    target: Store,
    bucket: Bucket,
    kodo_server: Kodo,
) -> None:
    """What reads back with other bytes is fetched once more."""
    source: Store = await s3_store(seaweed_server, seaweed_bucket, "from")  # type: ignore[misc]
    data = noise(7 * _MIB, seed=3)
    await _in_parts(source, "parts", data)
    kodo_server.rules.fetch_faults.append("spoil")
    heard = Heard()
    result = await sync(source, target, options(), listener=heard)
    assert (result.ok, arrived(bucket)) == (True, {"parts": data})
    assert heard.outcomes["parts"].attempts == 2


async def test_frozen_objects_say_so(oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo) -> None:
    """At once, where nothing is to be thawed: Kodo would not."""
    source = await oss.open("from")
    await source.put("cold", Body(b"data"), Metadata(storage_class="Archive"))
    result = await sync(source, target, options(thaw=False))
    (failure,) = result.failures
    assert "must be restored" in str(failure.error)
    assert arrived(bucket) == {}


async def test_a_source_that_changes_meanwhile(oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo) -> None:
    """Is fetched again, as it is then."""
    source = await oss.open("from")
    await source.put("k", Body(b"before"), _METADATA)
    async with _held(kodo_server):
        running = asyncio.create_task(sync(source, target, options()))
        await _asked(kodo_server)
        await source.put("k", Body(b"after!"), _METADATA)
    assert (await running).ok
    assert arrived(bucket) == {"k": b"after!"}


async def test_what_changes_meanwhile_is_not_written_down_as_it_was(
    seaweed_server: Server,
    seaweed_bucket: str,
    s3_store: Callable[..., object],
    target: Store,
    bucket: Bucket,
    kodo_server: Kodo,
) -> None:
    """Even where no checksum would tell, and nothing is read back."""
    source: Store = await s3_store(seaweed_server, seaweed_bucket, "from")  # type: ignore[misc]
    before, after = noise(7 * _MIB, seed=3), noise(7 * _MIB, seed=4)
    await _in_parts(source, "k", before)
    heard = Heard()
    async with _held(kodo_server):
        running = asyncio.create_task(sync(source, target, options(allow_unproven=True), listener=heard))
        await _asked(kodo_server)
        await _in_parts(source, "k", after)
    assert (await running).ok
    assert (arrived(bucket), heard.outcomes["k"].attempts) == ({"k": after}, 2)


async def test_a_version_is_pinned(oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo) -> None:
    """What was looked at is what arrives, whatever becomes of the object."""
    oss.bucket.versioning = "Enabled"
    source = await oss.open("from")
    await source.put("k", Body(b"before"), _METADATA)
    async with _held(kodo_server):
        running = asyncio.create_task(sync(source, target, options()))
        await _asked(kodo_server)
        await source.put("k", Body(b"after!"), _METADATA)
    assert (await running).ok
    assert arrived(bucket) == {"k": b"before"}


@pytest.mark.parametrize("careful", [{"immutable": True}, {"ignore_existing": True}])
async def test_what_comes_into_being_meanwhile_stays(
    oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo, careful: Mapping[str, bool]
) -> None:
    """Kodo leaves it alone, and it is not taken for what was to be fetched."""
    source = await oss.open("from")
    await source.put("k", Body(b"ours"), _METADATA)
    async with _held(kodo_server):
        running = asyncio.create_task(sync(source, target, options(**careful)))
        await _asked(kodo_server)
        await target.put("k", Body(b"them"), Metadata())
    result = await running
    assert not result.ok
    assert bucket.objects["x/k"].data == b"them"
    assert "who" not in bucket.objects["x/k"].metas


async def test_an_address_ends(
    oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the queue does: then another address is asked for."""
    monkeypatch.setattr(pull, "patience", replace(pull.patience, address=1))
    source = await oss.open("from")
    await source.put("k", Body(b"data"), _METADATA)
    before = len(kodo_server.fetching.tasks)
    async with _held(kodo_server):
        result = await sync(source, target, options())
        (failure,) = result.failures
        assert failure.error == "'k' was not fetched before its address ended"
        assert len(kodo_server.fetching.tasks) > before + 1


async def test_a_fetch_under_way_is_not_asked_for_twice(
    source: Store, target: Store, bucket: Bucket, kodo_server: Kodo
) -> None:
    """The next run waits for what an interrupted one asked for."""
    before = len(kodo_server.fetching.tasks)
    async with _held(kodo_server):
        running = asyncio.create_task(sync(source, target, options()))
        await _asked(kodo_server, before + 3)
        await asyncio.sleep(_COMMITTED)
        running.cancel()
        await asyncio.wait((running,))
    result = await sync(source, target, options(verify="readback"))
    assert (result.ok, arrived(bucket)) == (True, _DATA)
    assert len(kodo_server.fetching.tasks) == before + 3
    made = await target.stat("small.txt")
    assert made.metadata is not None
    assert dict(made.metadata.user) == {"who": "me", "text": "ä"}


async def test_what_was_asked_for_an_older_source_comes_first(
    oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo
) -> None:
    """Else it would write over what is asked for now."""
    source = await oss.open("from")
    await source.put("k", Body(b"before"), _METADATA)
    before = len(kodo_server.fetching.tasks)
    async with _held(kodo_server):
        running = asyncio.create_task(sync(source, target, options()))
        await _asked(kodo_server, before + 1)
        await asyncio.sleep(_COMMITTED)
        running.cancel()
        await asyncio.wait((running,))
        await source.put("k", Body(b"after!!"), _METADATA)
        running = asyncio.create_task(sync(source, target, options()))
        await asyncio.sleep(0.5)
        assert len(kodo_server.fetching.tasks) == before + 1
    assert (await running).ok
    assert arrived(bucket) == {"k": b"after!!"}


async def test_another_way_waits_for_a_fetch_under_way(
    oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo
) -> None:
    """Else the fetch would write over what was sent, and its metadata."""
    source = await oss.open("from")
    await source.put("k", Body(b"data"), _METADATA)
    async with _held(kodo_server):
        running = asyncio.create_task(sync(source, target, options()))
        await _asked(kodo_server)
        await asyncio.sleep(_COMMITTED)
        running.cancel()
        await asyncio.wait((running,))
        running = asyncio.create_task(sync(source, target, Options()))
        await asyncio.sleep(_COMMITTED)
        assert arrived(bucket) == {}
    result = await running
    assert (result.ok, result.totals.sent_bytes, arrived(bucket)) == (True, 4, {"k": b"data"})
    assert bucket.objects["x/k"].metas["who"] == "me"


async def test_what_arrived_while_nobody_watched_is_compared(
    oss: OssPlace, target: Store, bucket: Bucket, kodo_server: Kodo
) -> None:
    """Somebody may have written something else over it since."""
    source = await oss.open("from")
    await source.put("k", Body(b"ours"), _METADATA)
    async with _held(kodo_server):
        running = asyncio.create_task(sync(source, target, options()))
        await _asked(kodo_server)
        await asyncio.sleep(_COMMITTED)
        running.cancel()
        await asyncio.wait((running,))
    while not bucket.objects:
        await asyncio.sleep(0.01)
    await target.put("k", Body(b"them"), Metadata())
    heard = Heard()
    assert (await sync(source, target, options(), listener=heard)).ok
    assert (arrived(bucket), heard.outcomes["k"].attempts) == ({"k": b"ours"}, 2)


async def test_after_a_kill(
    source: Store, oss: OssPlace, bucket: Bucket, kodo_server: Kodo, own_surroundings: Path, tmp_path: Path
) -> None:
    """By the command: each object is asked for once, though the process was killed behind the first."""
    config = _configured(tmp_path, oss, kodo_server)
    command = [sys.executable, "-P", "-m", "transfer", "sync", f"old://{oss.bucket.name}/from"]
    command += [f"new://{bucket.name}/x", "--via", "fetch", "--transfers", "1", "--config", str(config)]
    before = len(kodo_server.fetching.tasks)
    async with _held(kodo_server):
        killed = await _ran(command, TRANSFER_KILL_AT="fetch")
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert len(kodo_server.fetching.tasks) == before + 1
        listed = await _ran([*command[:4], "jobs"])
        assert "1 object being fetched by the target" in listed.stdout
        assert "open upload" not in listed.stdout
    done = await _ran(command)
    assert done.returncode == 0, done.stderr
    assert len(kodo_server.fetching.tasks) == before + 3
    assert arrived(bucket) == _DATA


async def test_fetches_are_forgotten(
    source: Store, oss: OssPlace, bucket: Bucket, kodo_server: Kodo, own_surroundings: Path, tmp_path: Path
) -> None:
    """By ``jobs clean``, which says that the target goes on with them."""
    config = _configured(tmp_path, oss, kodo_server)
    command = [sys.executable, "-P", "-m", "transfer"]
    sync_it = [*command, "sync", f"old://{oss.bucket.name}/from", f"new://{bucket.name}/x", "--via", "fetch"]
    async with _held(kodo_server):
        await _ran([*sync_it, "--transfers", "1", "--config", str(config)], TRANSFER_KILL_AT="fetch")
        cleaned = await _ran([*command, "jobs", "clean", "--all"])
    assert (cleaned.returncode, cleaned.stderr) == (0, "")
    assert cleaned.stdout.endswith("  1 object left for the target to fetch\n")
    assert "being fetched" not in (await _ran([*command, "jobs"])).stdout


def _configured(folder: Path, oss: OssPlace, server: Kodo) -> Path:
    """A file with the remotes ``old``, of OSS, and ``new``, of Kodo."""
    config = folder / "transfer.toml"
    remotes = {"old": {"type": "oss", **oss.settings}, "new": {"type": "kodo", **server.settings}}
    config.touch(0o600)
    config.write_text("\n".join(_table(name, settings) for name, settings in remotes.items()))
    return config


def _table(name: str, settings: Mapping[str, str]) -> str:
    return f"[remote.{name}]\n" + "".join(f"{each} = {json.dumps(value)}\n" for each, value in settings.items())


async def _ran(command: Sequence[str], **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **more}
    run = partial(subprocess.run, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return await asyncio.to_thread(run, command)


def test_large_objects_may_come_late() -> None:
    """Kodo may say that it has tried when it has only begun."""
    assert pull.Patience().for_late(0) == 60
    assert pull.Patience().for_late(40 * _MIB) == 70


async def test_the_report_tells_the_proof(source: Store, target: Store, tmp_path: Path) -> None:
    """As of any other object; nothing counts as sent."""
    report = tmp_path / "report.csv"
    assert (await sync(source, target, options(report=report))).ok
    with report.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["proof"], row["sent"]) for row in rows} == {("verified (md5)", "0")}


async def test_where_it_can_not_be(source: Store, target: Store, tmp_path: Path, oss: OssPlace) -> None:
    """The target must fetch, and the source give addresses."""
    (tmp_path / "a").mkdir()
    with pytest.raises(Misconfigured, match=r"needs a source that gives signed addresses, and .* gives none"):
        await sync(str(tmp_path / "a"), target, options())
    with pytest.raises(Misconfigured, match=r"needs a target that fetches by itself, and .* can't"):
        await sync(source, await oss.open("to"), options())


async def _asked(server: Kodo, number: int | None = None) -> None:
    """Wait until so many fetches were asked for: one more than now, unless told."""
    wanted = len(server.fetching.tasks) + 1 if number is None else number
    while len(server.fetching.tasks) < wanted:
        await asyncio.sleep(0.01)
