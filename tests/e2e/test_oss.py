"""Whole jobs with OSS on a side or on both, judged by the vendor's SDK."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import oss2
import pytest

import transfer
from tests.core.rig import Heard, contents, fill, memory, pattern, quick
from tests.e2e.command import Command
from tests.emulators.controls import Fault
from tests.emulators.keys import Key
from tests.emulators.oss import Oss
from tests.emulators.running import KEY, Emulator
from tests.emulators.state import Bucket
from transfer.event import Event, Finished, Retrying, RunStarted
from transfer.options import Options
from transfer.testing.servers import Server

KIB = 1024
PART = 1024 * KIB
IN_PARTS = ("--part-size", f"{PART}", "--multipart-threshold", f"{PART}", "--memory", "32MiB")
MakeCommand = Callable[[Mapping[str, Mapping[str, str]]], Command]


@pytest.fixture
def bucket(oss_server: Emulator[Oss]) -> Bucket:
    """A fresh one."""
    return oss_server.fresh_bucket()


@pytest.fixture
def run(command: MakeCommand, oss_server: Emulator[Oss], seaweed_server: Server) -> Command:
    """The command, with the remotes ``ali`` and ``sea``."""
    return command({"ali": {"type": "oss", **_settings(oss_server)}, "sea": {"type": "s3", **seaweed_server.settings}})


def _settings(server: Emulator[Oss]) -> dict[str, str]:
    keys = {"access_key_id": KEY.id, "access_key_secret": KEY.secret}
    return {"endpoint": server.endpoint, "region": "cn-hangzhou", **keys}


def sdk(server: Emulator[Oss], name: str) -> oss2.Bucket:
    """The vendor's own client."""
    return oss2.Bucket(oss2.AuthV4(KEY.id, KEY.secret), server.endpoint, name, region="cn-hangzhou")


def told(bucket: oss2.Bucket, prefix: str) -> dict[str, tuple[bytes, dict[str, str]]]:
    """All objects below a prefix, their bytes, and what travels with them, as the SDK reads them."""
    kept = ("content-type", "content-encoding", "cache-control", "content-disposition", "x-oss-storage-class")
    found = {}
    for listed in oss2.ObjectIteratorV2(bucket, prefix=prefix):
        read = bucket.get_object(listed.key)
        headers = {name.lower(): value for name, value in read.headers.items()}
        chosen = {name: text for name, text in headers.items() if name in kept or name.startswith("x-oss-meta-")}
        data = read.resp.response.raw.read(decode_content=False)  # as it is stored
        crc = oss2.utils.Crc64()
        crc.update(data)
        assert crc.crc == read.server_crc
        found[listed.key.removeprefix(prefix)] = (data, chosen)
    return found


def make_tree(root: Path) -> dict[str, bytes]:
    """Files that go wrong easily: empty, of many parts, of exactly one, with names of all kinds."""
    noise = random.Random(4)
    files = {
        "empty": b"",
        "one part": noise.randbytes(PART),
        "many parts.bin": noise.randbytes(24 * PART + 17),
        "text.json": json.dumps({"text": "x" * 2 * KIB}).encode(),
        "stored.gz": gzip.compress(b"x" * 5000),
        "folder/ü/日本語.txt": b"names",
        "folder/a+b %41 c?.txt": b"signs",
        "folder.txt": b"sorts between",
        **{f"small/{number:03}": noise.randbytes(number) for number in range(40)},
    }
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return files


def put_awkward(bucket: oss2.Bucket) -> None:
    """Objects with what a disk has not: compressed text, metadata, another class, bytes that were appended."""
    packed = gzip.compress(b'{"a": 1}' * 1000)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Cache-Control": "max-age=1"}
    bucket.put_object("tree/packed.json", packed, headers=headers)
    bucket.put_object("tree/plain.json", b'{"a": 1}' * 300, headers={"Content-Type": "application/json"})
    meta = {"x-oss-meta-who": "me", "x-oss-meta-long": "v" * 1000, "Content-Disposition": "inline"}
    bucket.put_object("tree/meta", b"m", headers=meta)
    bucket.put_object("tree/infrequent", b"i", headers={"x-oss-storage-class": "IA", "Content-Type": "text/x"})
    bucket.append_object("tree/appended", 0, b"one ", headers={"Content-Type": "text/x"})
    bucket.append_object("tree/appended", 4, b"two")


def test_from_disk_to_oss_to_s3_to_oss_to_disk(
    run: Command, oss_server: Emulator[Oss], bucket: Bucket, seaweed_bucket: str, tmp_path: Path
) -> None:
    """Bytes, headers and metadata are those that were put in, after three ways; so says the vendor's SDK."""
    files = make_tree(tmp_path / "tree")
    other = oss_server.fresh_bucket().name
    first, last = sdk(oss_server, bucket.name), sdk(oss_server, other)
    assert run.succeed("sync", str(tmp_path / "tree"), f"ali://{bucket.name}/tree", *IN_PARTS)["copied"] == len(files)
    assert oss_server.controls.calls["put_part"] == 25
    there = told(first, "tree/")
    assert {name: data for name, (data, _) in there.items()} == files
    put_awkward(first)
    there = told(first, "tree/")
    assert run.succeed("sync", f"ali://{bucket.name}/tree", f"sea://{seaweed_bucket}/tree")["failed"] == 0
    result = run.succeed("sync", f"sea://{seaweed_bucket}/tree", f"ali://{other}/tree", *IN_PARTS)
    assert (result["copied"], result["unproven"]) == (len(there), 0)
    assert told(last, "tree/") == there
    assert "content-encoding" in there["packed.json"][1]
    run.succeed("sync", f"ali://{other}/tree", str(tmp_path / "back"))
    for name, data in files.items():
        assert (tmp_path / "back" / name).read_bytes() == data
    assert (tmp_path / "back/packed.json").read_bytes() == there["packed.json"][0]
    assert run.run("verify", str(tmp_path / "back"), f"ali://{bucket.name}/tree").status == 0


def test_a_second_run_only_lists(
    run: Command, oss_server: Emulator[Oss], bucket: Bucket, seaweed_bucket: str, tmp_path: Path
) -> None:
    """It moves nothing and asks for no object, whichever side OSS is on, or both."""
    make_tree(tmp_path / "tree")
    other = oss_server.fresh_bucket().name
    pairs = [
        (str(tmp_path / "tree"), f"ali://{bucket.name}/tree"),
        (f"ali://{bucket.name}/tree", f"sea://{seaweed_bucket}/tree"),
        (f"sea://{seaweed_bucket}/tree", f"ali://{other}/from-s3"),
        (f"ali://{bucket.name}/tree", f"ali://{other}/copies"),
        (f"ali://{bucket.name}/tree", str(tmp_path / "back")),
    ]
    for source, target in pairs:
        run.succeed("sync", source, target)
        oss_server.controls.reset()
        result = run.succeed("sync", source, target)
        assert (result["copied"], result["updated"], result["sent_bytes"]) == (0, 0, 0)
        asked = set(oss_server.controls.calls)
        assert asked <= {"list_objects_v2", "begin", "abort", "get_versioning"}, (source, target)


@pytest.mark.parametrize(("point", "least"), [("begin:1", 0), ("part:9", 4), ("receipt:3", 1), ("finish:1", 13)])
def test_killed_in_the_middle_of_an_object(
    run: Command, oss_server: Emulator[Oss], bucket: Bucket, tmp_path: Path, point: str, least: int
) -> None:
    """The same command goes on: parts that are known to be there are not sent again, and no upload stays open.

    What arrived within the last moment, and was not written down yet, is.
    """
    data = random.Random(5).randbytes(12 * PART + 1)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/large").write_bytes(data)
    arguments = ("sync", str(tmp_path / "tree"), f"ali://{bucket.name}/tree", *IN_PARTS, "--bwlimit", "4MiB")
    assert run.run(*arguments, TRANSFER_KILL_AT=point).status == -signal.SIGKILL
    oss_server.controls.reset()
    run.succeed(*arguments)
    assert oss_server.controls.calls["put_part"] <= 13 - least
    assert told(sdk(oss_server, bucket.name), "tree/")["large"][0] == data
    assert bucket.uploads == {}


def test_deletes(run: Command, oss_server: Emulator[Oss], bucket: Bucket, tmp_path: Path) -> None:
    """What the source lacks goes, also where the listing comes out of order; nothing else does."""
    files = make_tree(tmp_path / "tree")
    place = f"ali://{bucket.name}/tree"
    run.succeed("sync", str(tmp_path / "tree"), place)
    client = sdk(oss_server, bucket.name)
    client.put_object("beside", b"not below the prefix")
    for key in ("tree/odd ü+%", "tree/small/000x", "tree/zzz"):
        client.put_object(key, b"odd")
    oss_server.controls.switches.disordered = True
    result = run.succeed("sync", str(tmp_path / "tree"), place, "--delete")
    assert (result["deleted"], result["copied"]) == (3, 0)
    oss_server.controls.switches.disordered = False
    assert set(told(client, "tree/")) == set(files)
    assert client.object_exists("beside")


async def test_a_storm_of_throttling(oss_server: Emulator[Oss], bucket: Bucket) -> None:
    """All arrives, in a time that the server has a say in; nothing is sent twice that had arrived."""
    source, heard = memory(), Heard()
    await fill(source, {f"k{number:02}": b"data" for number in range(40)} | {"large": pattern(4 * PART)})
    codes = ("TotalQpsLimitExceeded", "UploadTrafficRateLimitExceeded", "ServiceUnavailable")

    def storm(event: Event) -> None:
        heard(event)
        if isinstance(event, RunStarted):
            for number in range(30):
                verb = ("put_object", "put_part", "begin", "complete", "put_object")[number % 5]
                oss_server.fail(Fault("throttle", verb, code=codes[number % 3], delay_ms=20))

    options = quick(retries=8, target_settings=_settings(oss_server))
    result = await transfer.sync(source, f"oss://{bucket.name}/tree", options, listener=storm)
    assert (result.ok, result.totals.copied) == (True, 41)
    assert oss_server.controls.faults == []
    assert oss_server.controls.calls["put_object"] == 40 + 12
    assert len(told(sdk(oss_server, bucket.name), "tree/")) == 41


async def test_damage_on_the_way_down_is_seen(oss_server: Emulator[Oss], bucket: Bucket) -> None:
    """By the CRC that OSS keeps of the whole object, whether it is read at once or in parts; then it is read again."""
    target, heard, client = memory(), Heard(), sdk(oss_server, bucket.name)
    objects = {"small": b"data", "large": pattern(3 * PART)}
    for key, data in objects.items():
        client.put_object(f"tree/{key}", data)
        # An ETag that is no MD5, so that it is the CRC which tells.
        held = bucket.current(f"tree/{key}")
        assert held is not None
        held.etag = f"{held.etag}-1"
        oss_server.fail(Fault("wrong body", "get_object", f"tree/{key}"))
    options = quick(source_settings=_settings(oss_server))
    result = await transfer.sync(f"oss://{bucket.name}/tree", target, options, listener=heard)
    assert (result.ok, contents(target)) == (True, objects)
    assert oss_server.controls.faults == []
    assert len(heard.of(Retrying)) >= 2


async def test_a_token_that_expires_in_the_middle(
    oss_server: Emulator[Oss], bucket: Bucket, credentials_service: Callable[[str, Callable[[], Any]], str]
) -> None:
    """It is renewed, and the job goes on as if nothing had been."""
    source = memory()
    await fill(source, {f"k{number:02}": b"data" for number in range(60)})
    service = oss_server.service
    given: list[str] = []

    def lease() -> Any:
        name = f"temporary-{len(given)}"
        given.append(name)
        ends = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        service.keys[name] = Key(name, "secret", f"token of {name}", ends)
        return {
            "AccessKeyId": name,
            "AccessKeySecret": "secret",
            "SecurityToken": f"token of {name}",
            "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    done = 0

    def listen(event: object) -> None:
        nonlocal done
        if isinstance(event, Finished):
            done += 1
            if done in (10, 30):
                name = given[-1]
                service.keys[name] = Key(name, "secret", f"token of {name}", dt.datetime.now(dt.UTC))

    settings = {
        "endpoint": oss_server.endpoint,
        "region": "cn-hangzhou",
        "credentials_uri": credentials_service("/credentials", lease),
    }
    options = Options(target_settings=settings, transfers=4)
    result = await transfer.sync(source, f"oss://{bucket.name}/tree", options, listener=listen)
    assert (result.ok, result.totals.copied, result.totals.failed) == (True, 60, 0)
    assert len(given) == 3
    assert "SecurityTokenExpired" in {seen.code for seen in oss_server.controls.seen}
    assert len(told(sdk(oss_server, bucket.name), "tree/")) == 60


@pytest.fixture
def credentials_service() -> Iterator[Callable[[str, Callable[[], Any]], str]]:
    """``credentials_service(path, tell)`` is the URL at which what ``tell`` returns is told as JSON."""
    tellers: dict[str, Callable[[], Any]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(tellers[self.path]()).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def serve(path: str, tell: Callable[[], Any]) -> str:
        tellers[path] = tell
        return f"http://127.0.0.1:{server.server_address[1]}{path}"

    yield serve
    server.shutdown()
    thread.join()
    server.server_close()
