"""What our OSS refuses, how it is reached, and how tests spoil its answers."""

from __future__ import annotations

import base64
import datetime as dt
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import oss2
import pytest
import requests

from tests.certificates import make_certificate
from tests.certificates import serving as tls_serving
from tests.emulators.controls import Fault
from tests.emulators.keys import Key
from tests.emulators.oss import Oss
from tests.emulators.running import KEY, Emulator, serving
from tests.emulators.state import Bucket

VERSIONS = pytest.mark.parametrize("version", ["v1", "v4"])


@pytest.fixture
def bucket(oss_server: Emulator[Oss]) -> Bucket:
    """A fresh one."""
    return oss_server.fresh_bucket()


def send(
    server: Emulator[Oss],
    method: str,
    bucket: str,
    key: str,
    *,
    auth: Any = None,
    host: str = "",
    headers: Mapping[str, str] | None = None,
    spoil: Mapping[str, str] | None = None,
    body: bytes = b"",
    region: str = "cn-hangzhou",
) -> requests.Response:
    """A request signed by the SDK, to a virtual host if ``host`` is given; ``spoil`` changes headers behind it."""
    request = oss2.http.Request(method, "", params={}, headers=dict(headers or {}), region=region, product="oss")
    (auth or oss2.AuthV4(KEY.id, KEY.secret))._sign_request(request, bucket, key)
    sent = {name: value for name, value in request.headers.items() if value is not None} | dict(spoil or {})
    path = f"/{key}" if host else f"/{bucket}/{key}"
    if host:
        sent["Host"] = host
    return requests.request(method, server.endpoint + path, headers=sent, data=body, timeout=9)


def code(answer: requests.Response) -> tuple[int, str]:
    """Status, and the code of the error document."""
    return answer.status_code, ET.fromstring(answer.content).findtext("Code") or ""


@VERSIONS
def test_spoiled_signatures(oss_server: Emulator[Oss], bucket: Bucket, version: str) -> None:
    """Each thing that is signed is checked; nothing is stored."""
    wrong = oss2.make_auth(KEY.id, "wrong", version)
    assert code(send(oss_server, "PUT", bucket.name, "k", auth=wrong)) == (403, "SignatureDoesNotMatch")
    auth = oss2.make_auth(KEY.id, KEY.secret, version)
    for name, value in {"x-oss-meta-a": "b", "Content-Type": "text/x", "x-oss-storage-class": "IA"}.items():
        answer = send(oss_server, "PUT", bucket.name, "k", auth=auth, spoil={name: value})
        assert code(answer) == (403, "SignatureDoesNotMatch")
        assert "<StringToSign>" in answer.text
    assert bucket.current("k") is None
    assert send(oss_server, "PUT", bucket.name, "k", auth=auth, spoil={"User-Agent": "other"}).status_code == 200


def test_who_is_let_in(oss_server: Emulator[Oss], bucket: Bucket) -> None:
    """Nobody without a signature, or with an unknown key, or with what is none."""
    url = f"{oss_server.endpoint}/{bucket.name}/k"
    assert code(requests.put(url, timeout=9)) == (403, "AccessDenied")
    assert code(requests.get(f"{oss_server.endpoint}/{bucket.name}?list-type=2", timeout=9)) == (403, "AccessDenied")
    unknown = oss2.AuthV4("unknown", "secret")
    assert code(send(oss_server, "GET", bucket.name, "k", auth=unknown)) == (403, "InvalidAccessKeyId")
    aws = {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}
    assert code(requests.get(url, headers=aws, timeout=9)) == (400, "InvalidArgument")
    streamed = {"x-oss-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}
    assert code(send(oss_server, "PUT", bucket.name, "k", spoil=streamed)) == (400, "InvalidArgument")
    assert code(send(oss_server, "GET", bucket.name, "k", region="cn-beijing")) == (403, "SignatureDoesNotMatch")


@VERSIONS
def test_clock(oss_server: Emulator[Oss], bucket: Bucket, version: str) -> None:
    """Fifteen minutes are let pass; the refusal tells the server's time, as does its Date."""
    auth = oss2.make_auth(KEY.id, KEY.secret, version)
    oss_server.service.clock.turn(minutes=14)
    assert send(oss_server, "PUT", bucket.name, "k", auth=auth).status_code == 200
    oss_server.service.clock.turn(minutes=2)
    answer = send(oss_server, "GET", bucket.name, "k", auth=auth)
    assert code(answer) == (403, "RequestTimeTooSkewed")
    told = dt.datetime.fromisoformat(ET.fromstring(answer.content).findtext("ServerTime") or "")
    assert told - dt.datetime.now(dt.UTC) > dt.timedelta(minutes=15)
    assert answer.headers["Date"] == f"{told:%a, %d %b %Y %H:%M:%S} GMT"


@VERSIONS
def test_tokens(oss_server: Emulator[Oss], bucket: Bucket, version: str) -> None:
    """A temporary key needs its token, and ends."""
    expires = oss_server.service.clock.now() + dt.timedelta(minutes=5)
    oss_server.service.keys["STS.x"] = Key("STS.x", "s", "the+token/=", expires)

    def put(auth: Any) -> tuple[int, str]:
        answer = send(oss_server, "PUT", bucket.name, "k", auth=auth)
        return (200, "") if answer.status_code == 200 else code(answer)

    right = oss2.StsAuth("STS.x", "s", "the+token/=", auth_version=version)
    assert put(right) == (200, "")
    assert put(oss2.StsAuth("STS.x", "s", "other", auth_version=version)) == (403, "InvalidSecurityToken")
    assert put(oss2.make_auth("STS.x", "s", version)) == (403, "InvalidAccessKeyId")
    borrowed = oss2.StsAuth(KEY.id, KEY.secret, "the+token/=", auth_version=version)
    assert put(borrowed) == (403, "AccessKeyIdAndSecurityTokenNotMatch")
    url = oss2.Bucket(right, oss_server.endpoint, bucket.name, region="cn-hangzhou").sign_url("GET", "k", 600)
    assert requests.get(url, timeout=9).status_code == 200
    oss_server.service.clock.turn(minutes=6)
    assert put(right) == (403, "SecurityTokenExpired")
    assert code(requests.get(url, timeout=9)) == (403, "SecurityTokenExpired")


def test_hosts(oss_server: Emulator[Oss], bucket: Bucket) -> None:
    """Virtual hosts of the vendor's endpoints, custom domains, and no path style at the vendor's."""
    for endpoint in ("oss-cn-hangzhou", "oss-cn-hangzhou-internal", "oss-accelerate"):
        host = f"{bucket.name}.{endpoint}.aliyuncs.com"
        assert send(oss_server, "PUT", bucket.name, endpoint, host=host).status_code == 200
    far = f"{bucket.name}.oss-cn-beijing.aliyuncs.com"
    answer = send(oss_server, "GET", bucket.name, "k", host=far)
    assert code(answer) == (403, "AccessDenied")
    assert ET.fromstring(answer.content).findtext("Endpoint") == "oss-cn-hangzhou.aliyuncs.com"
    oss_server.service.domains["data.example.com"] = bucket.name
    assert send(oss_server, "GET", bucket.name, "oss-accelerate", host="data.example.com").status_code == 200
    regional = {"Host": "oss-cn-hangzhou.aliyuncs.com"}
    answer = requests.get(f"{oss_server.endpoint}/{bucket.name}/k", headers=regional, timeout=9)
    assert code(answer) == (403, "SecondLevelDomainForbidden")


def test_public_endpoint_forbidden(oss_server: Emulator[Oss], bucket: Bucket) -> None:
    """Accounts that are new reach their data by a custom domain, or from inside."""
    oss_server.controls.switches.public_forbidden = True
    oss_server.service.domains["data.example.com"] = bucket.name
    public = f"{bucket.name}.oss-cn-hangzhou.aliyuncs.com"
    assert code(send(oss_server, "PUT", bucket.name, "k", host=public)) == (403, "PublicEndpointForbidden")
    for host in ("data.example.com", f"{bucket.name}.oss-cn-hangzhou-internal.aliyuncs.com"):
        assert send(oss_server, "PUT", bucket.name, "k", host=host).status_code == 200


def test_default_domain(oss_server: Emulator[Oss], bucket: Bucket) -> None:
    """The vendor's domains force a download, custom ones don't."""
    oss_server.controls.switches.default_domain = True
    oss_server.service.domains["data.example.com"] = bucket.name
    send(oss_server, "PUT", bucket.name, "k", headers={"Content-Disposition": "inline"})
    forced = send(oss_server, "GET", bucket.name, "k").headers
    assert (forced["Content-Disposition"], forced["x-oss-force-download"]) == ("attachment", "true")
    free = send(oss_server, "GET", bucket.name, "k", host="data.example.com").headers
    assert (free["Content-Disposition"], "x-oss-force-download" in free) == ("inline", False)


def test_errors_of_heads(oss_server: Emulator[Oss], bucket: Bucket) -> None:
    """No body; the document is in a header, its code in another."""
    answer = send(oss_server, "HEAD", bucket.name, "missing")
    assert (answer.status_code, answer.content) == (404, b"")
    document = ET.fromstring(base64.b64decode(answer.headers["x-oss-err"]))
    assert document.findtext("Code") == "NoSuchKey"
    assert document.findtext("RequestId") == answer.headers["x-oss-request-id"]
    assert document.findtext("EC") == answer.headers["x-oss-ec"] == "0026-00000001"


def test_length_is_needed(oss_server: Emulator[Oss], bucket: Bucket) -> None:
    """Neither a length nor chunks: 411. And what stops before its length is not stored."""
    request = oss2.http.Request("PUT", "", params={}, headers={}, region="cn-hangzhou", product="oss")
    oss2.AuthV4(KEY.id, KEY.secret)._sign_request(request, bucket.name, "k")
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items() if value is not None)
    head = f"PUT /{bucket.name}/k HTTP/1.1\r\nHost: {oss_server.address}\r\n{lines}"
    with socket.create_connection(("127.0.0.1", oss_server.port)) as client:
        client.sendall(f"{head}\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 411 ")
    with socket.create_connection(("127.0.0.1", oss_server.port)) as client:
        client.sendall(f"{head}Content-Length: 10\r\n\r\nshort".encode())
    with socket.create_connection(("127.0.0.1", oss_server.port)) as client:
        client.sendall(f"{head}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 100 ")
        assert bucket.current("k") is None
        client.sendall(b"here")
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_faults(oss_server: Emulator[Oss], bucket: Bucket) -> None:
    """Connections that break before and after the deed, bodies cut short, changed, and slow."""
    oss_server.fail(Fault("reset", verb="put_object"))
    with pytest.raises(requests.ConnectionError):
        send(oss_server, "PUT", bucket.name, "k", body=b"0123456789")
    assert bucket.current("k") is None
    oss_server.fail(Fault("lost", verb="put_object"))
    with pytest.raises(requests.ConnectionError):
        send(oss_server, "PUT", bucket.name, "k", body=b"0123456789")
    assert bucket.current("k") is not None
    oss_server.fail(Fault("short", after=4, key="k"))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        send(oss_server, "GET", bucket.name, "k")
    oss_server.fail(Fault("wrong body", skip=1))
    assert send(oss_server, "GET", bucket.name, "k").content == b"0123456789"
    assert send(oss_server, "GET", bucket.name, "k").content == b"1123456789"
    oss_server.fail(Fault("slow", after=50))
    begun = time.monotonic()
    assert send(oss_server, "GET", bucket.name, "k").content == b"0123456789"
    assert time.monotonic() - begun > 0.15
    oss_server.fail(Fault("refuse", status=500, code="InternalError"))
    assert code(send(oss_server, "GET", bucket.name, "k")) == (500, "InternalError")
    assert send(oss_server, "GET", bucket.name, "k").status_code == 200


def test_disordered(oss_server: Emulator[Oss], bucket: Bucket) -> None:
    """A page out of order."""
    for key in "abc":
        send(oss_server, "PUT", bucket.name, key)
    oss_server.controls.switches.disordered = True
    listed = ET.fromstring(send(oss_server, "GET", bucket.name, "").content)
    assert [key.text for key in listed.iterfind("Contents/Key")] == ["c", "b", "a"]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The emulator as a process of its own: its URL."""
    data = tmp_path_factory.mktemp("data")
    command = [sys.executable, "-m", "tests.emulators.oss", "--data", str(data), "--bucket", "bucket", "--key", "a:b"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("Listening at ").strip()
        process.terminate()


def test_by_hand(started: str) -> None:
    """Started from a command line, and controlled over HTTP."""
    session = oss2.Session()
    bucket = oss2.Bucket(oss2.AuthV4("a", "b"), started, "bucket", session=session, region="cn-hangzhou")
    bucket.put_object("k", b"1" * (3 << 20))
    assert bucket.get_object("k").read() == b"1" * (3 << 20)
    requests.post(f"{started}/.emulator/faults", json={"kind": "throttle"}, timeout=9)
    with pytest.raises(oss2.exceptions.ServerError):
        bucket.put_object("k", b"1")
    requests.post(f"{started}/.emulator/clock", json={"hours": 1}, timeout=9)
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_object("k", b"1")
    assert refused.value.code == "RequestTimeTooSkewed"
    requests.post(f"{started}/.emulator/switches", json={"clock_skew_checked": False}, timeout=9)
    bucket.put_object("k", b"1")
    told = requests.get(f"{started}/.emulator/", timeout=9).json()
    assert told["calls"] == {"put_object": 4, "get_object": 1}
    assert [call["status"] for call in told["seen"]] == [200, 200, 503, 403, 200]
    session.session.close()


def test_tls(tmp_path: Path) -> None:
    """The same by HTTPS."""
    certificate = make_certificate(tmp_path / "certificate.pem")
    with serving(Oss, tls_serving(certificate)) as emulator:
        name = emulator.fresh_bucket().name
        session = oss2.Session()
        session.session.verify = str(certificate)
        session.session.trust_env = False  # else a bundle that the machine names would be taken
        auth = oss2.AuthV4(KEY.id, KEY.secret)
        bucket = oss2.Bucket(auth, emulator.tls_endpoint, name, session=session, region="cn-hangzhou")
        bucket.put_object("k", b"1")
        assert bucket.get_object("k").read() == b"1"
        session.session.close()
