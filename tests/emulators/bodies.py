"""Takes in what a request carries, and checks it."""

from __future__ import annotations

import base64
import binascii

from tests.emulators.blobs import Blob
from tests.emulators.messages import Call, Refused
from tests.emulators.service import Service

_DOCUMENT = 4 << 20


async def receive(service: Service, call: Call, limit: int) -> Blob:
    """The body. Raises Refused: without a length, too large, or not what its Content-MD5 says."""
    if call.length is None and call.headers.get("transfer-encoding", "").lower() != "chunked":
        raise Refused(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
    expected = _content_md5(call)
    _check_size(call.length or 0, limit)
    writer = service.writer()
    try:
        async for data in service.content(call):
            writer.write(data)
            _check_size(writer.size, limit)
    except BaseException:
        writer.discard()
        raise
    blob = writer.finish()
    if expected is not None and blob.md5 != expected:
        raise Refused(400, service.wrong_md5, "The Content-MD5 you specified did not match what we received.")
    service.check_body(call, blob)
    return blob


async def document_of(service: Service, call: Call) -> bytes:
    """A small body, in one. Raises Refused."""
    body = (await receive(service, call, _DOCUMENT)).bytes()
    return body.replace(f' xmlns="{service.namespace}"'.encode(), b"", 1) if service.namespace else body


def _content_md5(call: Call) -> bytes | None:
    header = call.headers.get("content-md5")
    if header is None:
        return None
    try:
        digest = base64.b64decode(header, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != 16:
        raise Refused(400, "InvalidDigest", "The Content-MD5 you specified is not valid.")
    return digest


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise Refused(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.")
