"""What our Glacier refuses, and its quirks below the SDK."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.emulators.controls import Fault
from tests.emulators.glacier import Glacier
from tests.emulators.glacier_trees import aligned
from tests.emulators.keys import Key
from tests.emulators.running import KEY, Emulator, serving

MIB = 1 << 20
_NONE = hashlib.sha256(b"").hexdigest()


def send(
    endpoint: str,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    spoil: Mapping[str, str | None] | None = None,
    body: bytes = b"",
    key: Key = KEY,
    region: str = "us-east-1",
    version: str = "2012-06-01",
) -> requests.Response:
    """A request signed by the SDK; ``spoil`` changes headers behind it."""
    given = {**({"x-amz-glacier-version": version} if version else {}), **(headers or {})}
    made = AWSRequest(method, endpoint + path, headers=given, data=body)
    SigV4Auth(Credentials(key.id, key.secret, key.token or None), "glacier", region).add_auth(made)
    sent = {**dict(made.headers.items()), **(spoil or {})}
    return requests.request(method, endpoint + path, headers=sent, data=body, timeout=9)  # type: ignore[arg-type]


def code(answer: requests.Response) -> tuple[int, str]:
    """Status, and the code of the error document."""
    told = answer.json()
    assert set(told) == {"code", "message", "type"}
    assert told["type"] == ("Client" if answer.status_code < 500 else "Server")
    return answer.status_code, told["code"]


def hashes(data: bytes) -> dict[str, str]:
    """The headers that go with up to a megabyte."""
    digest = hashlib.sha256(data).hexdigest()
    return {"x-amz-content-sha256": digest, "x-amz-sha256-tree-hash": digest}


INVALID = (400, "InvalidParameterValueException")
MISSING = (400, "MissingParameterValueException")
SIGNATURE = (403, "InvalidSignatureException")
GONE = (404, "ResourceNotFoundException")


class Vault:
    """A vault, by requests that no SDK would send."""

    def __init__(self, server: Emulator[Glacier]) -> None:
        self.server = server
        self.service = server.service
        self.service.make_vault("v")

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        """A request below the vault."""
        return send(self.server.endpoint, method, f"/-/vaults/v{path}", **options)

    def begun(self, size: int = MIB) -> str:
        """A new upload's path."""
        answer = self.send("POST", "/multipart-uploads", headers={"x-amz-part-size": str(size)})
        assert answer.status_code == 201
        return "/multipart-uploads/" + answer.headers["x-amz-multipart-upload-id"]

    def part(self, upload: str, start: int, data: bytes, **headers: str) -> requests.Response:
        """Send a part."""
        where = {"Content-Range": f"bytes {start}-{start + len(data) - 1}/*"}
        return self.send("PUT", upload, headers={**where, **hashes(data), **headers}, body=data)

    def complete(self, upload: str, size: int, tree: str) -> requests.Response:
        """End an upload."""
        ends = {"x-amz-archive-size": str(size), "x-amz-sha256-tree-hash": tree}
        return self.send("POST", upload, headers=ends)

    def job(self, **wanted: Any) -> requests.Response:
        """Ask for a job."""
        return self.send("POST", "/jobs", body=json.dumps(wanted).encode())


@pytest.fixture
def vault(glacier_server: Emulator[Glacier]) -> Vault:
    """A fresh one."""
    return Vault(glacier_server)


def test_spoiled_signatures(vault: Vault) -> None:
    """Each thing that is signed is checked: headers, path, query and body."""
    assert code(vault.send("GET", "", key=Key(KEY.id, "wrong"))) == SIGNATURE
    assert code(vault.send("GET", "", spoil={"x-amz-glacier-version": "2012-06-02"})) == SIGNATURE
    assert code(vault.send("GET", "", spoil={"x-amz-glacier-version": None})) == SIGNATURE
    answer = vault.send("GET", "/jobs?completed=true")
    assert answer.status_code == 200
    spoiled = requests.get(answer.url.replace("true", "false"), headers=dict(answer.request.headers), timeout=9)
    assert code(spoiled) == SIGNATURE
    asked = vault.job(Type="inventory-retrieval").request
    other = requests.post(str(asked.url), headers=dict(asked.headers), data=b"{}", timeout=9)
    assert code(other) == SIGNATURE


def test_paths_are_encoded_twice(vault: Vault) -> None:
    """And have no empty segments or dots when they are signed."""
    answer = vault.send("DELETE", "/archives/a%20b")
    assert code(answer) == GONE
    assert answer.json()["message"].endswith(": a b")
    once = AWSRequest("GET", f"{vault.server.endpoint}/-/vaults/v/jobs/a%2Bb", headers={"x-amz-glacier-version": "x"})
    signer = SigV4Auth(Credentials(KEY.id, KEY.secret), "glacier", "us-east-1")
    signer._normalize_url_path = lambda path: path  # type: ignore[method-assign]
    signer.add_auth(once)
    assert code(requests.get(once.url, headers=dict(once.headers.items()), timeout=9)) == SIGNATURE


def test_who_is_let_in(vault: Vault) -> None:
    """Nobody without a signature, with an unknown key, for another region, service or account."""
    url = f"{vault.server.endpoint}/-/vaults/v"
    assert code(requests.get(url, timeout=9)) == (400, "MissingAuthenticationTokenException")
    for header in ("AWS a:b", "AWS4-HMAC-SHA256 Credential=x"):
        assert code(requests.get(url, headers={"Authorization": header}, timeout=9)) == SIGNATURE
    assert code(vault.send("GET", "", key=Key("unknown", "s"))) == (400, "UnrecognizedClientException")
    assert code(vault.send("GET", "", region="eu-west-1")) == SIGNATURE
    other = send(vault.server.endpoint, "GET", "/999999999999/vaults/v")
    assert code(other) == (403, "AccessDeniedException")


def test_tokens(vault: Vault) -> None:
    """A temporary key needs its token, and ends."""
    expires = vault.service.clock.now() + dt.timedelta(minutes=5)
    vault.service.keys["ASIATMP"] = Key("ASIATMP", "s", "the+token/=", expires)
    assert vault.send("GET", "", key=Key("ASIATMP", "s", "the+token/=")).status_code == 200
    for token in ("other", ""):
        assert code(vault.send("GET", "", key=Key("ASIATMP", "s", token))) == (400, "UnrecognizedClientException")
    vault.service.keys["ASIATMP"] = Key("ASIATMP", "s", "t", vault.service.clock.now())
    assert code(vault.send("GET", "", key=Key("ASIATMP", "s", "t"))) == (403, "ExpiredTokenException")


def test_clock(vault: Vault) -> None:
    """Five minutes are allowed, ahead and behind; the refusal tells the server's time."""
    clock = vault.service.clock
    clock.turn(minutes=4)
    assert vault.send("GET", "").status_code == 200
    clock.turn(minutes=2)
    assert code(vault.send("GET", "")) == SIGNATURE
    assert "Signature expired" in vault.send("GET", "").json()["message"]
    clock.turn(minutes=-12)
    assert "Signature not yet current" in vault.send("GET", "").json()["message"]


def test_version(vault: Vault) -> None:
    """It must be named."""
    assert code(vault.send("GET", "", version="")) == MISSING
    assert code(vault.send("GET", "", version="2011-01-01")) == INVALID


def test_unknown(vault: Vault) -> None:
    """Vaults, jobs and uploads that are not there, and paths that lead nowhere."""
    assert code(send(vault.server.endpoint, "GET", "/-/vaults/none")) == GONE
    assert code(vault.send("GET", "/jobs/none")) == GONE
    assert code(vault.send("GET", "/jobs/none/output")) == GONE
    assert code(vault.send("GET", "/multipart-uploads/none")) == GONE
    for method, path in (("GET", "/none"), ("POST", ""), ("PUT", "/jobs/none")):
        assert code(vault.send(method, path)) == (404, "UnknownOperationException")
    vault.service.make_vault("w")
    upload = vault.begun()
    assert code(send(vault.server.endpoint, "GET", f"/-/vaults/w{upload}")) == GONE


def test_spoiled_bodies(vault: Vault) -> None:
    """Both hashes are compared, and must be there; nothing is stored."""
    data, right = b"hello", hashes(b"hello")
    for name, wanted in (("x-amz-content-sha256", SIGNATURE), ("x-amz-sha256-tree-hash", INVALID)):
        answer = vault.send("POST", "/archives", headers={**right, name: _NONE}, body=data)
        assert code(answer) == wanted
        less = {other: value for other, value in right.items() if other != name}
        assert code(vault.send("POST", "/archives", headers=less, body=data)) == MISSING
        upload = vault.begun()
        assert code(vault.part(upload, 0, data, **{name: _NONE})) == wanted
        assert vault.send("GET", upload).json()["Parts"] == []
    assert vault.service.account.archives == {}
    assert os.listdir(vault.service.account.files.path("incoming")) == []


def test_spoiled_archives(vault: Vault) -> None:
    """Empty ones, large ones, and descriptions that can't be."""
    assert code(vault.send("POST", "/archives", headers=hashes(b""))) == INVALID
    vault.service.rules.archive = 4
    assert code(vault.send("POST", "/archives", headers=hashes(b"12345"), body=b"12345")) == INVALID
    vault.service.rules.archive = 5
    for description in ("x" * 1025, "a\tb", "ä"):
        told = {"x-amz-archive-description": description}
        answer = vault.send("POST", "/archives", headers=hashes(b"12345"), spoil=told, body=b"12345")
        assert code(answer) == INVALID
    told = {**hashes(b"12345"), "x-amz-archive-description": "~" * 1024}
    assert vault.send("POST", "/archives", headers=told, body=b"12345").status_code == 201


@pytest.mark.parametrize("size", ["", "0", "x", "1048575", "3145728", "8589934592"])
def test_part_sizes(vault: Vault, size: str) -> None:
    """Powers of two, from a megabyte to four gigabytes."""
    answer = vault.send("POST", "/multipart-uploads", headers={"x-amz-part-size": size})
    assert code(answer) == (INVALID if size else MISSING)
    assert vault.begun(4096 * MIB)


def test_part_ranges(vault: Vault) -> None:
    """They begin at a part, are no longer than one, are as long as the body, and are at most 10,000."""
    upload = vault.begun()
    for where in ("", "bytes 1-5/*", "bytes 0-5/6", "bytes 0-3/*", f"bytes {10_000 * MIB}-{10_000 * MIB + 4}/*", "0-4"):
        told = {**hashes(b"12345"), "Content-Range": where}
        assert code(vault.send("PUT", upload, headers=told, body=b"12345")) == (INVALID if where else MISSING)
    long = bytes(MIB + 1)
    assert code(vault.part(upload, 0, long, **{"x-amz-sha256-tree-hash": "x"})) == INVALID
    assert vault.part(upload, 9_999 * MIB, b"12345").status_code == 204


def test_spoiled_completion(vault: Vault) -> None:
    """Nothing may be missing or short, and hash and size must be right; it can be tried again."""
    whole = bytes(MIB)
    tree = hashlib.sha256(hashlib.sha256(whole).digest() + hashlib.sha256(b"end").digest()).hexdigest()
    upload = vault.begun()
    assert code(vault.complete(upload, 0, _NONE)) == INVALID
    assert vault.part(upload, MIB, b"end").status_code == 204
    assert code(vault.complete(upload, 3, hashlib.sha256(b"end").hexdigest())) == INVALID
    assert vault.part(upload, 0, b"short").status_code == 204
    assert code(vault.complete(upload, 8, tree)) == INVALID
    assert vault.part(upload, 0, whole).status_code == 204
    assert code(vault.complete(upload, MIB + 2, tree)) == INVALID
    assert code(vault.complete(upload, MIB + 3, _NONE)) == INVALID
    assert code(vault.send("POST", upload, headers={"x-amz-archive-size": "1"})) == MISSING
    assert vault.service.account.archives == {}
    first = vault.complete(upload, MIB + 3, tree)
    assert first.status_code == 201
    assert vault.complete(upload, MIB + 3, tree).headers["x-amz-archive-id"] == first.headers["x-amz-archive-id"]
    assert code(vault.complete(upload, MIB + 3, _NONE)) == INVALID
    vault.service.wait(hours=1)
    assert code(vault.complete(upload, MIB + 3, tree)) == GONE
    assert len(vault.service.account.archives) == 1


def test_idle_uploads(vault: Vault) -> None:
    """They are forgotten after a day in which nobody touched them."""
    upload = vault.begun()
    for _ in range(2):
        vault.service.wait(hours=23)
        assert vault.part(upload, 0, b"x").status_code == 204
    vault.service.wait(hours=24)
    assert code(vault.send("GET", upload)) == GONE
    assert os.listdir(vault.service.account.files.path("uploads")) == []


def test_full_vaults_stay(vault: Vault) -> None:
    """Until an inventory has seen that nothing is left, and nothing came since."""
    archive = vault.service.keep("v", b"x").id
    assert code(vault.send("DELETE", "")) == INVALID
    vault.service.wait(hours=24)
    assert vault.send("DELETE", f"/archives/{archive}").status_code == 204
    answer = vault.send("DELETE", "")
    assert code(answer) == INVALID
    told = "Vault not empty or recently written to: arn:aws:glacier:us-east-1:111122223333:vaults/v"
    assert answer.json()["message"] == told
    vault.service.wait(hours=24)
    assert vault.send("DELETE", f"/archives/{vault.service.keep('v', b'y').id}").status_code == 204
    assert code(vault.send("DELETE", "")) == INVALID
    vault.service.wait(hours=24)
    for _ in range(2):
        assert vault.send("DELETE", "").status_code == 204
    assert code(vault.send("GET", "")) == GONE


def test_inventories_held(vault: Vault) -> None:
    """An inventory that is late comes when it may, and has all that is there by then."""
    vault.service.rules.inventories_held = True
    vault.service.keep("v", b"x")
    vault.service.wait(hours=40)
    vault.service.keep("v", b"y")
    assert vault.send("GET", "").json()["LastInventoryDate"] is None
    vault.service.rules.inventories_held = False
    told = vault.send("GET", "").json()
    assert told["NumberOfArchives"] == 2
    created = max(each.created for each in vault.service.account.archives.values())
    assert dt.datetime.fromisoformat(told["LastInventoryDate"]).timestamp() >= created


def test_spoiled_jobs(vault: Vault) -> None:
    """Types, ranges, tiers, descriptions, and what belongs to another type."""
    archive = vault.service.keep("v", bytes(2 * MIB + 1)).id
    vault.service.take_inventory("v")
    assert code(vault.send("POST", "/jobs", body=b"{")) == (400, "SerializationException")
    assert code(vault.job()) == MISSING
    assert code(vault.job(Type="other")) == INVALID
    assert code(vault.job(Type="select")) == (400, "NoLongerSupportedException")
    assert code(vault.job(Type="archive-retrieval")) == MISSING
    assert code(vault.job(Type="archive-retrieval", ArchiveId="x" * 138)) == GONE
    ranges = ("1-1048575", "0-5", "1048576-0", f"0-{2 * MIB + 1}", "x", "-5", f"{3 * MIB}-{4 * MIB - 1}")
    wrong: list[dict[str, Any]] = [{"RetrievalByteRange": each} for each in ranges]
    wrong += [{"Tier": "Slow"}, {"Format": "JSON"}, {"Description": "ä"}, {"Description": "x" * 1025}]
    wrong += [{"SNSTopic": "topic"}, {"InventoryRetrievalParameters": {"Limit": "1"}}]
    for more in wrong:
        assert code(vault.job(Type="archive-retrieval", ArchiveId=archive, **more)) == INVALID, more
    wrong = [{"ArchiveId": archive}, {"Tier": "Bulk"}, {"Format": "XML"}, {"RetrievalByteRange": "0-1048575"}]
    names = (
        {"Limit": "0"},
        {"Limit": "x"},
        {"Marker": "x"},
        {"StartDate": "yesterday"},
        {"EndDate": "2020-13-01T00:00:00Z"},
    )
    wrong += [{"InventoryRetrievalParameters": each} for each in names]
    for more in wrong:
        assert code(vault.job(Type="inventory-retrieval", **more)) == INVALID, more
    assert vault.service.billing.retrievals == []
    assert (
        vault.job(Type="archive-retrieval", ArchiveId=archive, RetrievalByteRange=f"{MIB}-{2 * MIB}").status_code == 202
    )


def test_spoiled_downloads(vault: Vault) -> None:
    """Ranges that can't be had, and jobs that are not ready or failed."""
    archive = vault.service.keep("v", b"12345").id
    vault.service.rules.failing_jobs = 1
    jobs = [vault.job(Type="archive-retrieval", ArchiveId=archive).headers["x-amz-job-id"] for _ in range(2)]
    answer = vault.send("GET", f"/jobs/{jobs[1]}/output")
    assert code(answer) == INVALID
    assert answer.json()["message"] == f"The job is not currently available for download: {jobs[1]}"
    vault.service.wait(hours=5)
    assert code(vault.send("GET", f"/jobs/{jobs[0]}/output")) == INVALID
    assert vault.send("GET", f"/jobs/{jobs[0]}").json()["StatusCode"] == "Failed"
    for wrong in ("bytes=5-6", "bytes=3-2", "0-1", "bytes=0-1,3-4"):
        assert code(vault.send("GET", f"/jobs/{jobs[1]}/output", headers={"Range": wrong})) == INVALID
    answer = vault.send("GET", f"/jobs/{jobs[1]}/output", headers={"Range": "bytes=1-9"})
    assert (answer.status_code, answer.content, answer.headers["Content-Range"]) == (206, b"2345", "bytes 1-4/5")


def test_pages(vault: Vault) -> None:
    """As many as are asked for, and no more than there may be."""
    for path in ("/jobs", "/multipart-uploads"):
        assert vault.send("GET", f"{path}?limit=50").status_code == 200
        for wrong in ("limit=0", "limit=51", "limit=x", "marker=x"):
            assert code(vault.send("GET", f"{path}?{wrong}")) == INVALID
    vault.service.rules.page = 1
    uploads = {vault.begun().rpartition("/")[2] for _ in range(3)}
    found, marker = set(), ""
    while marker is not None:
        told = vault.send("GET", f"/multipart-uploads?marker={quote(marker, safe='')}").json()
        found |= {each["MultipartUploadId"] for each in told["UploadsList"]}
        marker = told["Marker"]
    assert found == uploads
    assert vault.service.controls.calls["list_uploads"] == 10 // 2 + 3


def test_faults(vault: Vault) -> None:
    """An answer that is lost leaves what was done; a wrong hash and a wrong body can be told apart."""
    archive = vault.service.keep("v", b"12345").id
    vault.server.fail(Fault("lost", "begin_job"))
    with pytest.raises(requests.ConnectionError):
        vault.job(Type="archive-retrieval", ArchiveId=archive)
    (job,) = vault.service.account.jobs
    vault.service.wait(hours=5)
    path = f"/jobs/{job}/output"
    vault.server.fail(Fault("wrong crc", "job_output"))
    answer = vault.send("GET", path)
    assert answer.content == b"12345"
    assert answer.headers["x-amz-sha256-tree-hash"] != hashlib.sha256(b"12345").hexdigest()
    vault.server.fail(Fault("wrong body", key=job))
    answer = vault.send("GET", path)
    assert answer.headers["x-amz-sha256-tree-hash"] != hashlib.sha256(answer.content).hexdigest()
    vault.server.fail(Fault("refuse", status=500, code="ServiceUnavailableException"))
    assert code(vault.send("GET", path)) == (500, "ServiceUnavailableException")
    assert vault.send("GET", path).headers["x-amz-sha256-tree-hash"] == hashlib.sha256(b"12345").hexdigest()


@pytest.mark.parametrize("leaves", [1, 2, 3, 5, 6, 7, 8])
def test_alignment(leaves: int) -> None:
    """A range is aligned if it is one of the nodes that one finds by hand."""
    size = leaves * MIB - 5
    level, nodes = [(at, at + 1) for at in range(leaves)], set()
    while True:
        nodes |= set(level)
        if len(level) == 1:
            break
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [(pair[0][0], pair[-1][1]) for pair in pairs]
    for first in range(leaves):
        for last in range(first + 1, leaves + 1):
            assert aligned(first * MIB, min(last * MIB, size), size) == ((first, last) in nodes), (first, last)
    assert not aligned(0, size - 1, size)
    assert not aligned(1, size, size)


def test_restart(tmp_path: Path) -> None:
    """All of it is there again: archives, parts, jobs, inventories, settings, time, and the bill."""

    def make(_: str) -> Glacier:
        return Glacier(str(tmp_path))

    with serving(make) as server:
        vault = Vault(server)
        archive = vault.service.keep("v", bytes(MIB + 1), "d").id
        gone = vault.service.keep("v", b"x").id
        vault.send("DELETE", f"/archives/{gone}")
        upload = vault.begun()
        vault.part(upload, 0, b"x")
        aborted = vault.begun()
        vault.send("DELETE", aborted)
        job = vault.job(Type="archive-retrieval", ArchiveId=archive).headers["x-amz-job-id"]
        vault.service.take_inventory("v")
        policy = {"Policy": {"Rules": [{"Strategy": "FreeTier"}]}}
        send(server.endpoint, "PUT", "/-/policies/data-retrieval", body=json.dumps(policy).encode())
        vault.send("POST", "/tags?operation=add", body=b'{"Tags": {"a": "b"}}')
        vault.send("POST", "/lock-policy", body=b'{"Policy": "{}"}')
        send(server.endpoint, "POST", "/-/provisioned-capacity")
        vault.service.wait(hours=5)
        before = vault.send("GET", "").json()
        bill = vault.service.billing.summary()
    with open(tmp_path / "state.jsonl", "a") as file:
        file.write('["archive", "')  # as where it was killed
    with serving(make) as server:
        vault = Vault(server)
        assert vault.service.billing.summary() == bill
        assert bill["retrievals"] == {"Standard": {"jobs": 1, "bytes": MIB + 1}}
        assert bill["early_deletions"] == {"archives": 1, "bytes": 1}
        assert vault.send("GET", "").json() == before
        assert vault.send("GET", f"/jobs/{job}/output").content == bytes(MIB + 1)
        assert [each["RangeInBytes"] for each in vault.send("GET", upload).json()["Parts"]] == ["0-0"]
        assert code(vault.send("GET", aborted)) == GONE
        assert vault.send("GET", "/tags").json() == {"Tags": {"a": "b"}}
        assert vault.send("GET", "/lock-policy").json()["State"] == "InProgress"
        assert send(server.endpoint, "GET", "/-/policies/data-retrieval").json() == policy
        units = send(server.endpoint, "GET", "/-/provisioned-capacity").json()["ProvisionedCapacityList"]
        assert len(units) == 1
        assert [each.id for each in vault.service.account.inventory("v")] == [archive]


def test_by_hand(tmp_path: Path) -> None:
    """Started from a command line; its clock is turned, its bill is told; what it keeps is kept."""
    command = [sys.executable, "-m", "tests.emulators.glacier", "--port", "0", "--data", str(tmp_path / "data")]
    command += ["--key", "a:b", "--vault", "one", "--vault", "two", "--job-seconds", "1800", "--region", "eu-west-1"]
    root = Path(__file__).parents[2]
    key: dict[str, Any] = {"key": Key("a", "b"), "region": "eu-west-1"}
    for start in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
            try:
                assert process.stdout is not None
                endpoint = process.stdout.readline().removeprefix("Listening at ").strip()
                told = send(endpoint, "GET", "/-/vaults", **key).json()
                assert [each["VaultName"] for each in told["VaultList"]] == ["one", "two"]
                path = "/-/vaults/one/archives"
                made = send(endpoint, "POST", path, headers=hashes(b"x"), body=b"x", **key)
                wanted = {"Type": "archive-retrieval", "ArchiveId": made.headers["x-amz-archive-id"]}
                answer = send(endpoint, "POST", "/-/vaults/one/jobs", body=json.dumps(wanted).encode(), **key)
                output = answer.headers["Location"] + "/output"
                assert code(send(endpoint, "GET", output, **key)) == INVALID
                requests.post(f"{endpoint}/.emulator/wait", json={"minutes": 31}, timeout=9)
                assert send(endpoint, "GET", output, **key).content == b"x"
                requests.post(f"{endpoint}/.emulator/inventory", json={"name": "one"}, timeout=9)
                requests.post(f"{endpoint}/.emulator/rules", json={"vaults_page": 1}, timeout=9)
                told = send(endpoint, "GET", "/-/vaults", **key).json()
                assert [each["NumberOfArchives"] for each in told["VaultList"]] == [start + 1]
                bill = requests.get(f"{endpoint}/.emulator/billing", timeout=9).json()
                assert bill["retrievals"]["Standard"]["jobs"] == start + 1
                kept = requests.get(f"{endpoint}/.emulator/archives/one", timeout=9).json()
                assert len(kept) == start + 1
            finally:
                process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
