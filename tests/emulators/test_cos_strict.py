"""What our COS refuses, how it is reached, and its quirks below the SDK."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
from qcloud_cos import CosConfig, CosS3Auth

from tests.emulators.controls import Fault
from tests.emulators.cos import Cos
from tests.emulators.keys import Key
from tests.emulators.running import KEY, Emulator
from tests.emulators.state import Bucket
from tests.emulators.truncating import Framing

REGION = "ap-guangzhou"


@pytest.fixture
def bucket(cos_server: Emulator[Cos]) -> Bucket:
    """A fresh one."""
    return cos_server.fresh_bucket("-1250000000")


def send(
    server: Emulator[Cos],
    method: str,
    bucket: str,
    key: str,
    *,
    host: str = "",
    headers: Mapping[str, str] | None = None,
    spoil: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    body: bytes = b"",
    secret: str = KEY.secret,
    key_id: str = KEY.id,
    token: str = "",
    expire: int = 600,
) -> requests.Response:
    """A request signed by the SDK, to a virtual host if ``host`` is given; ``spoil`` changes headers behind it."""
    config = CosConfig(Region=REGION, SecretId=key_id, SecretKey=secret)
    sent = {"Host": host or server.address, **(headers or {})}
    if token:
        sent["x-cos-security-token"] = token
    request = requests.Request(method, "", headers=sent)
    CosS3Auth(config, key, dict(params or {}), expire=expire)(request)
    path = f"/{key}" if host else f"/{bucket}/{key}"
    all_sent = {**request.headers, **(spoil or {})}
    return requests.request(
        method, server.endpoint + path, headers=all_sent, params=dict(params or {}), data=body, timeout=9
    )


def code(answer: requests.Response) -> tuple[int, str]:
    """Status, and the code of the error document."""
    return answer.status_code, ET.fromstring(answer.content).findtext("Code") or ""


def test_spoiled_signatures(cos_server: Emulator[Cos], bucket: Bucket) -> None:
    """Each thing that is signed is checked; nothing is stored. What isn't signed may change."""
    assert code(send(cos_server, "PUT", bucket.name, "k", secret="wrong")) == (403, "SignatureDoesNotMatch")
    signed = {"x-cos-meta-a": "b", "Content-Type": "text/x", "Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
    for name in signed:
        spoil = {name: "other"}
        answer = send(cos_server, "PUT", bucket.name, "k", headers=signed, spoil=spoil)
        assert code(answer) == (403, "SignatureDoesNotMatch")
    gone = {"x-cos-meta-a": None}
    answer = send(cos_server, "PUT", bucket.name, "k", headers=signed, spoil=gone)  # type: ignore[arg-type]
    assert code(answer) == (403, "SignatureDoesNotMatch")
    assert bucket.current("k") is None
    late: dict[str, Any] = {"x-cos-meta-b": "c", "Authorization": None}
    assert code(send(cos_server, "PUT", bucket.name, "k", spoil=late)) == (403, "AccessDenied")
    unsigned = {"x-cos-meta-b": "c"}
    assert send(cos_server, "PUT", bucket.name, "k", headers=signed, spoil=unsigned).status_code == 200
    answer = send(cos_server, "GET", bucket.name, "", params={"prefix": "a"})
    assert answer.status_code == 200
    url = answer.url.replace("prefix=a", "prefix=b")
    spoiled = requests.get(url, headers=dict(answer.request.headers), timeout=9)
    assert code(spoiled) == (403, "SignatureDoesNotMatch")


def test_who_is_let_in(cos_server: Emulator[Cos], bucket: Bucket) -> None:
    """Nobody without a signature, with an unknown key, or with what is none."""
    url = f"{cos_server.endpoint}/{bucket.name}/k"
    assert code(requests.put(url, timeout=9)) == (403, "AccessDenied")
    assert code(send(cos_server, "GET", bucket.name, "k", key_id="unknown")) == (403, "InvalidAccessKeyId")
    for header in ("AWS4-HMAC-SHA256 Credential=x", "q-sign-algorithm=md5"):
        assert code(requests.get(url, headers={"Authorization": header}, timeout=9)) == (403, "AccessDenied")


def test_clock(cos_server: Emulator[Cos], bucket: Bucket) -> None:
    """A signature begins a minute early and ends when it says; the refusals tell the server's time."""
    clock = cos_server.service.clock
    clock.turn(minutes=9)
    assert send(cos_server, "PUT", bucket.name, "k").status_code == 200
    clock.turn(minutes=2)
    answer = send(cos_server, "GET", bucket.name, "k")
    assert code(answer) == (403, "Request has expired")
    clock.turn(minutes=-15)
    answer = send(cos_server, "GET", bucket.name, "k")
    assert code(answer) == (403, "RequestTimeTooSkewed")
    told = dt.datetime.fromisoformat(ET.fromstring(answer.content).findtext("ServerTime") or "")
    assert answer.headers["Date"] == f"{told:%a, %d %b %Y %H:%M:%S} GMT"


def test_tokens(cos_server: Emulator[Cos], bucket: Bucket) -> None:
    """A temporary key needs its token, and ends."""
    expires = cos_server.service.clock.now() + dt.timedelta(minutes=5)
    cos_server.service.keys["AKIDtmp"] = Key("AKIDtmp", "s", "the+token/=", expires)

    def put(token: str) -> tuple[int, str]:
        answer = send(cos_server, "PUT", bucket.name, "k", key_id="AKIDtmp", secret="s", token=token)
        return (200, "") if answer.status_code == 200 else code(answer)

    assert put("the+token/=") == (200, "")
    assert put("other") == (403, "InvalidAccessKeyId")
    assert put("") == (403, "InvalidAccessKeyId")
    cos_server.service.clock.turn(minutes=6)
    assert put("the+token/=") == (400, "ExpiredToken")


def test_hosts(cos_server: Emulator[Cos], bucket: Bucket) -> None:
    """Virtual hosts of the vendor's endpoints, custom domains, and no path style at the vendor's."""
    for endpoint in (
        f"cos.{REGION}.myqcloud.com",
        f"cos.{REGION}.tencentcos.cn",
        f"cos-internal.{REGION}.tencentcos.cn",
        "cos.accelerate.myqcloud.com",
    ):
        answer = send(cos_server, "PUT", bucket.name, "k", host=f"{bucket.name}.{endpoint}")
        assert answer.status_code == 200
    far = f"{bucket.name}.cos.ap-beijing.myqcloud.com"
    assert code(send(cos_server, "GET", bucket.name, "k", host=far)) == (404, "NoSuchBucket")
    cos_server.service.domains["data.example.com"] = bucket.name
    assert send(cos_server, "GET", bucket.name, "k", host="data.example.com").status_code == 200
    regional = {"Host": f"cos.{REGION}.myqcloud.com"}
    answer = requests.get(f"{cos_server.endpoint}/{bucket.name}/k", headers=regional, timeout=9)
    assert code(answer) == (403, "PathStyleDomainForbidden")


def test_default_domain(cos_server: Emulator[Cos], bucket: Bucket) -> None:
    """The vendor's domains force a download and hand out no packages, custom ones do neither."""
    cos_server.controls.switches.default_domain = True
    cos_server.service.domains["data.example.com"] = bucket.name
    send(cos_server, "PUT", bucket.name, "k", headers={"Content-Disposition": "inline"})
    send(cos_server, "PUT", bucket.name, "app.apk")
    forced = send(cos_server, "GET", bucket.name, "k").headers
    assert (forced["Content-Disposition"], forced["x-cos-force-download"]) == ("attachment", "true")
    assert code(send(cos_server, "GET", bucket.name, "app.apk")) == (403, "DownloadForbidden")
    free = send(cos_server, "GET", bucket.name, "k", host="data.example.com").headers
    assert (free["Content-Disposition"], "x-cos-force-download" in free) == ("inline", False)
    assert send(cos_server, "GET", bucket.name, "app.apk", host="data.example.com").status_code == 200


def test_errors(cos_server: Emulator[Cos], bucket: Bucket) -> None:
    """The document has all that the vendor's has; a HEAD has none."""
    answer = send(cos_server, "GET", bucket.name, "a b")
    root = ET.fromstring(answer.content)
    assert [child.tag for child in root][:5] == ["Code", "Message", "Resource", "RequestId", "TraceId"]
    assert root.findtext("Resource") == f"{bucket.name}.cos.{REGION}.myqcloud.com/a%20b"
    assert root.findtext("RequestId") == answer.headers["x-cos-request-id"]
    answer = send(cos_server, "HEAD", bucket.name, "a b")
    assert (answer.status_code, answer.content) == (404, b"")


def test_delete_many_needs_its_md5(cos_server: Emulator[Cos], bucket: Bucket) -> None:
    """Else nothing is deleted."""
    send(cos_server, "PUT", bucket.name, "k")
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    answer = send(cos_server, "POST", bucket.name, "", params={"delete": ""}, body=body)
    assert code(answer) == (400, "MissingContentMD5")
    assert bucket.current("k") is not None


@pytest.mark.parametrize("pieces", [1, 7, 40, 10_000], ids=str)
def test_truncated(cos_server: Emulator[Cos], bucket: Bucket, pieces: int) -> None:
    """What comes behind the length is dropped without a word, and the connection goes on."""
    config = CosConfig(Region=REGION, SecretId=KEY.id, SecretKey=KEY.secret)
    request = requests.Request("PUT", "", headers={"Host": cos_server.address, "Content-Length": "5"})
    CosS3Auth(config, "k")(request)
    lines = "".join(f"{name}: {value}\r\n" for name, value in dict[str, Any](request.headers).items())
    whole = f"PUT /{bucket.name}/k HTTP/1.1\r\n{lines}\r\n".encode() + b"0123456789"
    framing = Framing()
    step = -(-len(whole) // pieces)
    kept = b"".join(framing.feed(whole[start : start + step]) for start in range(0, len(whole), step))
    assert kept == whole[:-5]
    assert framing.feed(kept) == kept
    with socket.create_connection(("127.0.0.1", cos_server.port)) as client:
        for _ in range(2):
            client.sendall(whole)
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
    version = bucket.current("k")
    assert version is not None
    assert version.blob.bytes() == b"01234"


def test_copies_that_fail_late(cos_server: Emulator[Cos], bucket: Bucket) -> None:
    """A copy too may answer 200 and then an error."""
    send(cos_server, "PUT", bucket.name, "k", body=b"1")
    cos_server.fail(Fault("late error", verb="copy_object", code="SlowDown"))
    source = {"x-cos-copy-source": f"{bucket.name}.cos.{REGION}.myqcloud.com/k"}
    answer = send(cos_server, "PUT", bucket.name, "copy", headers=source)
    assert code(answer) == (200, "SlowDown")
    assert bucket.current("copy") is None


def test_by_hand(tmp_path: Path) -> None:
    """Started from a command line, and ended; nothing is left behind."""
    command = [sys.executable, "-m", "tests.emulators.cos", "--bucket", "b-1", "--key", "a:b", "--region", "ap-beijing"]
    command += ["--data", str(tmp_path)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        endpoint = process.stdout.readline().removeprefix("Listening at ").strip()
        config = CosConfig(Region="ap-beijing", SecretId="a", SecretKey="b")
        answer = requests.head(f"{endpoint}/b-1", auth=CosS3Auth(config), timeout=9)
        process.terminate()
        assert process.wait() == 0
        assert list(tmp_path.iterdir()) == []
    assert (answer.status_code, answer.headers["x-cos-bucket-region"]) == (200, "ap-beijing")
