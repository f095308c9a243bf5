"""Every failure of OSS is one sentence that names the thing and the remedy, and no secret."""

from __future__ import annotations

import datetime as dt
import logging

import pytest

from tests.emulators.controls import Fault
from tests.emulators.keys import Key
from tests.plugins.ossplace import KEYS, OssPlace
from transfer.errors import (
    Changed,
    Corrupt,
    Denied,
    Frozen,
    Misconfigured,
    NotFound,
    Throttled,
    TransferError,
    Transient,
    Unsupported,
)
from transfer.model import Body, Entry, Metadata, Part
from transfer.restxml.errors import Failure, translate
from transfer.wire.errordoc import read_error
from transfer_oss.dialect import OSS
from transfer_s3.dialect import S3

_CODES = [
    ("NoSuchKey", 404, NotFound, "is not there"),
    ("NoSuchVersion", 404, NotFound, "no such version"),
    ("NoSuchBucket", 404, NotFound, "bucket that does not exist"),
    ("NoSuchUpload", 404, NotFound, "no such multipart upload"),
    ("SymlinkTargetNotExist", 404, Unsupported, "is a symlink to an object that does not exist"),
    ("InvalidTargetType", 400, Unsupported, "is a symlink to another symlink"),
    ("InvalidAccessKeyId", 403, Denied, "check access_key_id and access_key_secret"),
    ("SignatureDoesNotMatch", 403, Denied, "check access_key_id and access_key_secret and region"),
    ("InvalidSecurityToken", 403, Denied, "the session token is not valid"),
    ("AccessKeyIdAndSecurityTokenNotMatch", 403, Denied, "the session token is not valid"),
    ("SecurityTokenExpired", 403, Denied, "has expired"),
    ("AccessDenied", 403, Denied, "do not allow"),
    ("UserDisable", 403, Denied, "the account is switched off, or in arrears"),
    ("FileImmutable", 409, Denied, "a retention policy of the bucket forbids"),
    ("InvalidObjectState", 403, Frozen, "cold storage"),
    ("PublicEndpointForbidden", 403, Misconfigured, "set internal = true, or an endpoint of yours with cname = true"),
    ("SecondLevelDomainForbidden", 403, Misconfigured, "leave path_style out"),
    ("InvalidBucketName", 400, Misconfigured, "impossible name"),
    ("FileAlreadyExists", 409, Changed, "is there already"),
    ("PreconditionFailed", 412, Changed, "not any more as it was"),
    ("InvalidRange", 416, Changed, "shorter than it was"),
    ("InvalidDigest", 400, Corrupt, "other bytes"),
    ("CrcNotMatch", 400, Corrupt, "other bytes"),
    ("InvalidPart", 400, Corrupt, "parts at the server that are not the ones sent"),
    ("InvalidObjectName", 400, Unsupported, "a key that OSS does not take"),
    ("EntityTooLarge", 400, Unsupported, "larger"),
    ("EntityTooSmall", 400, Unsupported, "smaller"),
    ("MetadataTooLarge", 400, Unsupported, "more metadata"),
    ("InvalidTag", 400, Unsupported, "tags that the server does not take"),
    ("ObjectNotAppendable", 409, Unsupported, "another kind of object"),
    ("OperationNotSupported", 400, Unsupported, "a class or a kind for which OSS does not do this"),
    ("NotImplemented", 400, Unsupported, "can't be done"),
    ("InvalidArgument", 400, Unsupported, "is not taken by the server"),
    ("RequestTimeout", 400, Transient, "timed out"),
    ("InternalError", 500, Transient, "inside the server"),
    ("Whatever", 502, Transient, "status 502"),
    ("DownloadTrafficRateLimitExceeded", 503, Throttled, "slow down"),
    ("UploadTrafficRateLimitExceeded", 503, Throttled, "slow down"),
    ("MetaOperationQpsLimitExceeded", 503, Throttled, "slow down"),
    ("TotalQpsLimitExceeded", 503, Throttled, "slow down"),
    ("ActiveRequestLimitExceeded", 503, Throttled, "slow down"),
    ("CpuLimitExceeded", 503, Throttled, "slow down"),
    ("ServiceUnavailable", 503, Throttled, "slow down"),
    ("NeverHeardOf", 400, TransferError, "status 400"),
]


@pytest.mark.parametrize(("code", "status", "kind", "words"), _CODES, ids=[code for code, *_ in _CODES])
async def test_a_failure_by_its_code(
    oss: OssPlace, code: str, status: int, kind: type[TransferError], words: str
) -> None:
    """The code decides, also of a HEAD, whose document travels in a header; the request's id is told."""
    store = await oss.open("p")
    for verb in ("put_object", "head_object"):
        oss.server.fail(Fault("refuse", verb, status=status, code=code))
    with pytest.raises(TransferError) as put:
        await store.put("k", Body(b"x"), Metadata())
    with pytest.raises(TransferError) as head:
        await store.stat("k")
    for caught in (put.value, head.value):
        assert type(caught) is kind
        assert str(caught).startswith(f"'oss://{oss.bucket.name}/p/k' ")
        assert words in str(caught)
        assert (caught.code, caught.key) == (code, "k")
        assert caught.request_id


async def test_how_long_a_request_is_put_off(oss: OssPlace) -> None:
    """In milliseconds, by a header of its own."""
    store = await oss.open()
    oss.server.fail(Fault("throttle", delay_ms=2500))
    with pytest.raises(Throttled) as caught:
        await store.stat("k")
    assert caught.value.retry_after == 2.5
    oss.server.fail(Fault("throttle"))
    with pytest.raises(Throttled) as plain:
        await store.stat("k")
    assert plain.value.retry_after is None


async def test_the_public_endpoint_is_forbidden(oss: OssPlace) -> None:
    """To accounts that are new, before anything is moved; a domain that is bound to the bucket is not."""
    oss.server.controls.switches.public_forbidden = True
    store = await oss.open()
    with pytest.raises(Misconfigured, match="is not served at the public endpoint: set internal = true, or an endpo"):
        await store.check(write=True)
    oss.server.service.domains["localhost"] = oss.bucket.name
    bound = await oss.open(endpoint=f"http://localhost:{oss.server.port}", cname="true")
    await bound.check(write=True)


def test_another_regions_endpoint() -> None:
    """The place is told, instead of a right that lacks."""
    told = "<Error><Code>AccessDenied</Code><Endpoint>oss-cn-beijing.aliyuncs.com</Endpoint></Error>"

    error = translate(Failure(403, {}, read_error(told.encode()), "'oss://b/'", None, "cn-hangzhou", OSS))
    assert type(error) is Misconfigured
    sentence = "'oss://b/' is at another endpoint, oss-cn-beijing.aliyuncs.com: set 'endpoint' or 'region' for it"
    assert str(error) == f"{sentence} (AccessDenied)"
    others = translate(Failure(403, {}, read_error(told.encode()), "'s3://b/'", None, "us-east-1", S3))
    assert type(others) is Denied, "which is OSS's own way to say it"


async def test_a_wrong_region(oss: OssPlace) -> None:
    """It is part of the signature, so it is named among what to check."""
    store = await oss.open(region="cn-beijing")
    with pytest.raises(Denied, match="the signature is wrong, check access_key_id and access_key_secret and region"):
        await store.check(write=False)


@pytest.mark.parametrize("signature", ["v1", "v4"])
async def test_a_wrong_clock_is_told_with_its_difference(oss: OssPlace, signature: str) -> None:
    """So that nobody looks for a wrong key; also where only a HEAD is asked."""
    store = await oss.open(signature=signature)
    oss.server.service.clock.turn(hours=-1)
    for call in (store.check(write=False), store.stat("k")):
        with pytest.raises(Misconfigured, match=r"clock is 3(59|60)\d s ahead of the server's"):
            await call


async def test_a_clock_that_is_a_little_wrong(oss: OssPlace) -> None:
    """Is none."""
    store = await oss.open()
    oss.server.service.clock.turn(minutes=-14)
    await store.check(write=True)


async def test_a_success_that_fails_in_its_body(oss: OssPlace) -> None:
    """Where a reply may come before the work is done."""
    store = await oss.open()
    upload = await store.begin("k", Metadata(), size=1, part_size=1)
    receipt = await store.put_part(upload, Part(1, 0, 1), Body(b"x"))
    oss.server.fail(Fault("late error", "complete", code="InternalError"))
    with pytest.raises(Transient):
        await store.finish(upload, [receipt], Metadata())
    assert (await store.finish(upload, [receipt], Metadata())).entry.size == 1


async def test_no_secret_comes_out(oss: OssPlace, caplog: pytest.LogCaptureFixture) -> None:
    """The server quotes what was signed, and the token; the log tells all."""
    caplog.set_level(logging.DEBUG)
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    oss.server.service.keys["other"] = Key("other", "other secret", "a-planted-token", ends)
    store = await oss.open(access_key_id="other", security_token="a-planted-token")  # and the wrong secret
    with pytest.raises(Denied) as caught:
        await store.put("k", Body(b"x"), Metadata())
    with pytest.raises(Denied) as read:
        async with store.read(Entry("k")):
            pass
    shown = " ".join(
        [caplog.text, repr(store), store.url, *(f"{e.value!r} {e.value} {e.value.__dict__}" for e in (caught, read))]
    )
    for secret in (KEYS["access_key_secret"], "a-planted-token", "OSS4-HMAC"):
        assert secret not in shown


async def test_errors_inside_a_batch(oss: OssPlace) -> None:
    """A whole batch that is refused is told of; a key that is not there counts as deleted."""
    store = await oss.open("p")
    await store.put("a", Body(b"x"), Metadata())
    oss.server.fail(Fault("refuse", "delete_many", status=403, code="AccessDenied"))
    with pytest.raises(Denied):
        await store.delete(["a", "b"])
    assert await store.delete(["a", "b"]) == {}
    assert oss.bucket.empty
