"""Every failure is one sentence that names the thing and the remedy, and no secret."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from email.utils import formatdate

import pytest
from aiohttp import web

from tests.plugins.scripted import EMPTY_LISTING, KEYS, Asked, document, error, scripted
from transfer.errors import (
    Changed,
    Corrupt,
    Denied,
    Frozen,
    Misconfigured,
    NoSpace,
    NotFound,
    Throttled,
    TransferError,
    Transient,
    Unsupported,
)
from transfer.model import Body, Entry, Metadata, Part, Upload
from transfer.plugin import Location, StoreOptions
from transfer.wire.clocks import retry_after
from transfer_s3 import plugin

_BODY = Body(b"x")


@pytest.mark.parametrize(
    ("code", "status", "kind", "words"),
    [
        ("NoSuchKey", 404, NotFound, "is not there"),
        ("NoSuchBucket", 404, NotFound, "bucket that does not exist"),
        ("NoSuchUpload", 404, NotFound, "no such multipart upload"),
        ("InvalidAccessKeyId", 403, Denied, "check access_key_id and secret_access_key"),
        ("SignatureDoesNotMatch", 403, Denied, "check access_key_id and secret_access_key"),
        ("AuthorizationHeaderMalformed", 400, Denied, "check region, access_key_id and secret_access_key"),
        ("InvalidRegionName", 400, Misconfigured, "check region"),
        ("ExpiredToken", 400, Denied, "has expired"),
        ("AccessDenied", 403, Denied, "do not allow this, check their rights"),
        ("InvalidObjectState", 403, Frozen, "cold storage"),
        ("SlowDown", 503, Throttled, "slow down"),
        ("Whatever", 503, Throttled, "slow down"),
        ("Whatever", 429, Throttled, "slow down"),
        ("InternalError", 500, Transient, "inside the server"),
        ("Whatever", 502, Transient, "status 502"),
        ("RequestTimeout", 400, Transient, "timed out"),
        ("BadDigest", 400, Corrupt, "other bytes"),
        ("PreconditionFailed", 412, Changed, "not any more as it was"),
        ("EntityTooLarge", 400, Unsupported, "larger"),
        ("NotImplemented", 501, Unsupported, "this server"),
        ("InvalidArgument", 400, Unsupported, "told so"),
        ("QuotaExceeded", 507, NoSpace, "quota"),
        ("NeverHeardOf", 400, TransferError, "status 400: told so"),
        ("NeverHeardOf", 403, Denied, "told so"),
    ],
)
async def test_a_failure_by_its_code(code: str, status: int, kind: type[TransferError], words: str) -> None:
    """Codes decide the kind; the status does where the code is unknown."""
    async with scripted(lambda asked: error(code, status)) as server:
        store = await server.open("p")
        with pytest.raises(TransferError) as caught:
            await store.put("k", _BODY, Metadata())
    assert type(caught.value) is kind
    assert str(caught.value).startswith("'s3://bucket/p/k' ")
    assert words in str(caught.value)
    assert (caught.value.code, caught.value.request_id, caught.value.key) == (code, "r1", "k")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFound), (403, Denied), (412, Changed), (416, Changed), (503, Throttled), (500, Transient)],
)
async def test_a_failure_without_a_document(status: int, kind: type[TransferError]) -> None:
    """HEAD has no body: its status must do."""
    async with scripted(lambda asked: web.Response(status=status)) as server:
        store = await server.open()
        with pytest.raises(kind):
            await store.stat("k")


async def test_a_remote_is_called_by_its_name() -> None:
    """What is said of a bucket and its objects names them as the user did; so does a copy's source."""
    async with scripted(lambda asked: error("AccessDenied", 403)) as server:
        settings = {"endpoint": server.endpoint, **KEYS}
        store = await plugin.open(Location("here://bucket/p", "s3", "bucket", "p", settings), StoreOptions())
        try:
            assert store.url == "here://bucket/p/"
            with pytest.raises(Denied, match=r"^'here://bucket/p/' was refused"):
                await store.check(write=False)
            with pytest.raises(Denied, match=r"^'here://bucket/p/k' was refused"):
                await store.stat("k")
            upload = Upload("k", "u", 1, 1)
            with pytest.raises(Denied, match=r"^'here://other/q/k' was refused"):
                await store.copy_part(
                    upload, Part(1, 0, 1), replace(store.origin, container="other", prefix="q/"), Entry("k", etag="e")
                )
        finally:
            await store.aclose()


async def test_an_error_inside_a_success() -> None:
    """A 200 with an error document is a failure, for long operations that answer early."""

    def script(asked: Asked) -> web.Response:
        return error("InternalError", 200) if asked.method == "POST" else web.Response()

    async with scripted(script) as server:
        store = await server.open()
        with pytest.raises(Transient):
            await store.finish(Upload("k", "u", 1, 1), [], Metadata())
        with pytest.raises(Transient):
            await store.delete(["a", "b"])


async def test_errors_inside_a_batch() -> None:
    """Each key of a batch fails with its own reason; a missing one counts as deleted."""
    reply = (
        "<DeleteResult><Error><Key>p/a</Key><Code>AccessDenied</Code></Error>"
        "<Error><Key>p/b</Key><Code>NoSuchKey</Code></Error><Error><Key>p/c</Key><Code>InternalError</Code></Error>"
        "</DeleteResult>"
    )
    async with scripted(lambda asked: document(reply)) as server:
        store = await server.open("p")
        failed = await store.delete(["a", "b", "c", "d"])
    assert {key: type(reason) for key, reason in failed.items()} == {"a": Denied, "c": Transient}


async def test_an_error_under_another_name() -> None:
    """A key that the reply spells in its own way does not count as deleted: each in doubt is asked for alone."""
    reply = (
        "<DeleteResult><Error><Key>p/a</Key><Code>AccessDenied</Code></Error>"
        "<Error><Key>P/B</Key><Code>AccessDenied</Code></Error></DeleteResult>"
    )

    def script(asked: Asked) -> web.Response:
        if asked.method == "POST":
            return document(reply)
        return error("AccessDenied", 403) if asked.target.endswith("/b") else web.Response(status=204)

    async with scripted(script) as server:
        store = await server.open("p")
        failed = await store.delete(["a", "b", "c"])
    assert {key: type(reason) for key, reason in failed.items()} == {"a": Denied, "b": Denied}
    assert sorted(asked.target for asked in server.asked[1:]) == ["/bucket/p/b", "/bucket/p/c"]


async def test_a_wrong_clock_is_told_with_its_difference() -> None:
    """So that nobody looks for a wrong key."""
    date = formatdate(time.time() - 3600, usegmt=True)
    async with scripted(lambda asked: error("RequestTimeTooSkewed", 403, Date=date)) as server:
        store = await server.open()
        with pytest.raises(Misconfigured, match=r"clock is 36\d\d s ahead of the server's"):
            await store.check(write=False)


async def test_retry_after() -> None:
    """The wait that the server asks for is passed on, in seconds or as a time."""
    async with scripted(lambda asked: error("SlowDown", 503, Retry_After="7")) as server:
        store = await server.open()
        with pytest.raises(Throttled) as caught:
            await store.stat("k")
    assert caught.value.retry_after == 7
    assert 8 < (retry_after({"retry-after": formatdate(time.time() + 10, usegmt=True)}) or 0) <= 10
    assert retry_after({"retry-after": "whenever"}) is None


async def test_control_characters_are_spelled_out() -> None:
    """A key can't play tricks on a terminal by way of an error."""
    async with scripted(lambda asked: error("AccessDenied", 403)) as server:
        store = await server.open()
        with pytest.raises(Denied, match=r"a\\x1bb\\nc") as caught:
            await store.put("a\x1bb\nc", _BODY, Metadata())
    assert "\x1b" not in str(caught.value)
    reply = "<DeleteResult><Error><Key>a&#10;b</Key><Code>AccessDenied</Code></Error></DeleteResult>"
    async with scripted(lambda asked: document(reply)) as server:
        store = await server.open()
        failed = await store.delete(["a\nb", "c"])
    assert str(failed["a\nb"]).startswith(r"'s3://bucket/a\nb' was refused")


async def test_no_secret_comes_out(caplog: pytest.LogCaptureFixture) -> None:
    """Not even when a server quotes the request, and the log tells all."""
    caplog.set_level(logging.DEBUG)

    def script(asked: Asked) -> web.Response:
        if asked.method == "PUT":
            return web.Response(headers={"ETag": '"e"'})
        quoted = f"{KEYS['secret_access_key']} {asked.headers['x-amz-security-token']}"
        return document(f"<Error><Code>NeverHeardOf</Code><Message>{quoted}</Message></Error>", 400)

    async with scripted(script) as server:
        store = await server.open(session_token="a-planted-token")
        await store.put("k", _BODY, Metadata())
        with pytest.raises(TransferError) as caught:
            await store.check(write=False)
        with pytest.raises(TransferError) as read:
            async with store.read(Entry("k")):
                pass
    signature = server.asked[0].headers["authorization"].rpartition("=")[2]
    shown = [
        caplog.text,
        *(f"{e.value!r} {e.value} {e.value.__dict__}" for e in (caught, read)),
        repr(store),
        store.url,
    ]
    assert server.asked[0].headers["x-amz-security-token"] == "a-planted-token"
    for secret in (KEYS["secret_access_key"], "a-planted-token", signature):
        assert secret not in " ".join(shown)


async def test_no_listing_goes_on_for_ever() -> None:
    """A server that repeats a page, or breaks off without a token, is told of."""
    rows = "<Contents><Key>k</Key><Size>1</Size></Contents>"
    same = EMPTY_LISTING.replace("false", "true").replace(
        "</List", f"{rows}<NextContinuationToken>t</NextContinuationToken></List"
    )
    async with scripted(lambda asked: document(same)) as server:
        store = await server.open()
        with pytest.raises(Corrupt, match="repeats"):
            _ = [page async for page in store.list()]
    async with scripted(lambda asked: document(EMPTY_LISTING.replace("false", "true"))) as server:
        store = await server.open()
        with pytest.raises(Corrupt, match="without saying how"):
            _ = [page async for page in store.list()]
