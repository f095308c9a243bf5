"""Before anything moves: is the bucket there, where is it, may we write, and what does the server prove?"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from aiohttp import web

from tests.plugins.scripted import EMPTY_LISTING, Asked, Script, ScriptedServer, document, error, scripted
from transfer.checksums import digest
from transfer.errors import Denied, Misconfigured, NotFound, Transient
from transfer.model import Algorithm
from transfer.restxml.verifier import Verifier
from transfer_s3.remembered import recall, remember

_BEGUN = "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
_CRC64 = "x-amz-checksum-crc64nvme"
_CRC32C = "x-amz-checksum-crc32c"


class Dialect:
    """A server that looks at the checksums in ``verified`` and, with ``etag``, tells an MD5 as ETag."""

    def __init__(self, *verified: str, etag: bool = True, refused_begin: str = "", server: str = "test/1") -> None:
        self.verified = verified
        self.etag = etag
        self.refused_begin = refused_begin
        self.server = server
        self.open = 0

    def __call__(self, asked: Asked) -> web.Response:
        reply = self._reply(asked)
        reply.headers["Server"] = self.server
        return reply

    def _reply(self, asked: Asked) -> web.Response:
        if asked.method == "GET":
            return document(EMPTY_LISTING)
        if asked.method == "POST":
            return self._begin(asked)
        if asked.method == "DELETE":
            self.open -= 1
            return web.Response(status=204)
        return self._part(asked)

    def _begin(self, asked: Asked) -> web.Response:
        if self.refused_begin and self.refused_begin in asked.headers.get("x-amz-checksum-algorithm", ""):
            return error("InvalidRequest", 400)
        self.open += 1
        return document(_BEGUN)

    def _part(self, asked: Asked) -> web.Response:
        for header, algorithm in (
            (_CRC64, Algorithm.CRC64NVME),
            (_CRC32C, Algorithm.CRC32C),
            ("content-md5", Algorithm.MD5),
        ):
            right = base64.b64encode(digest(asked.body, (algorithm,))[algorithm]).decode()
            if header in self.verified and asked.headers.get(header, right) != right:
                return error("BadDigest", 400)
        etag = hashlib.md5(asked.body if self.etag else b"salt").hexdigest()
        return web.Response(headers={"ETag": f'"{etag}"', **_echo(asked)})


def _echo(asked: Asked) -> dict[str, str]:
    """Whatever checksum comes is given back: that must not be taken for a proof."""
    return {name: value for name, value in asked.headers.items() if name.startswith("x-amz-checksum")}


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (Dialect(_CRC64, _CRC32C, "content-md5"), Verifier.CRC64NVME),
        (Dialect(_CRC32C, "content-md5"), Verifier.CRC32C),
        (Dialect(_CRC32C, refused_begin="CRC64NVME"), Verifier.CRC32C),
        (Dialect("content-md5"), Verifier.MD5),
        (Dialect(), Verifier.ETAG),
        (Dialect(etag=False), Verifier.NONE),
        (Dialect(refused_begin="CRC", etag=False), Verifier.NONE),
    ],
)
async def test_what_the_server_proves_is_found_out(dialect: Dialect, expected: Verifier) -> None:
    """The best that it refuses to get wrong; an echo counts for nothing; nothing stays behind."""
    async with scripted(dialect) as server:
        store = await server.open()
        await store.check(write=True)
    assert store.capabilities.verifies == expected.algorithms
    assert dialect.open == 0
    assert all("/.transfer-probe-" in asked.target for asked in server.asked if asked.method != "GET")


async def test_without_write_nothing_is_written() -> None:
    """A source is only read, and promises no proof of writes."""
    async with scripted(Dialect(_CRC64)) as server:
        store = await server.open()
        await store.check(write=False)
    assert {asked.method for asked in server.asked} == {"GET"}
    assert store.capabilities.verifies == ()


async def _requests(server: ScriptedServer, verify: str = "") -> int:
    before = len(server.asked)
    store = await server.open(verify=verify)
    await store.check(write=True)
    return len(server.asked) - before


async def test_the_answer_is_remembered() -> None:
    """The second run asks only whether it may write; another server behind the same address is asked anew."""
    dialect = Dialect("content-md5")
    async with scripted(dialect) as server:
        first, second = await _requests(server), await _requests(server)
        dialect.server = "test/2"
        third = await _requests(server)
        told = await _requests(server, verify="none")
    assert first == third > second == 3
    assert told == 3


async def test_no_answer_is_no_answer(own_surroundings: Path) -> None:
    """A server that fails during the probe is not remembered as one that proves nothing."""

    def script(asked: Asked) -> web.Response:
        return error("InternalError", 500) if asked.method == "PUT" else Dialect()(asked)

    async with scripted(script) as server:
        store = await server.open()
        with pytest.raises(Transient):
            await store.check(write=True)
    assert not (own_surroundings / "endpoints.json").exists()


def test_memory_survives_rubbish(tmp_path: Path) -> None:
    """A spoilt file of answers is as good as none, and is written anew."""
    for text in ("", "[]", "{", '{"e": 7}', '{"e": {"server": "s", "verifies": "magic", "asked": 1}}'):
        (tmp_path / "endpoints.json").write_text(text)
        assert recall(tmp_path, "e", "s") is None
    remember(tmp_path, "e", "s", Verifier.MD5)
    assert recall(tmp_path, "e", "s") is Verifier.MD5
    assert recall(tmp_path, "e", "other") is None
    assert [path.name for path in tmp_path.iterdir()] == ["endpoints.json"]
    remember(tmp_path / "endpoints.json", "e", "s", Verifier.MD5)  # a place that can't be: no failure


async def test_seaweedfs_is_known_not_to_be_ordered() -> None:
    """By what it calls itself, found at the check; the setting overrides."""
    async with scripted(Dialect(server="SeaweedFS 4.48")) as server:
        store = await server.open()
        assert store.capabilities.ordered
        await store.check(write=False)
        assert not store.capabilities.ordered
        store = await server.open(ordered="true")
        await store.check(write=False)
        assert store.capabilities.ordered


def _elsewhere(region: str, reply: web.Response) -> Script:
    """Answers requests signed for ``region``, and sends all others away."""

    def script(asked: Asked) -> web.Response:
        if f"/{region}/s3/aws4_request" in asked.headers["authorization"]:
            return document(EMPTY_LISTING)
        return reply

    return script


@pytest.mark.parametrize("hint", ["header", "document", "malformed"])
async def test_the_region_is_found(hint: str) -> None:
    """By the header or the document of the refusal, after one more request."""

    def script(asked: Asked) -> web.Response:
        reply = {
            "header": lambda: error("PermanentRedirect", 301, x_amz_bucket_region="eu-west-3"),
            "document": lambda: error("PermanentRedirect", 301, "<Region>eu-west-3</Region>"),
            "malformed": lambda: error("AuthorizationHeaderMalformed", 400, "<Region>eu-west-3</Region>"),
        }[hint]()
        return _elsewhere("eu-west-3", reply)(asked)

    async with scripted(script) as server:
        store = await server.open()
        await store.check(write=False)
    assert len(server.asked) == 2


async def test_a_region_that_was_asked_for_is_not_overruled() -> None:
    """A wrong setting is told with the right one."""
    moved = error("PermanentRedirect", 301, x_amz_bucket_region="eu-west-3")
    async with scripted(_elsewhere("eu-west-3", moved)) as server:
        store = await server.open(region="us-west-2")
        with pytest.raises(
            Misconfigured, match="is in region 'eu-west-3', not 'us-west-2': set region = \"eu-west-3\""
        ):
            await store.check(write=False)


async def test_another_endpoint_is_named() -> None:
    """A redirect that names no region names the endpoint."""
    moved = error("PermanentRedirect", 301, "<Endpoint>b.s3.example.com</Endpoint>")
    async with scripted(lambda asked: moved) as server:
        store = await server.open()
        with pytest.raises(Misconfigured, match=r"b\.s3\.example\.com"):
            await store.check(write=False)


async def test_what_stands_in_the_way() -> None:
    """A missing bucket, and a bucket that may be read but not written, are told at the check."""
    async with scripted(lambda asked: web.Response(status=404)) as server:
        store = await server.open()
        with pytest.raises(NotFound, match="'s3://bucket/' is in a bucket that does not exist"):
            await store.check(write=False)

    def read_only(asked: Asked) -> web.Response:
        return document(EMPTY_LISTING) if asked.method == "GET" else error("AccessDenied", 403)

    async with scripted(read_only) as server:
        store = await server.open()
        await store.check(write=False)
        with pytest.raises(Denied, match="do not allow"):
            await store.check(write=True)
