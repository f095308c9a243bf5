"""What was sent: its bytes without the framing of ``aws-chunked``, and whether its checksums are right."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from bench.server.messages import Buffer, Request, S3Error
from transfer.checksums import digest
from transfer.model import Algorithm

LARGE = 128 * 1024
"""From here on bytes are hashed in a thread."""
_PREFIX = "x-amz-checksum-"
_ALGORITHMS = (Algorithm.CRC64NVME, Algorithm.CRC32C, Algorithm.CRC32, Algorithm.SHA1, Algorithm.SHA256)


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes that are what was sent. ``checksums`` are those of them that the server keeps, by algorithm."""

    data: Buffer
    md5: bytes
    checksums: Mapping[Algorithm, bytes]


def received(request: Request, *, knows_checksums: bool) -> Body:
    """The request's body. Raises S3Error where it differs from a checksum that came with it.

    Where the server ``knows_checksums`` it computes a CRC64NVME of all that it gets, as AWS does.
    """
    data, headers = request.body, request.headers
    if headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        data, trailers = unchunked(data)
        headers = {**headers, **trailers}
    md5 = hashlib.md5(data, usedforsecurity=False).digest()
    if "content-md5" in headers and headers["content-md5"] != encoded(md5):
        raise S3Error(400, "BadDigest")
    if not knows_checksums:
        return Body(data, md5, {})
    sent = {one: headers[_PREFIX + one] for one in _ALGORITHMS if _PREFIX + one in headers}
    found = digest(data, {*sent, Algorithm.CRC64NVME})
    if any(encoded(found[one]) != value for one, value in sent.items()):
        raise S3Error(400, "BadDigest")
    return Body(data, md5, found)


def unchunked(body: Buffer) -> tuple[bytes, dict[str, str]]:
    """The bytes in a body of ``aws-chunked`` and the headers that trail it. Signatures of chunks are not looked at."""
    view, start = bytes(body), 0
    pieces: list[bytes] = []
    while True:
        end = view.find(b"\r\n", start)
        size = _chunk_size(view[start:end]) if end >= 0 else -1
        if size < 0 or end + 2 + size > len(view):
            raise S3Error(400, "IncompleteBody")
        start = end + 2
        if size == 0:
            return b"".join(pieces), _trailers(view[start:])
        pieces.append(view[start : start + size])
        start += size + 2


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        return -1


def _trailers(text: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in text.decode("latin-1").split("\r\n"))
    return {name.lower(): value.strip() for name, _, value in lines if name}


def headers_of(checksums: Mapping[Algorithm, bytes]) -> dict[str, str]:
    """The headers that tell the checksums of a whole object."""
    if not checksums:
        return {}
    told = {_PREFIX + name: encoded(value) for name, value in checksums.items()}
    return {**told, "x-amz-checksum-type": "FULL_OBJECT"}


def encoded(value: bytes) -> str:
    """A digest as headers spell it."""
    return base64.b64encode(value).decode()
