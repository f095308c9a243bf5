"""What our S3 refuses, how it is reached, and its quirks below the SDK."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.emulators.keys import Key
from tests.emulators.running import KEY, Emulator
from tests.emulators.s3 import S3
from tests.emulators.state import Bucket

_NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@pytest.fixture
def bucket(s3_server: Emulator[S3]) -> Bucket:
    """A fresh one."""
    return s3_server.fresh_bucket()


def send(
    endpoint: str,
    method: str,
    path: str,
    *,
    host: str = "",
    headers: Mapping[str, str] | None = None,
    spoil: Mapping[str, str | None] | None = None,
    body: bytes = b"",
    key: Key = KEY,
    region: str = "us-east-1",
) -> requests.Response:
    """A request signed by the SDK, for ``host`` if that is given; ``spoil`` changes headers behind it."""
    url = f"http://{host}{path}" if host else endpoint + path
    made = AWSRequest(method, url, headers=dict(headers or {}), data=body)
    S3SigV4Auth(Credentials(key.id, key.secret, key.token or None), "s3", region).add_auth(made)
    sent = {**dict(made.headers.items()), **({"Host": host} if host else {}), **(spoil or {})}
    return requests.request(method, endpoint + path, headers=sent, data=body, timeout=9)  # type: ignore[arg-type]


def code(answer: requests.Response) -> tuple[int, str]:
    """Status, and the code of the error document."""
    return answer.status_code, ET.fromstring(answer.content).findtext("Code") or ""


def test_spoiled_signatures(s3_server: Emulator[S3], bucket: Bucket) -> None:
    """Each thing that is signed is checked, and all of S3's own headers must be; nothing is stored."""
    path = f"/{bucket.name}/k"
    wrong = Key(KEY.id, "wrong")
    assert code(send(s3_server.endpoint, "PUT", path, key=wrong)) == (403, "SignatureDoesNotMatch")
    signed = {"x-amz-meta-a": "b", "Content-Type": "text/x", "Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
    for name in signed:
        answer = send(s3_server.endpoint, "PUT", path, headers=signed, spoil={name: "other"})
        assert code(answer) == (403, "SignatureDoesNotMatch")
    answer = send(s3_server.endpoint, "PUT", path, headers=signed, spoil={"x-amz-meta-a": None})
    assert code(answer) == (403, "SignatureDoesNotMatch")
    answer = send(s3_server.endpoint, "PUT", path, spoil={"x-amz-meta-b": "c"})
    assert code(answer) == (403, "AccessDenied")
    assert ET.fromstring(answer.content).findtext("HeadersNotSigned") == "x-amz-meta-b"
    assert bucket.current("k") is None
    answer = send(s3_server.endpoint, "GET", f"/{bucket.name}?list-type=2&prefix=a")
    assert answer.status_code == 200
    spoiled = requests.get(answer.url.replace("=a", "=b"), headers=dict(answer.request.headers), timeout=9)
    assert code(spoiled) == (403, "SignatureDoesNotMatch")


def test_spoiled_bodies(s3_server: Emulator[S3], bucket: Bucket) -> None:
    """A body that isn't the one that was signed, or whose hash is not told at all."""
    path = f"/{bucket.name}/k"
    made = AWSRequest("PUT", s3_server.endpoint + path, data=b"1")
    S3SigV4Auth(Credentials(KEY.id, KEY.secret), "s3", "us-east-1").add_auth(made)
    answer = requests.put(s3_server.endpoint + path, headers=dict(made.headers.items()), data=b"2", timeout=9)
    assert code(answer) == (400, "XAmzContentSHA256Mismatch")
    answer = send(s3_server.endpoint, "PUT", path, spoil={"x-amz-content-sha256": None})
    assert code(answer) == (400, "InvalidRequest")
    two = {"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA=="}
    assert code(send(s3_server.endpoint, "PUT", path, headers=two)) == (400, "InvalidRequest")
    assert bucket.current("k") is None


def test_who_is_let_in(s3_server: Emulator[S3], bucket: Bucket) -> None:
    """Nobody without a signature, with an unknown key, or with what is none; the region's name is told."""
    path = f"/{bucket.name}/k"
    url = s3_server.endpoint + path
    assert code(requests.put(url, timeout=9)) == (403, "AccessDenied")
    assert code(send(s3_server.endpoint, "GET", path, key=Key("unknown", "s"))) == (403, "InvalidAccessKeyId")
    for header in ("AWS a:b", "AWS4-HMAC-SHA256 Credential=x"):
        answer = requests.get(url, headers={"Authorization": header}, timeout=9)
        assert code(answer) == (400, "AuthorizationHeaderMalformed")
    answer = send(s3_server.endpoint, "GET", path, region="eu-west-1")
    assert code(answer) == (400, "AuthorizationHeaderMalformed")
    assert ET.fromstring(answer.content).findtext("Region") == "us-east-1"


def test_clock(s3_server: Emulator[S3], bucket: Bucket) -> None:
    """A quarter of an hour is allowed, ahead and behind; the refusal tells the server's time."""
    path, clock = f"/{bucket.name}/k", s3_server.service.clock
    clock.turn(minutes=14)
    assert send(s3_server.endpoint, "PUT", path).status_code == 200
    for minutes in (2, -32):
        clock.turn(minutes=minutes)
        answer = send(s3_server.endpoint, "GET", path)
        assert code(answer) == (403, "RequestTimeTooSkewed")
        told = dt.datetime.fromisoformat(ET.fromstring(answer.content).findtext("ServerTime") or "")
        assert answer.headers["Date"] == f"{told:%a, %d %b %Y %H:%M:%S} GMT"


def test_tokens(s3_server: Emulator[S3], bucket: Bucket) -> None:
    """A temporary key needs its token, and ends."""
    expires = s3_server.service.clock.now() + dt.timedelta(minutes=5)
    s3_server.service.keys["ASIATMP"] = Key("ASIATMP", "s", "the+token/=", expires)

    def put(token: str) -> tuple[int, str]:
        answer = send(s3_server.endpoint, "PUT", f"/{bucket.name}/k", key=Key("ASIATMP", "s", token))
        return (200, "") if answer.status_code == 200 else code(answer)

    assert put("the+token/=") == (200, "")
    assert put("other") == (400, "InvalidToken")
    assert put("") == (403, "InvalidAccessKeyId")
    s3_server.service.clock.turn(minutes=6)
    assert put("the+token/=") == (400, "ExpiredToken")


def test_hosts(s3_server: Emulator[S3], bucket: Bucket) -> None:
    """Virtual hosts, path style, and other regions' endpoints."""
    for host in (f"{bucket.name}.s3.us-east-1.amazonaws.com", f"{bucket.name}.localhost"):
        assert send(s3_server.endpoint, "PUT", "/k", host=host).status_code == 200
    regional = "s3.us-east-1.amazonaws.com"
    assert send(s3_server.endpoint, "GET", f"/{bucket.name}/k", host=regional).status_code == 200
    answer = send(s3_server.endpoint, "GET", "/k", host=f"{bucket.name}.s3.eu-west-1.amazonaws.com")
    assert code(answer) == (301, "PermanentRedirect")
    assert answer.headers["x-amz-bucket-region"] == "us-east-1"


def test_documents(s3_server: Emulator[S3], bucket: Bucket) -> None:
    """Documents are in S3's namespace, errors in none; a HEAD has no document; ids are told in both."""
    answer = send(s3_server.endpoint, "GET", f"/{bucket.name}?list-type=2")
    assert ET.fromstring(answer.content).tag == f"{_NAMESPACE}ListBucketResult"
    answer = send(s3_server.endpoint, "GET", f"/{bucket.name}/a%20b")
    root = ET.fromstring(answer.content)
    assert [child.tag for child in root] == ["Code", "Message", "Key", "RequestId", "HostId"]
    assert root.findtext("RequestId") == answer.headers["x-amz-request-id"]
    answer = send(s3_server.endpoint, "HEAD", f"/{bucket.name}/a%20b")
    assert (answer.status_code, answer.content) == (404, b"")


def test_delete_many_needs_a_checksum(s3_server: Emulator[S3], bucket: Bucket) -> None:
    """Else nothing is deleted."""
    send(s3_server.endpoint, "PUT", f"/{bucket.name}/k")
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    assert code(send(s3_server.endpoint, "POST", f"/{bucket.name}?delete", body=body)) == (400, "InvalidRequest")
    assert bucket.current("k") is not None


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", None),
        (b"2\r\nhe\r\n3\r\nllo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", None),
        (b"5\r\nhallo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", (400, "BadDigest")),
        (b"4\r\nhell\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", (400, "IncompleteBody")),
        (b"5\r\nhello\r\n0\r\n\r\n", (400, "MalformedTrailerError")),
        (b"5\r\nhello\r\n0\r\nother:1\r\n\r\n", (400, "MalformedTrailerError")),
        (b"no\r\n", (400, "IncompleteBody")),
        (b"5\r\nhel", (400, "IncompleteBody")),
    ],
    ids=["one", "two", "wrong", "short", "without", "other", "none", "cut"],
)
def test_trailers(s3_server: Emulator[S3], bucket: Bucket, body: bytes, refusal: tuple[int, str] | None) -> None:
    """A body in chunks with its checksum behind."""
    trailing = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    headers = {
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-decoded-content-length": "5",
        "Content-Encoding": "aws-chunked",
        "X-Amz-Content-SHA256": trailing,
    }
    made = AWSRequest("PUT", f"{s3_server.endpoint}/{bucket.name}/k", headers=headers, data=body)
    signer = S3SigV4Auth(Credentials(KEY.id, KEY.secret), "s3", "us-east-1")
    signer.payload = lambda request: trailing  # type: ignore[method-assign]
    signer.add_auth(made)
    answer = requests.put(made.url, headers=dict(made.headers.items()), data=body, timeout=9)
    if refusal is not None:
        assert code(answer) == refusal
        assert bucket.current("k") is None
        return
    version = bucket.current("k")
    assert version is not None
    assert (version.blob.bytes(), version.headers) == (b"hello", {})


def test_by_hand(tmp_path: Path) -> None:
    """Started from a command line, and ended; nothing is left behind."""
    command = [sys.executable, "-m", "tests.emulators.s3", "--bucket", "b-1", "--key", "a:b", "--region", "eu-west-1"]
    command += ["--data", str(tmp_path)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        endpoint = process.stdout.readline().removeprefix("Listening at ").strip()
        answer = send(endpoint, "HEAD", "/b-1", key=Key("a", "b"), region="eu-west-1")
        process.terminate()
        assert process.wait() == 0
        assert list(tmp_path.iterdir()) == []
    assert (answer.status_code, answer.headers["x-amz-bucket-region"]) == (200, "eu-west-1")
