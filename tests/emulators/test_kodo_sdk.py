"""Qiniu's own SDK, unmodified, finds the emulator to be Kodo; and is refused what Kodo refuses."""

from __future__ import annotations

import io
import json
import time
import uuid
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.emulators.kodo import Kodo
from tests.emulators.running import serving
from transfer.testing.checks.harness import noise

qiniu: Any = import_module("qiniu")
regions: Any = import_module("qiniu.http.region")
endpoints: Any = import_module("qiniu.http.endpoint")

pytestmark = pytest.mark.filterwarnings(
    "ignore:datetime.datetime.utcnow:DeprecationWarning"
)  # the SDK's clients call it
MIB = 1024 * 1024


class Sdk:
    """The SDK's clients, led to the emulator."""

    def __init__(self, server: Kodo, bucket: str, secret: str | None = None) -> None:
        keys = server.settings
        self.bucket = bucket
        self.auth = qiniu.Auth(keys["access_key"], secret or keys["secret_key"])
        here = {
            name: [endpoints.Endpoint(f"127.0.0.1:{server.port}", default_scheme="http")]
            for name in regions.ServiceName
        }
        self.regions = [regions.Region(services=here)]
        self.manager = qiniu.BucketManager(self.auth, regions=self.regions, preferred_scheme="http")

    def put(self, key: str, data: bytes, policy: dict[str, Any] | None = None, **more: Any) -> tuple[Any, int]:
        """The reply to a form, and its status."""
        token = self.auth.upload_token(self.bucket, key, 3600, policy)
        told, info = qiniu.put_data(token, key, data, regions=self.regions, **more)
        return told, info.status_code


@pytest.fixture
def sdk(kodo_server: Kodo) -> Sdk:
    bucket = kodo_server.create_bucket(f"bucket-{uuid.uuid4().hex[:12]}")
    # Its uploads know no other way to be told of a scheme.
    qiniu.set_default(default_zone=qiniu.Region(scheme="http"))
    return Sdk(kodo_server, bucket.name)


def test_buckets(sdk: Sdk) -> None:
    """The SDK is told of all buckets by name."""
    told, info = sdk.manager.buckets()
    assert info.status_code == 200
    assert sdk.bucket in told


def test_form(sdk: Sdk, kodo_server: Kodo) -> None:
    """Bytes, type and metadata arrive, and the hash is the one that the SDK computes."""
    data = noise(5 * MIB)
    told, status = sdk.put("a/é.bin", data, mime_type="text/csv", metadata={"x-qn-meta-name": "a value"})
    assert (status, told["key"]) == (200, "a/é.bin")
    assert told["hash"] == qiniu.utils.etag_stream(io.BytesIO(data))
    found, _ = sdk.manager.stat(sdk.bucket, "a/é.bin")
    assert (found["fsize"], found["hash"], found["mimeType"]) == (len(data), told["hash"], "text/csv")
    assert found["x-qn-meta"] == {"name": "a value"}
    assert kodo_server.buckets[sdk.bucket].objects["a/é.bin"].data == data


def test_resumable(sdk: Sdk, kodo_server: Kodo, tmp_path: Path) -> None:
    """The SDK's uploader in parts makes an object of its bytes, with the hash that blocks have."""
    path = tmp_path / "file"
    path.write_bytes(noise(9 * MIB))
    token = sdk.auth.upload_token(sdk.bucket, "parts")
    recorder = qiniu.UploadProgressRecorder(str(tmp_path))
    told, info = qiniu.put_file_v2(
        token,
        "parts",
        str(path),
        bucket_name=sdk.bucket,
        regions=sdk.regions,
        metadata={"x-qn-meta-n": "v"},
        upload_progress_recorder=recorder,
    )
    assert info.status_code == 200
    assert told["hash"] == qiniu.etag(str(path))
    made = kodo_server.buckets[sdk.bucket].objects["parts"]
    assert made.data == path.read_bytes()
    assert made.metas == {"n": "v"}
    assert kodo_server.buckets[sdk.bucket].uploads == {}


def test_manager(sdk: Sdk) -> None:
    """Copies, moves, deletes, types and classes."""
    manager, bucket = sdk.manager, sdk.bucket
    sdk.put("one", b"1")
    assert manager.copy(bucket, "one", bucket, "two")[1].status_code == 200
    assert manager.copy(bucket, "one", bucket, "two")[1].status_code == 614
    assert manager.copy(bucket, "one", bucket, "two", force="true")[1].status_code == 200
    assert manager.move(bucket, "two", bucket, "three")[1].status_code == 200
    assert manager.stat(bucket, "two")[1].status_code == 612
    assert manager.change_mime(bucket, "three", "text/html")[1].status_code == 200
    assert manager.change_type(bucket, "three", 2)[1].status_code == 200
    found, _ = manager.stat(bucket, "three")
    assert (found["mimeType"], found["type"], "restoreStatus" in found) == ("text/html", 2, False)
    assert manager.change_mime(bucket, "three", "text/css")[1].status_code == 403
    assert manager.restore_ar(bucket, "three", 8)[1].status_code == 400
    assert manager.restore_ar(bucket, "three", 7)[1].status_code == 200
    assert manager.stat(bucket, "three")[0]["restoreStatus"] == 1
    assert manager.delete(bucket, "one")[1].status_code == 200
    assert manager.delete(bucket, "one")[1].status_code == 612
    assert manager.list_domains(bucket)[0]


def test_batch(sdk: Sdk) -> None:
    """Some succeed, some fail, and the status tells."""
    sdk.put("one", b"1")
    _, info = sdk.manager.batch(qiniu.build_batch_delete(sdk.bucket, ["one", "gone"]))
    assert info.status_code == 298
    assert [answer["code"] for answer in json.loads(info.text_body)] == [200, 612]


def test_listing(sdk: Sdk) -> None:
    """All keys come, in pages some of which are empty, until there is no marker."""
    names = {f"p/{number}" for number in range(25)}
    for name in (*names, "q"):
        sdk.put(name, b"1")
    marker, told, sizes = None, [], []
    while True:
        page, end, _ = sdk.manager.list(sdk.bucket, "p/", marker, 10)
        told += [item["key"] for item in page["items"]]
        sizes.append(len(page["items"]))
        if end:
            break
        marker = page["marker"]
    assert set(told) == names
    assert sizes == [10, 0, 10, 0, 5]
    assert sdk.manager.list(sdk.bucket, limit=1001)[2].status_code == 400
    assert sdk.manager.list(sdk.bucket, marker="nonsense")[2].status_code == 640


def test_download(sdk: Sdk, kodo_server: Kodo) -> None:
    """A signed address gives the bytes; one that is not, or not any more, gives none."""
    data = noise(1000)
    sdk.put("a b/é?#.txt", data, mime_type="text/plain", metadata={"x-qn-meta-n": "v"})
    domain = kodo_server.buckets[sdk.bucket].domain
    url = f"http://{domain}/{quote('a b/é?#.txt')}"
    got = requests.get(sdk.auth.private_download_url(url), timeout=10)
    assert (got.status_code, got.content) == (200, data)
    assert (got.headers["content-type"], got.headers["x-qn-meta-n"]) == ("text/plain", "v")
    part = requests.get(sdk.auth.private_download_url(url), headers={"Range": "bytes=10-19"}, timeout=10)
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, data[10:20], "bytes 10-19/1000")
    assert requests.get(url, timeout=10).status_code == 401
    assert requests.get(sdk.auth.private_download_url(url, expires=-1), timeout=10).status_code == 401
    assert requests.get(sdk.auth.private_download_url(url + "x"), timeout=10).status_code == 404


def test_wrong_secret(sdk: Sdk, kodo_server: Kodo) -> None:
    """Nothing is done for another secret, at any service."""
    other = Sdk(kodo_server, sdk.bucket, "another-secret")
    sdk.put("one", b"1")
    assert other.put("one", b"2")[1] == 401
    assert other.manager.stat(sdk.bucket, "one")[1].status_code == 401
    assert other.manager.list(sdk.bucket)[2].status_code == 401
    assert kodo_server.buckets[sdk.bucket].objects["one"].data == b"1"


@pytest.mark.parametrize(
    ("key", "policy", "more", "status"),
    [
        ("there", {"insertOnly": 1}, {}, 614),
        ("small", {"fsizeLimit": 2}, {}, 413),
        ("k" * 751, {}, {}, 400),
        ("meta", {}, {"metadata": {"x-qn-meta-n": "v" * 201}}, 400),
        ("meta", {}, {"metadata": {"x-qn-meta-n": "é"}}, 400),
        ("meta", {}, {"metadata": {f"x-qn-meta-{n}": "v" * 190 for n in range(6)}}, 400),
        ("mime", {}, {"mime_type": "text/plain%0A"}, 400),
    ],
)
def test_refused_forms(sdk: Sdk, key: str, policy: dict[str, Any], more: dict[str, Any], status: int) -> None:
    """What policies, names and metadata may not be."""
    sdk.put("there", b"as it was")
    assert sdk.put(key, b"123", policy, **more)[1] == status
    assert {item["key"] for item in sdk.manager.list(sdk.bucket)[0]["items"]} == {"there"}


def test_refused_tokens(sdk: Sdk) -> None:
    """A token is for its bucket and key, and for its time."""
    for scope, key, seconds, status in (
        (sdk.bucket, "other", 3600, 401),
        (sdk.bucket, "k", -1, 401),
        ("elsewhere", "k", 3600, 631),
    ):
        token = sdk.auth.upload_token(scope, key, seconds)
        _, info = qiniu.put_data(token, "k", b"1", regions=sdk.regions)
        assert info.status_code == status
    # Without a key in its scope it lets new ones be made, and none be changed.
    token = sdk.auth.upload_token(sdk.bucket)
    assert [qiniu.put_data(token, "k", data, regions=sdk.regions)[1].status_code for data in (b"1", b"1", b"2")] == [
        200,
        200,
        614,
    ]


def test_wrong_crc_and_clock(sdk: Sdk, kodo_server: Kodo) -> None:
    """Other bytes than their CRC-32 are refused, and so are requests of another time."""
    token = sdk.auth.upload_token(sdk.bucket, "k")
    fields = {"token": token, "key": "k", "crc32": "1"}
    reply = requests.post(kodo_server.endpoint + "/", data=fields, files={"file": ("f", b"123")}, timeout=10)
    assert reply.status_code == 406
    kodo_server.clock.turn(hours=1)
    try:
        assert sdk.manager.stat(sdk.bucket, "k")[1].status_code == 403
    finally:
        kodo_server.clock.turn(hours=-1)


def test_refused_parts(sdk: Sdk, kodo_server: Kodo) -> None:
    """Wrong MD5s, small parts, other parts than were sent, and uploads that are gone or too old."""
    base = f"{kodo_server.endpoint}/buckets/{sdk.bucket}/objects/{qiniu.urlsafe_base64_encode('k')}/uploads"
    headers = {"Authorization": f"UpToken {sdk.auth.upload_token(sdk.bucket, 'k', 30 * 86_400)}"}

    def ask(method: str, path: str = "", **more: Any) -> requests.Response:
        return requests.request(method, base + path, headers={**headers, **more.pop("extra", {})}, timeout=10, **more)

    upload_id = ask("POST").json()["uploadId"]
    assert ask("PUT", f"/{upload_id}/1", data=b"1", extra={"Content-MD5": "0" * 32}).status_code == 406
    etags = [ask("PUT", f"/{upload_id}/{number}", data=b"1").json()["etag"] for number in (1, 2)]
    named = [{"partNumber": number, "etag": etag} for number, etag in enumerate(etags, 1)]
    assert ask("POST", f"/{upload_id}", json={"parts": named}).status_code == 400  # the first is too small
    assert ask("POST", f"/{upload_id}", json={"parts": []}).status_code == 400
    assert ask("POST", f"/{upload_id}", json={"parts": [{"partNumber": 1, "etag": "other"}]}).status_code == 400
    assert ask("PUT", f"/{upload_id}/10001", data=b"1").status_code == 400
    assert [part["partNumber"] for part in ask("GET", f"/{upload_id}").json()["parts"]] == [1, 2]
    kodo_server.clock.turn(days=8)
    try:
        assert ask("GET", f"/{upload_id}").status_code == 701
    finally:
        kodo_server.clock.turn(days=-8)
    assert ask("DELETE", f"/{upload_id}").status_code == 200
    assert ask("DELETE", f"/{upload_id}").status_code == 612
    assert requests.post(base, timeout=10).status_code == 401


def test_time_is_told() -> None:
    """Of objects, in units of 100 ns."""
    with serving(Kodo) as emulator:
        server = emulator.service
        server.create_bucket("b")
        sdk = Sdk(server, "b")
        sdk.put("k", b"1")
        assert abs(sdk.manager.stat("b", "k")[0]["putTime"] / 1e7 - time.time()) < 60
