"""Multipart uploads. The checksum of a whole object is combined from those of its parts, as AWS does it."""

from __future__ import annotations

import secrets
from itertools import islice
from xml.etree import ElementTree as ET

from bench.server.bodies import Body, encoded, headers_of
from bench.server.buckets import Bucket, Stored, Upload
from bench.server.listing import iso
from bench.server.messages import Request, Response, S3Error, document, element
from bench.server.objects import Buckets, copied, guard, kept_headers, source_of, span_of
from transfer.checksums import combine, digest, md5_etag
from transfer.model import Algorithm

_WHOLE = Algorithm.CRC64NVME
_MOST_PARTS = 1000
"""Parts on a page of their listing."""


def begin(bucket: Bucket, request: Request) -> Response:
    upload_id = secrets.token_hex(16)
    bucket.uploads[upload_id] = Upload(request.key, kept_headers(request.headers))
    names = element("Bucket", request.bucket) + element("Key", request.key)
    return document("InitiateMultipartUploadResult", names, element("UploadId", upload_id))


def find(bucket: Bucket, request: Request) -> Upload:
    """The upload that the request is about. Raises S3Error."""
    found = bucket.uploads.get(request.query["uploadId"])
    if found is None or found.key != request.key:
        raise S3Error(404, "NoSuchUpload")
    return found


def put_part(bucket: Bucket, request: Request, body: Body) -> Response:
    find(bucket, request).parts[_number(request)] = body
    told = {name: value for name, value in headers_of(body.checksums).items() if name != "x-amz-checksum-type"}
    return Response(200, {"ETag": f'"{body.md5.hex()}"', **told})


def copy_part(buckets: Buckets, bucket: Bucket, request: Request, *, knows_checksums: bool) -> Response:
    upload, source = find(bucket, request), source_of(buckets, request)
    asked = request.headers.get("x-amz-copy-source-range")
    data = b"".join(source.span(*(span_of(asked, source.size) if asked else (0, source.size))))
    found = digest(data, (Algorithm.MD5, _WHOLE))
    kept = {_WHOLE: found[_WHOLE]} if knows_checksums else {}
    upload.parts[_number(request)] = Body(data, found[Algorithm.MD5], kept)
    return copied("CopyPartResult", found[Algorithm.MD5].hex(), upload.began)


def finish(bucket: Bucket, request: Request) -> Response:
    """Make the object of the parts that the request names. Raises S3Error where they are others than those held."""
    upload = find(bucket, request)
    guard(bucket, request)
    parts = _named(upload, request)
    checksums = {}
    if all(_WHOLE in part.checksums for part in parts):
        checksums[_WHOLE] = combine(_WHOLE, [(part.checksums[_WHOLE], len(part.data)) for part in parts])
    size = sum(len(part.data) for part in parts)
    _compare(request, checksums, size)
    etag = md5_etag([part.md5 for part in parts])
    bucket.put(upload.key, Stored([part.data for part in parts], size, etag, upload.headers, checksums))
    del bucket.uploads[request.query["uploadId"]]
    told = element(f"Checksum{_WHOLE.upper()}", encoded(checksums[_WHOLE])) if checksums else ""
    kind = element("ChecksumType", "FULL_OBJECT") if checksums else ""
    where = element("Location", request.path) + element("Bucket", request.bucket) + element("Key", upload.key)
    return document("CompleteMultipartUploadResult", where, f"<ETag>&quot;{etag}&quot;</ETag>", told, kind)


def _named(upload: Upload, request: Request) -> list[Body]:
    try:
        nodes = list(ET.fromstring(bytes(request.body)).iterfind("{*}Part"))
        named = [(int(node.findtext("{*}PartNumber", "")), node.findtext("{*}ETag", "").strip('"')) for node in nodes]
    except (ET.ParseError, ValueError):
        raise S3Error(400, "MalformedXML") from None
    found = [upload.parts.get(number) for number, _ in named]
    parts = [part for part in found if part is not None]
    if not named or [part.md5.hex() for part in parts] != [etag for _, etag in named]:
        raise S3Error(400, "InvalidPart")
    return parts


def _compare(request: Request, checksums: dict[Algorithm, bytes], size: int) -> None:
    sent = request.headers.get(f"x-amz-checksum-{_WHOLE}")
    if sent is not None and _WHOLE in checksums and encoded(checksums[_WHOLE]) != sent:
        raise S3Error(400, "BadDigest")
    if int(request.headers.get("x-amz-mp-object-size", size)) != size:
        raise S3Error(400, "InvalidRequest")


def abort(bucket: Bucket, request: Request) -> Response:
    find(bucket, request)
    del bucket.uploads[request.query["uploadId"]]
    return Response(204)


def parts(bucket: Bucket, request: Request) -> Response:
    """A page of the parts that are held."""
    upload = find(bucket, request)
    marker = int(request.query.get("part-number-marker") or 0)
    numbers = sorted(number for number in upload.parts if number > marker)
    shown = numbers[:_MOST_PARTS]
    more = len(shown) < len(numbers)
    return document(
        "ListPartsResult",
        element("IsTruncated", "true" if more else "false"),
        element("NextPartNumberMarker", str(shown[-1])) if more else "",
        *(_part(number, upload.parts[number]) for number in shown),
    )


def _part(number: int, body: Body) -> str:
    sums = "".join(element(f"Checksum{name.upper()}", encoded(value)) for name, value in body.checksums.items())
    facts = element("PartNumber", str(number)) + element("Size", str(len(body.data)))
    return f"<Part>{facts}<ETag>&quot;{body.md5.hex()}&quot;</ETag>{sums}</Part>"


def opened(bucket: Bucket, request: Request) -> Response:
    """The uploads that are not finished, all on one page."""
    prefix = request.query.get("prefix", "")
    found = ((name, one) for name, one in bucket.uploads.items() if one.key.startswith(prefix))
    rows = (
        f"<Upload>{element('Key', one.key)}{element('UploadId', name)}{element('Initiated', iso(one.began))}</Upload>"
        for name, one in islice(found, _MOST_PARTS)
    )
    return document("ListMultipartUploadsResult", element("IsTruncated", "false"), *rows)


def _number(request: Request) -> int:
    return int(request.query["partNumber"])
