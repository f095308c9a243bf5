"""Every failure of COS is one sentence that names the thing and the remedy, and no secret."""

from __future__ import annotations

import datetime as dt
import logging

import pytest

import transfer
from tests.core.rig import memory, quick
from tests.emulators.clock import http_date
from tests.emulators.controls import Fault
from tests.emulators.keys import Key
from tests.plugins.cosplace import KEYS, CosPlace
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
from transfer.plugin import StoreOptions
from transfer.restxml.errors import Failure, translate
from transfer.wire.errordoc import ErrorDocument
from transfer_cos.dialect import COS

_CODES = [
    ("NoSuchKey", 404, NotFound, "is not there"),
    ("NoSuchCopySource", 404, NotFound, "is not there"),
    ("NoSuchVersion", 404, NotFound, "no such version"),
    ("NoSuchVersionId", 404, NotFound, "no such version"),
    ("NoSuchBucket", 404, NotFound, "bucket that does not exist"),
    ("NoSuchUpload", 404, NotFound, "no such multipart upload"),
    ("InvalidAccessKeyId", 403, Denied, "check secret_id and secret_key"),
    ("InvalidSecretId", 403, Denied, "check secret_id and secret_key"),
    ("SignatureDoesNotMatch", 403, Denied, "check secret_id and secret_key"),
    ("InvalidSecurityToken", 403, Denied, "the session token is not valid"),
    ("ExpiredToken", 400, Denied, "has expired"),
    ("TokenExpired", 403, Denied, "has expired"),
    ("ExpiredSecurityToken", 403, Denied, "has expired"),
    ("AccessDenied", 403, Denied, "do not allow"),
    ("NoProcessAuthority", 403, Denied, "do not allow"),
    ("DownloadForbidden", 403, Denied, "bind a domain to the bucket"),
    ("AccountArrears", 403, Denied, "the account is in arrears"),
    ("PaymentRequired", 402, Denied, "the account is in arrears"),
    ("ObjectLocked", 409, Denied, "a retention policy of the bucket forbids"),
    ("BucketLocked", 409, Denied, "a retention policy of the bucket forbids"),
    ("UnavailableForLegalReasons", 451, Denied, "for legal reasons"),
    ("DomainAuditFailed", 451, Denied, "for legal reasons"),
    ("KmsKeyNotExist", 400, Denied, "its key of KMS does not exist"),
    ("KmsKeyDisabled", 400, Denied, "its key of KMS is switched off"),
    ("InvalidObjectState", 403, Frozen, "cold storage"),
    ("Request has expired", 403, Misconfigured, "this machine's clock"),
    ("RequestTimeTooSkewed", 403, Misconfigured, "this machine's clock"),
    ("InvalidBucketName", 400, Misconfigured, "it ends in the account's APPID"),
    ("InvalidRegionName", 400, Misconfigured, "check region"),
    ("BucketAccelerateNotEnabled", 400, Misconfigured, "switch it on there, or leave accelerate out"),
    ("PathStyleDomainForbidden", 403, Misconfigured, "leave path_style out"),
    ("FileAlreadyExists", 409, Changed, "is there already"),
    ("ObjectAlreadyExists", 409, Changed, "is there already"),
    ("PreconditionFailed", 412, Changed, "not any more as it was"),
    ("InvalidRange", 416, Changed, "shorter than it was"),
    ("BadDigest", 400, Corrupt, "other bytes"),
    ("InvalidDigest", 400, Corrupt, "other bytes"),
    ("InvalidSHA1Digest", 400, Corrupt, "other bytes"),
    ("InvalidPart", 400, Corrupt, "parts at the server that are not the ones sent"),
    ("InvalidObjectName", 400, Unsupported, "a key that COS does not take"),
    ("KeyTooLong", 400, Unsupported, "a longer key than COS takes"),
    ("InvalidURI", 400, Unsupported, "is not taken by the server"),
    ("EntityTooLarge", 400, Unsupported, "larger"),
    ("EntityTooSmall", 400, Unsupported, "smaller"),
    ("MetadataTooLarge", 400, Unsupported, "more metadata"),
    ("InvalidTag", 400, Unsupported, "tags that the server does not take"),
    ("InvalidStorageClass", 400, Unsupported, "name another with --storage-class"),
    ("NotSupportedStorageClass", 400, Unsupported, "name another with --storage-class"),
    ("OAZOperationNotSupportOnMAZBucket", 400, Unsupported, "name another with --storage-class"),
    ("MAZOperationNotSupportOnOAZBucket", 400, Unsupported, "name another with --storage-class"),
    ("InvalidCopySource", 400, Unsupported, "can't be copied by COS from there"),
    ("PathConflict", 409, Unsupported, "the bucket's folders and objects share names"),
    ("ActionAccelerateNotSupported", 400, Unsupported, "can't be done by global acceleration"),
    ("RestoreNonArchiveObject", 405, Unsupported, "needs no thawing"),
    ("InvalidArgument", 400, Unsupported, "is not taken by the server"),
    ("InvalidRequest", 400, Unsupported, "is not taken by the server"),
    ("NotImplemented", 501, Unsupported, "can't be done"),
    ("MethodNotAllowed", 405, Unsupported, "can't be done"),
    ("RequestTimeout", 400, Transient, "timed out"),
    ("UserNetworkTooSlow", 400, Transient, "arrived too slowly"),
    ("IncompleteBody", 400, Transient, "incomplete"),
    ("EntitySizeNotMatch", 400, Transient, "incomplete"),
    ("UploadConflict", 409, Transient, "being changed by another request"),
    ("InternalError", 500, Transient, "inside the server"),
    ("KmsInternalException", 500, Transient, "inside the server"),
    ("SlowDown", 503, Throttled, "slow down"),
    ("ServiceUnavailable", 503, Throttled, "slow down"),
    ("KmsFreqControl", 503, Throttled, "slow down"),
    ("NeverHeardOf", 400, TransferError, "status 400"),
]


@pytest.mark.parametrize(("code", "status", "kind", "words"), _CODES, ids=[code for code, *_ in _CODES])
async def test_a_failure_by_its_code(
    cos: CosPlace, code: str, status: int, kind: type[TransferError], words: str
) -> None:
    """The code decides; the request's id is told."""
    store = await cos.open("p")
    cos.server.fail(Fault("refuse", "put_object", status=status, code=code))
    with pytest.raises(TransferError) as caught:
        await store.put("k", Body(b"x"), Metadata())
    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"'cos://{cos.bucket.name}/p/k' ")
    assert words in str(caught.value)
    assert (caught.value.code, caught.value.key) == (code, "k")
    assert caught.value.request_id


def test_each_code_of_the_table_is_tried() -> None:
    """And none is forgotten."""
    assert {*COS.kinds, *COS.aliases} <= {code for code, *_ in _CODES}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, Denied), (404, NotFound), (412, Changed), (500, Transient), (503, Throttled)],
)
async def test_a_head_tells_no_more_than_its_status(cos: CosPlace, status: int, kind: type[TransferError]) -> None:
    """COS says nothing else."""
    store = await cos.open()
    cos.server.fail(Fault("refuse", "head_object", status=status, code="Whatever"))
    with pytest.raises(kind) as caught:
        await store.stat("k")
    assert type(caught.value) is kind
    assert caught.value.request_id


@pytest.mark.parametrize(
    ("hours", "words"), [(-1, r"clock is 3(59|60)\d s ahead of"), (3, r"clock is 10(79|80)\d s behind")]
)
async def test_a_wrong_clock_is_told_with_its_difference(cos: CosPlace, hours: int, words: str) -> None:
    """So that nobody looks for a wrong key or right; also where only a HEAD is asked, which is told nothing."""
    store = await cos.open()
    cos.server.service.clock.turn(hours=hours)
    for call in (store.check(write=False), store.put("k", Body(b""), Metadata()), store.stat("k")):
        with pytest.raises(Misconfigured, match=f"{words} .*: set it right"):
            await call


async def test_a_clock_that_is_a_little_wrong(cos: CosPlace) -> None:
    """Is none."""
    store = await cos.open()
    cos.server.service.clock.turn(minutes=14)
    await store.check(write=True)


@pytest.mark.parametrize(("seconds", "kind"), [(0, Denied), (7200, Misconfigured)])
def test_a_signature_that_is_too_old(seconds: int, kind: type[TransferError]) -> None:
    """Told with the code of a right that lacks: it is the clock's fault only where the clock is wrong."""
    headers = {"date": http_date(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds))}
    document = ErrorDocument("AccessDenied", "Request has expired")
    error = translate(Failure(403, headers, document, "'cos://b-1/'", None, "ap-guangzhou", COS))
    assert type(error) is kind


async def test_a_right_that_lacks_stays_one(cos: CosPlace) -> None:
    """A HEAD that is refused is asked about, and nothing else is found."""
    store = await cos.open()
    cos.server.fail(Fault("refuse", "head_object", status=403, code="AccessDenied"))
    with pytest.raises(Denied, match="do not allow this"):
        await store.stat("k")
    assert (cos.calls["head_object"], cos.calls["list_objects"]) == (1, 1)


async def test_a_completion_that_fails_in_its_body(cos: CosPlace) -> None:
    """COS sends its 200 before the work is done; what is wrong then is an error like any other."""
    store = await cos.open()
    upload = await store.begin("k", Metadata(), size=1, part_size=1)
    receipt = await store.put_part(upload, Part(1, 0, 1), Body(b"x"))
    for code, kind in (("InternalError", Transient), ("InvalidPart", Corrupt), ("NoSuchUpload", NotFound)):
        cos.server.fail(Fault("late error", "complete", code=code))
        with pytest.raises(kind) as caught:
            await store.finish(upload, [receipt], Metadata())
        assert caught.value.code == code
    assert cos.bucket.current("k") is None
    assert (await store.finish(upload, [receipt], Metadata())).entry.size == 1


async def test_a_copy_that_fails_in_its_body(cos: CosPlace) -> None:
    """The same of copies, whole and of parts."""
    store = await cos.open()
    await store.put("k", Body(b"data"), Metadata())
    entry = await store.stat("k")
    cos.server.fail(Fault("late error", "copy_object", code="InternalError"))
    with pytest.raises(Transient):
        await store.copy(store.origin, entry, "copy", Metadata())
    upload = await store.begin("copy", Metadata(), size=4, part_size=4)
    cos.server.fail(Fault("late error", "copy_part", code="InternalError"))
    with pytest.raises(Transient):
        await store.copy_part(upload, Part(1, 0, 4), store.origin, entry)
    assert cos.bucket.current("copy") is None


async def test_a_run_gets_over_all_that_passes(cos: CosPlace) -> None:
    """Throttling, a completion that fails late, a connection that breaks: in the end all is there, once."""
    source = memory()
    await source.put("large", Body(bytes(3 << 20)), Metadata())
    for number in range(5):
        await source.put(f"small{number}", Body(b"data"), Metadata())
    cos.server.fail(Fault("throttle", "put_object", times=3))
    cos.server.fail(Fault("late error", "complete", code="InternalError"))
    cos.server.fail(Fault("reset", "put_part"))
    result = await transfer.sync(source, await cos.open(), quick(retries=8))
    assert (result.ok, result.totals.copied) == (True, 6)
    assert cos.held("large").blob.size == 3 << 20
    assert not cos.bucket.uploads


async def test_a_class_that_the_bucket_does_not_have(cos: CosPlace) -> None:
    """It is told ahead of the first object where it was asked for."""
    store = await cos.open("", StoreOptions(asked_class="COLD"))
    for code in ("InvalidStorageClass", "NotSupportedStorageClass", "OAZOperationNotSupportOnMAZBucket"):
        cos.server.fail(Fault("refuse", "begin", status=400, code=code))
        with pytest.raises(Misconfigured, match="does not know --storage-class 'COLD': leave it out, or name another"):
            await store.check(write=True)


async def test_no_secret_comes_out(cos: CosPlace, caplog: pytest.LogCaptureFixture) -> None:
    """The server quotes what was signed, the token among it; the log tells all."""
    caplog.set_level(logging.DEBUG)
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    cos.server.service.keys["other"] = Key("other", "other secret", "a-planted-token", ends)
    store = await cos.open(secret_id="other", token="a-planted-token")  # and the wrong secret
    with pytest.raises(Denied) as caught:
        await store.put("k", Body(b"x"), Metadata())
    with pytest.raises(Denied) as read:
        async with store.read(Entry("k")):
            pass
    shown = " ".join(
        [caplog.text, repr(store), store.url, *(f"{e.value!r} {e.value} {e.value.__dict__}" for e in (caught, read))]
    )
    for secret in (KEYS["secret_key"], "a-planted-token", "q-signature"):
        assert secret not in shown


async def test_errors_inside_a_batch(cos: CosPlace) -> None:
    """A whole batch that is refused is told of; a key that is not there counts as deleted."""
    store = await cos.open("p")
    await store.put("a", Body(b"x"), Metadata())
    cos.server.fail(Fault("refuse", "delete_many", status=403, code="AccessDenied"))
    with pytest.raises(Denied):
        await store.delete(["a", "b"])
    assert await store.delete(["a", "b"]) == {}
    assert cos.bucket.empty
