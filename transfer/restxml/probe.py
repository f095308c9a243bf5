"""Finding out what a server does with a wrong checksum, without leaving anything behind.

The question is put with a part of a multipart upload that is aborted afterwards, so no object
ever becomes visible. The same upload shows whether we may write.

Whether a server copies is asked with a source that does not exist, so that there is nothing to copy.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace

from transfer.checksums import digest
from transfer.errors import Denied, Misconfigured, NotFound, Throttled, TransferError, Transient, Unsupported
from transfer.model import Algorithm, Body, Metadata, Part, Receipt, Upload
from transfer.restxml import multipart
from transfer.restxml.bucket import Bucket
from transfer.restxml.errors import usual
from transfer.restxml.verifier import Verifier, md5_of
from transfer.wire import xml
from transfer.wire.quoting import quote_path

_log = logging.getLogger("transfer.s3")
_DATA = b"Does this server look at checksums?"
_NO_ANSWER = (Denied, Misconfigured, NotFound, Throttled, Transient)
"""Failures that say nothing about checksums."""
_NO_SOURCE = ("InvalidCopySource", "InvalidCopySourceObject")
"""What some servers say instead of NoSuchKey."""


async def may_write(bucket: Bucket) -> None:
    """Begin an upload as the run's and abort it. Raises Denied and whatever else stands in the way of writing."""
    try:
        upload = await _begin(bucket, bucket.asked_class)
    except Unsupported as error:
        if usual(error.code or "", bucket.dialect) != "InvalidStorageClass":
            raise
        message = f"The server does not know --storage-class '{bucket.asked_class}': leave it out, or name another"
        raise Misconfigured(message, code=error.code, request_id=error.request_id) from error
    await _drop(bucket, upload)


async def never_overwrites(bucket: Bucket) -> bool:
    """Whether a write can be made to fail where the key exists: some mean it only while a bucket keeps no versions."""
    if not bucket.dialect.overwrites_when_versioned:
        return True
    try:
        reply = await bucket.client.call("GET", None, {"versioning": ""})
    except (Denied, Unsupported):
        return False
    return not xml.text(xml.parse(reply.body, "whether the bucket keeps versions"), "Status")


async def find_verifier(bucket: Bucket) -> Verifier:
    """The best way in which the server proves a write."""
    for candidate in (Verifier.CRC64NVME, Verifier.CRC32C):
        if await _refuses(replace(bucket, verifier=candidate)):
            return candidate
    plain = replace(bucket, verifier=Verifier.MD5)
    if await _refuses(plain):
        return Verifier.MD5
    return Verifier.ETAG if await _computes_etag(plain) else Verifier.NONE


async def _refuses(bucket: Bucket) -> bool:
    """Whether a wrong checksum is refused and a right one is not."""
    try:
        upload = await _begin(bucket)
    except _NO_ANSWER:
        raise
    except TransferError:
        return False  # does not know the algorithm
    try:
        # The right one first: after a wrong one some servers know nothing of the upload any more.
        return await _accepts(bucket, upload, _DATA) and not await _accepts(bucket, upload, _DATA[1:])
    finally:
        await _drop(bucket, upload)


async def _accepts(bucket: Bucket, upload: Upload, hashed: bytes) -> bool:
    """Whether the part is taken with the checksum of ``hashed``."""
    try:
        await _send(bucket, upload, hashed)
    except _NO_ANSWER:
        raise
    except TransferError:
        return False
    return True


async def _computes_etag(bucket: Bucket) -> bool:
    """Whether a part's ETag is the MD5 of its bytes, which we do not send."""
    upload = await _begin(bucket)
    try:
        receipt = await _send(replace(bucket, verifier=Verifier.NONE), upload, _DATA)
    finally:
        await _drop(bucket, upload)
    return md5_of(receipt.etag) == digest(_DATA, (Algorithm.MD5,))[Algorithm.MD5]


async def knows_copies(bucket: Bucket) -> bool:
    """Whether the server looks at where a copy is to come from. Raises Misconfigured, Throttled, Transient.

    Another one would take a copy for a new object without bytes, and empty what is copied onto itself.
    """
    source, key = _throwaway(), _throwaway()
    place, names = bucket.client.place, bucket.dialect.names
    headers = {
        **bucket.making(Metadata())[0],
        names.copy_source: quote_path(f"{place.bucket}/{place.name(source)}"),
        names.metadata_directive: bucket.dialect.replace_metadata,
    }
    try:
        await bucket.client.call("PUT", key, {}, headers, patient=True)
    except (Misconfigured, Throttled, Transient):
        raise
    except TransferError as error:
        return isinstance(error, NotFound) or error.code in _NO_SOURCE
    await _remove(bucket, key)
    return False


async def _remove(bucket: Bucket, key: str) -> None:
    """Take away the object without bytes that was made instead of a copy."""
    try:
        await bucket.client.call("DELETE", key)
    except TransferError:
        subject = bucket.client.subject(key)
        _log.warning("%s, an empty object made to see if the server copies, can't be deleted: do it by hand", subject)


def _throwaway() -> str:
    return f".transfer-probe-{secrets.token_hex(8)}"


async def _begin(bucket: Bucket, storage_class: str | None = None) -> Upload:
    metadata = Metadata(storage_class=storage_class)
    return await multipart.begin(bucket, _throwaway(), metadata, size=None, part_size=len(_DATA))


async def _send(bucket: Bucket, upload: Upload, hashed: bytes) -> Receipt:
    body = Body(_DATA, digest(hashed, bucket.verifier.algorithms))
    return await multipart.put_part(bucket, upload, Part(1, 0, len(_DATA)), body)


async def _drop(bucket: Bucket, upload: Upload) -> None:
    try:
        await multipart.abort(bucket, upload)
    except Denied:
        _log.warning(
            "The upload %s of '%s' may not be aborted; the bucket's rules must clean it up", upload.id, upload.key
        )
