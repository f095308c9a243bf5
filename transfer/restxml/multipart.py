"""Multipart uploads. Their checksums are of the whole object where the server can combine them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from xml.etree.ElementTree import Element

from transfer.errors import Corrupt, NotFound
from transfer.model import Algorithm, Body, Checksums, Entry, Metadata, Part, Receipt, Stored, Upload
from transfer.restxml import proof
from transfer.restxml.bucket import Bucket, etag_is_encrypted
from transfer.restxml.dialect import Dialect
from transfer.restxml.results import made_entry, result_fields
from transfer.restxml.verifier import Verifier, decode, sent_with, whole
from transfer.wire import xml
from transfer.wire.quoting import unquote_listed
from transfer.wire.times import iso_ns

_PART_CHECKSUMS = {
    Algorithm.CRC64NVME: "ChecksumCRC64NVME",
    Algorithm.CRC32C: "ChecksumCRC32C",
    Algorithm.CRC32: "ChecksumCRC32",
    Algorithm.CRC64XZ: "HashCrc64ecma",
}
"""The elements that tell them in a list of parts."""
_CHECKSUM = "checksum"
"""In an upload's ``extra``: the algorithm over the whole object that it was begun with."""


async def begin(bucket: Bucket, key: str, metadata: Metadata, *, size: int | None, part_size: int) -> Upload:
    """Open an upload. What of ``metadata`` can't be held is told by :func:`finish`."""
    bucket.refuse_folded(key, size)
    headers, _ = bucket.making(metadata)
    sent, kept = bucket.verifier.sent, bucket.verifier.kept
    if sent is not None:
        headers.update({"x-amz-checksum-algorithm": sent.upper(), "x-amz-checksum-type": "FULL_OBJECT"})
    reply = await bucket.client.call("POST", key, {"uploads": ""}, headers)
    upload_id = xml.text(xml.parse(reply.body, "the begin of an upload"), "UploadId")
    if not upload_id:
        raise Corrupt(f"The server began an upload of '{key}' without naming it", key=key)
    return Upload(key, upload_id, size, part_size, {_CHECKSUM: kept.value} if kept else {})


async def put_part(bucket: Bucket, upload: Upload, part: Part, body: Body) -> Receipt:
    verifier = _verifier(bucket, upload)
    headers = {**sent_with(verifier, body.checksums), **bucket.encryption.key}
    query = {"partNumber": str(part.number), "uploadId": upload.id}
    reply = await bucket.client.call("PUT", upload.key, query, headers, body.data, pace=body.pace)
    etag = reply.headers.get("etag", "").strip('"') or None
    if verifier is Verifier.ETAG and bucket.verifier is verifier:
        if not etag_is_encrypted(bucket.dialect, reply.headers):
            proof.compare_etag(body.checksums, etag, upload.key)
    elif verifier.sent is None:
        proof.compare_part(body.checksums, whole(reply.headers, bucket.dialect.told), part, upload.key)
    return Receipt(part.number, body.size, etag, body.checksums)


async def parts(bucket: Bucket, upload: Upload) -> Sequence[Receipt]:
    """All parts that the server holds, by number. Raises NotFound."""
    found: list[Receipt] = []
    marker = ""
    while True:
        query = {"uploadId": upload.id, **({"part-number-marker": marker} if marker else {})}
        reply = await bucket.client.call("GET", upload.key, query, bucket.encryption.key)
        root = xml.parse(reply.body, f"the parts of '{upload.key}'")
        found.extend(_receipt(node) for node in xml.children(root, "Part"))
        following = xml.text(root, "NextPartNumberMarker")
        if xml.text(root, "IsTruncated") != "true" or following in ("", marker):
            return _unambiguous(found)
        marker = following


async def finish(
    bucket: Bucket,
    upload: Upload,
    receipts: Sequence[Receipt],
    metadata: Metadata,
    *,
    checksums: Checksums,
    if_absent: bool,
) -> Stored:
    """Make the object, and prove it by its whole checksum or by the MD5s of its parts."""
    size = sum(receipt.size for receipt in receipts)
    verifier = _verifier(bucket, upload)
    condition = bucket.dialect.if_absent if if_absent else {}
    acl = bucket.canned_acl if bucket.dialect.acl_at_end else {}
    headers = {**bucket.encryption.key, **acl, **condition, **_whole_headers(verifier, checksums, size)}
    document = _document(bucket.dialect, receipts).encode()
    query = {"uploadId": upload.id}
    reply = await bucket.client.call("POST", upload.key, query, headers, document, sealed=True, patient=True)
    fields = result_fields(bucket.dialect, reply, f"the end of the upload of '{upload.key}'")
    answered = made_entry(bucket.dialect, upload.key, size, metadata, fields)
    made = await _looked_at(bucket, verifier, checksums, answered)
    _, lost = bucket.making(metadata)
    return Stored(made, proof.of_parts(verifier, checksums, receipts, (answered, made)), lost)


async def abort(bucket: Bucket, upload: Upload) -> None:
    try:
        await bucket.client.call("DELETE", upload.key, {"uploadId": upload.id})
    except NotFound:
        return


async def uploads(bucket: Bucket, key: str) -> Sequence[Upload]:
    """The open uploads of exactly ``key``."""
    return [upload async for upload in _uploads(bucket, key)]


async def _uploads(bucket: Bucket, key: str) -> AsyncIterator[Upload]:
    name = bucket.client.place.name(key)
    position: Mapping[str, str] = {}
    while True:
        query = {"uploads": "", "prefix": name, "encoding-type": "url", **position}
        root = xml.parse((await bucket.client.call("GET", None, query)).body, f"the uploads of '{key}'")
        encoded = "url" in (xml.text(root, "EncodingType"), xml.text(root, "Encoding-type"))  # the latter is COS's
        for node in xml.children(root, "Upload"):
            found = xml.text(node, "Key")
            if (_decoded(found) if encoded else found) == name:
                began = iso_ns(xml.text(node, "Initiated"))
                extra = {} if began is None else {"initiated_ns": str(began)}
                yield Upload(key, xml.text(node, "UploadId"), None, 0, extra)
        markers = xml.text(root, "NextKeyMarker"), xml.text(root, "NextUploadIdMarker")
        marker = _decoded(markers[0]) if encoded else markers[0]
        # A marker that is no text begins with the name asked for and goes on: it lies behind all of this name.
        if xml.text(root, "IsTruncated") != "true" or marker is None:
            return
        following = {"key-marker": marker, "upload-id-marker": markers[1]}
        if following == position:
            return
        position = following


def _decoded(name: str) -> str | None:
    """A listed name; None where its bytes are not UTF-8, so that it is none of ours."""
    try:
        return unquote_listed(name)
    except UnicodeDecodeError:
        return None


def _verifier(bucket: Bucket, upload: Upload) -> Verifier:
    """What proves this upload: it may have been begun when less, or more, was known of the server."""
    begun_with = upload.extra.get(_CHECKSUM)
    if begun_with:
        return Verifier(begun_with)
    return Verifier.ETAG if bucket.verifier.kept else bucket.verifier


def _whole_headers(verifier: Verifier, checksums: Checksums, size: int) -> dict[str, str]:
    headers = sent_with(verifier, checksums) if verifier.sent else {}
    if headers:
        headers["x-amz-checksum-type"] = "FULL_OBJECT"
        headers["x-amz-mp-object-size"] = str(size)
    return headers


def _document(dialect: Dialect, receipts: Sequence[Receipt]) -> str:
    space = f' xmlns="{dialect.namespace}"' if dialect.namespace else ""
    rows = (
        f"<Part><PartNumber>{receipt.number}</PartNumber>{xml.element('ETag', _quoted(receipt.etag))}</Part>"
        for receipt in receipts
    )
    return f"<CompleteMultipartUpload{space}>{''.join(rows)}</CompleteMultipartUpload>"


def _quoted(etag: str | None) -> str:
    return f'"{etag or ""}"'


async def _looked_at(bucket: Bucket, verifier: Verifier, checksums: Checksums, answered: Entry) -> Entry:
    """The object as the server has it now. Raises Corrupt for another size.

    Where the reply tells the whole's checksum, nothing need be asked. Servers without one may
    also give the object another ETag in the end than the one they answer with.
    """
    if answered.etag and verifier.kept in checksums and verifier.kept in answered.checksums:
        return answered
    found = await bucket.head(answered.key, version=answered.version)
    if found.size != answered.size:
        message = f"'{answered.key}' has {found.size} bytes at the server after {answered.size} were sent"
        raise Corrupt(message, key=answered.key)
    return replace(found, metadata=answered.metadata)


def _unambiguous(found: Sequence[Receipt]) -> Sequence[Receipt]:
    """By number. SeaweedFS tells of a part and of the one it replaced: then neither counts as held."""
    times = Counter(receipt.number for receipt in found)
    return sorted((receipt for receipt in found if times[receipt.number] == 1), key=lambda receipt: receipt.number)


def _receipt(node: Element) -> Receipt:
    checksums = {
        algorithm: digest
        for algorithm, name in _PART_CHECKSUMS.items()
        if (digest := decode(algorithm, xml.text(node, name))) is not None
    }
    etag = xml.text(node, "ETag").strip('"') or None
    return Receipt(int(xml.text(node, "PartNumber")), int(xml.text(node, "Size")), etag, checksums)
