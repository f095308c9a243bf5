"""What is asked of Glacier, and what is made of its answers."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials

from tests.glacier.replies import error, told, vault
from tests.plugins.scripted import KEYS, Asked, scripted
from transfer.errors import Corrupt, Denied, Misconfigured, NotFound, Transient
from transfer.model import Body, Span
from transfer.plugin import Location, StoreOptions
from transfer_glacier import calls
from transfer_glacier.calls import HeldPart, OpenUpload
from transfer_glacier.job import Action, Status, archive_retrieval, inventory_retrieval
from transfer_glacier.opening import open_account, open_vault

HASH = bytes(range(32))


def signed_by_the_sdk(asked: Asked, host: str, token: str | None = None) -> str:
    """The signature that botocore gives to the same request."""
    kept = {name: asked.headers[name] for name in signed_names(asked) if name not in ("host", "x-amz-date")}
    kept.pop("x-amz-security-token", None)
    request = AWSRequest(asked.method, f"http://{host}{asked.target}", headers=kept, data=asked.body)
    moment = dt.datetime.strptime(asked.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    keys = SdkCredentials(KEYS["access_key_id"], KEYS["secret_access_key"], token)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        SigV4Auth(keys, "glacier", "eu-west-1").add_auth(request)
    return str(request.headers["Authorization"])


def signed_names(asked: Asked) -> list[str]:
    return asked.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")


@pytest.mark.parametrize("path", ["", "/base path"])
@pytest.mark.parametrize("token", [None, "sts"])
async def test_signatures_are_the_sdks(path: str, token: str | None) -> None:
    """Bodies and all headers are signed; a path that needs encoding is encoded twice."""
    settings = {"session_token": token} if token else {}

    def script(asked: Asked) -> web.Response:
        return told({}, x_amz_job_id="j", x_amz_multipart_upload_id="u")

    async with scripted(script) as server:
        host = server.endpoint.partition("://")[2]
        given = {"endpoint": server.endpoint + path, "region": "eu-west-1", **KEYS, **settings}
        location = Location("glacier://photos/", "glacier", "photos", "", given)
        client = (await open_vault(location, StoreOptions())).client
        await calls.initiate(client, inventory_retrieval(description="d"))
        await calls.begin(client, "a description", 1024**2, key="k")
        async for _ in calls.vaults(client):
            pass
        await client.aclose()
        assert len(server.asked) == 3
        for asked in server.asked:
            assert asked.headers["authorization"] == signed_by_the_sdk(asked, host, token)
            assert asked.headers["x-amz-glacier-version"] == "2012-06-01"
            assert {"x-amz-glacier-version", "x-amz-content-sha256", "host"} <= set(signed_names(asked))
            assert asked.headers["x-amz-content-sha256"] == hashlib.sha256(asked.body).hexdigest()
            assert asked.target.startswith(path.replace(" ", "%20") + "/-/vaults")


async def test_an_upload() -> None:
    """From its begin to its archive, with both hashes of each part ahead of its bytes."""

    def script(asked: Asked) -> web.Response:
        if asked.method == "PUT":
            return web.Response(status=204)
        return told(None, 201, x_amz_multipart_upload_id="up_1-x", x_amz_archive_id="arch")

    body = b"x" * 5
    async with vault(script) as (client, server):
        assert await calls.begin(client, "a name", 2**20, key="k") == "up_1-x"
        linear = hashlib.sha256(body).digest()
        await calls.put_part(client, "up_1-x", Span(2**20, 5), Body(body), sha256=linear, tree_hash=HASH, key="k")
        assert await calls.complete(client, "up_1-x", size=2**20 + 5, tree_hash=HASH, key="k") == "arch"
        begin, part, end = server.asked
    path = "/-/vaults/photos/multipart-uploads"
    assert (begin.method, begin.target) == ("POST", path)
    assert begin.headers["x-amz-part-size"] == str(2**20)
    assert begin.headers["x-amz-archive-description"] == "a name"
    assert (part.method, part.target, part.body) == ("PUT", f"{path}/up_1-x", body)
    assert part.headers["content-range"] == "bytes 1048576-1048580/*"
    assert part.headers["x-amz-content-sha256"] == linear.hex()
    assert part.headers["x-amz-sha256-tree-hash"] == HASH.hex()
    assert (end.method, end.target) == ("POST", f"{path}/up_1-x")
    assert end.headers["x-amz-archive-size"] == str(2**20 + 5)
    assert end.headers["x-amz-sha256-tree-hash"] == HASH.hex()


async def test_listings_are_read_to_their_end() -> None:
    """Page by page, each asked for by the marker of the one before."""
    parts = [{"RangeInBytes": f"{n * 2**20}-{(n + 1) * 2**20 - 1}", "SHA256TreeHash": HASH.hex()} for n in (1, 0, 2)]
    pages: Iterator[dict[str, object]] = iter(
        [{"Parts": parts[:1], "Marker": "m 1"}, {"Parts": parts[1:2], "Marker": "m2"}, {"Parts": parts[2:]}]
    )

    async with vault(lambda asked: told(next(pages))) as (client, server):
        held = await calls.parts(client, "u", key="k")
        markers = [parse_qs(urlsplit(asked.target).query).get("marker") for asked in server.asked]
    assert held == [HeldPart(Span(n * 2**20, 2**20), HASH) for n in (0, 1, 2)]
    assert markers == [None, ["m 1"], ["m2"]]


async def test_a_marker_that_stays_ends_the_listing() -> None:
    async with vault(lambda asked: told({"JobList": [], "Marker": "same"})) as (client, server):
        assert [job async for job in calls.jobs(client)] == []
        assert len(server.asked) == 2


async def test_uploads_vaults_and_jobs_are_told_of() -> None:
    job = {
        "Action": "ArchiveRetrieval",
        "ArchiveId": "a",
        "ArchiveSizeInBytes": 2**21,
        "Completed": True,
        "CompletionDate": "2026-01-02T07:04:05.678Z",
        "CreationDate": "2026-01-02T03:04:05.678Z",
        "JobDescription": "d",
        "JobId": "j",
        "RetrievalByteRange": "1048576-2097151",
        "SHA256TreeHash": HASH.hex(),
        "StatusCode": "Succeeded",
        "StatusMessage": "Succeeded",
        "Tier": "Bulk",
        "InventoryRetrievalParameters": None,
    }
    inventory = {
        "Action": "InventoryRetrieval",
        "JobId": "i",
        "StatusCode": "InProgress",
        "InventoryRetrievalParameters": {"Format": "CSV", "StartDate": None, "Limit": "3"},
    }
    upload = {
        "MultipartUploadId": "u",
        "ArchiveDescription": "d",
        "PartSizeInBytes": 2**20,
        "CreationDate": "2026-01-02T03:04:05.678Z",
    }
    vaults = {"VaultName": "photos", "NumberOfArchives": 3, "SizeInBytes": 5, "LastInventoryDate": None}

    def script(asked: Asked) -> web.Response:
        return told({"JobList": [job, inventory], "UploadsList": [upload], "VaultList": [vaults], **vaults})

    async with vault(script) as (client, server):
        one, other = [found async for found in calls.jobs(client, completed=True)]
        assert server.asked[-1].target == "/-/vaults/photos/jobs?completed=true"
        assert [found async for found in calls.uploads(client)] == [OpenUpload("u", "d", 2**20, one.created_ns)]
        assert [found async for found in calls.vaults(client)] == [await calls.describe(client)]
    assert (one.action, one.status, one.tier, one.archive_id) == (Action.ARCHIVE, Status.SUCCEEDED, "bulk", "a")
    assert (one.span, one.archive_size, one.tree_hash) == (Span(2**20, 2**20), 2**21, HASH)
    assert one.created_ns is not None
    assert one.completed_ns == one.created_ns + 4 * 3600 * 10**9
    assert not one.partial
    assert (other.action, other.inventory_format, other.partial) == (Action.INVENTORY, "CSV", True)


async def test_what_a_job_is_asked_for() -> None:
    """As the API reference has it."""
    async with vault(lambda asked: told({}, 202, x_amz_job_id="j")) as (client, server):
        asked = archive_retrieval("a", description="d", tier="expedited", span=Span(2**20, 2**21))
        assert await calls.initiate(client, asked, key="k") == "j"
        assert await calls.initiate(client, archive_retrieval("a", description="d", tier="", span=None)) == "j"
        first, second = (json.loads(each.body) for each in server.asked)
        assert server.asked[0].headers["content-type"] == "application/json"
    common = {"Type": "archive-retrieval", "ArchiveId": "a", "Description": "d"}
    assert first == {**common, "Tier": "Expedited", "RetrievalByteRange": "1048576-3145727"}
    assert second == common


async def test_output_comes_bit_by_bit_and_its_errors_are_told() -> None:
    def script(asked: Asked) -> web.Response:
        if asked.headers.get("range") == "bytes=1-2":
            return web.Response(status=206, body=b"bc", headers={"Content-Range": "bytes 1-2/4"})
        return error("ResourceNotFoundException", 404, "The job ID was not found: j")

    async with vault(script) as (client, _):
        stream = await calls.output(client, "j", Span(1, 2), key="k")
        assert await stream.read_all(10) == b"bc"
        stream.close()
        with pytest.raises(NotFound, match="'glacier://photos/k' is not there"):
            await calls.output(client, "j", None, key="k")


@pytest.mark.parametrize(
    "reply",
    [
        web.Response(body=b"<html>"),
        told([]),
        told({"JobList": {}}),
        told({"JobList": [1]}),
        told({"JobList": [{"ArchiveSizeInBytes": True}]}),
        told({"JobList": [{"SHA256TreeHash": "none"}]}),
    ],
)
async def test_documents_that_are_none(reply: web.Response) -> None:
    async with vault(lambda asked: reply) as (client, _):
        with pytest.raises(Corrupt, match="a listing of jobs"):
            [job async for job in calls.jobs(client)]


async def test_a_reply_without_what_was_asked_for() -> None:
    async with vault(lambda asked: told({})) as (client, _):
        with pytest.raises(Corrupt, match="lacks its 'x-amz-job-id'"):
            await calls.initiate(client, {})


async def test_secrets_are_not_told() -> None:
    """A server quotes the token that it refuses."""
    async with vault(lambda asked: error("BadRequest", 400, "token sts-token is bad"), session_token="sts-token") as (
        client,
        _,
    ):
        with pytest.raises(Exception, match=r"token \*\*\* is bad"):
            await calls.describe(client)


async def test_expired_credentials_are_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With others at hand, the call may be made again; without, the sentence says what to do."""
    async with vault(lambda asked: error("ExpiredTokenException", 403), session_token="sts-token") as (client, _):
        with pytest.raises(Denied, match="has expired"):
            await calls.describe(client)

        async def renewed(old: object) -> bool:
            return True

        monkeypatch.setattr(client._credentials, "renew", renewed)
        with pytest.raises(Transient, match="renewed credentials"):
            await calls.describe(client)


# Settings


async def opened(url: str = "glacier://photos", **settings: str) -> str:
    """The address that it leads to."""
    location = Location(url, "glacier", url.partition("://")[2], "", settings)
    found = await open_vault(location, StoreOptions())
    await found.client.aclose()
    return found.client.endpoint.url(found.client.place.path, "")


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({"region": "eu-west-1"}, "https://glacier.eu-west-1.amazonaws.com/-/vaults/photos"),
        ({"region": "cn-north-1"}, "https://glacier.cn-north-1.amazonaws.com.cn/-/vaults/photos"),
        (
            {"endpoint": "glacier.us-west-2.amazonaws.com", "account_id": "1234-5678-9012"},
            "https://glacier.us-west-2.amazonaws.com/123456789012/vaults/photos",
        ),
        ({"endpoint": "http://127.0.0.1:9", "region": "x"}, "http://127.0.0.1:9/-/vaults/photos"),
    ],
)
async def test_addresses(settings: dict[str, str], address: str) -> None:
    assert await opened(**KEYS, **settings) == address


async def test_the_environment_names_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a variable of Glacier's own, as the SDKs have it; S3's does not count."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLACIER", "http://127.0.0.1:2")
    assert await opened(region="eu-west-1", **KEYS) == "http://127.0.0.1:2/-/vaults/photos"


@pytest.mark.parametrize(
    ("url", "settings", "words"),
    [
        ("glacier://photos", {}, "'glacier://photos' has no region: set region"),
        ("glacier://", {"region": "r"}, "names no vault"),
        ("glacier://..", {"region": "r"}, "names no vault"),
        ("glacier://a b", {"region": "r"}, "names no vault"),
        ("glacier://photos", {"region": "r", "account_id": "12"}, "account_id = '12' must be the twelve digits"),
        ("glacier://photos", {"region": "r", "profile": "p"}, "both access_key_id and profile"),
        ("glacier://photos", {"region": "r", "versions": "perhaps"}, "must be true or false"),
    ],
)
async def test_what_makes_no_sense_is_refused(url: str, settings: dict[str, str], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        await opened(url, **KEYS, **settings)


async def test_without_keys_the_remedy_is_one_that_glacier_takes() -> None:
    """It takes no request without a signature."""
    found = await open_account(Location("glacier://", "glacier", "", "", {"region": "eu-west-1"}), StoreOptions())
    with pytest.raises(Misconfigured, match=r"AWS_SECRET_ACCESS_KEY, or name a profile$"):
        await calls.describe(found.client)
    await found.client.aclose()
