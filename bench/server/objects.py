"""Objects: put, get, look at, copy, delete."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email.utils import formatdate
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from bench.server.bodies import Body, headers_of
from bench.server.buckets import Bucket, Stored
from bench.server.listing import iso
from bench.server.messages import Request, Response, S3Error, document, element

_KEPT = frozenset(
    ("content-type", "content-encoding", "content-language", "content-disposition", "cache-control", "expires")
)
_MOST_KEY = 1024
Buckets = Callable[[str], Bucket]


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What an object repeats of the request that made it."""
    kept = {name: value for name, value in headers.items() if name in _KEPT or name.startswith("x-amz-meta-")}
    encoding = kept.get("content-encoding", "").removeprefix("aws-chunked").lstrip(",")
    if not encoding:
        kept.pop("content-encoding", None)
    else:
        kept["content-encoding"] = encoding
    return kept


def put(bucket: Bucket, request: Request, body: Body) -> Response:
    guard(bucket, request)
    stored = Stored((body.data,), len(body.data), body.md5.hex(), kept_headers(request.headers), body.checksums)
    bucket.put(request.key, stored)
    return Response(200, {"ETag": f'"{stored.etag}"', **headers_of(stored.checksums)})


def guard(bucket: Bucket, request: Request) -> None:
    """Raise S3Error for a key that can't be, and with If-None-Match for one that is there."""
    if len(request.key.encode()) > _MOST_KEY:
        raise S3Error(400, "KeyTooLongError")
    if request.headers.get("if-none-match") == "*" and bucket.find(request.key) is not None:
        raise S3Error(412, "PreconditionFailed")


def get(bucket: Bucket, request: Request) -> Response:
    """Also the answer to HEAD, whose body is left out by the connection."""
    stored = bucket.get(request.key)
    _unchanged(stored, request.headers.get("if-match"))
    headers = {
        **stored.headers,
        "ETag": f'"{stored.etag}"',
        "Last-Modified": formatdate(stored.modified, usegmt=True),
        "Accept-Ranges": "bytes",
    }
    asked = request.headers.get("range")
    if asked is not None:
        start, end = span_of(asked, stored.size)
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{stored.size}"
        return Response(206, headers, stored.span(start, end), end - start)
    if "x-amz-checksum-mode" in request.headers:
        headers |= headers_of(stored.checksums)
    return Response(200, headers, stored.pieces, stored.size)


def span_of(asked: str, size: int) -> tuple[int, int]:
    """The first byte of a range and that behind its last. Raises S3Error."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", asked)
    if not found or found[1] == found[2] == "":
        raise S3Error(400, "InvalidArgument")
    start = int(found[1]) if found[1] else max(size - int(found[2]), 0)
    end = min(int(found[2]) + 1, size) if found[1] and found[2] else size
    if start >= size or start >= end:
        raise S3Error(416, "InvalidRange")
    return start, end


def copy(buckets: Buckets, bucket: Bucket, request: Request) -> Response:
    """An object made of another's bytes."""
    guard(bucket, request)
    source = source_of(buckets, request)
    replaced = request.headers.get("x-amz-metadata-directive") == "REPLACE"
    headers = kept_headers(request.headers) if replaced else source.headers
    made = Stored(source.pieces, source.size, source.etag, headers, source.checksums)
    bucket.put(request.key, made)
    return copied("CopyObjectResult", made.etag, made.modified)


def source_of(buckets: Buckets, request: Request) -> Stored:
    """The object that ``x-amz-copy-source`` names. Raises S3Error."""
    name = unquote(request.headers["x-amz-copy-source"].partition("?")[0]).lstrip("/")
    container, _, key = name.partition("/")
    source = buckets(container).get(key)
    _unchanged(source, request.headers.get("x-amz-copy-source-if-match"))
    return source


def copied(name: str, etag: str, modified: int) -> Response:
    """What a copy is answered with."""
    return document(name, element("LastModified", iso(modified)), f"<ETag>&quot;{etag}&quot;</ETag>")


def delete_many(bucket: Bucket, request: Request) -> Response:
    keys = [node.text or "" for node in ET.fromstring(bytes(request.body)).iterfind(".//{*}Key")]
    for key in keys:
        bucket.remove(key)
    return document("DeleteResult")


def _unchanged(stored: Stored, condition: str | None) -> None:
    if condition is not None and condition.strip('"') not in (stored.etag, "*"):
        raise S3Error(412, "PreconditionFailed")
