"""GET and HEAD of objects."""

from __future__ import annotations

import gzip

from tests.emulators.clock import http_date
from tests.emulators.conditions import check_conditions
from tests.emulators.messages import Call, Refused, Reply
from tests.emulators.service import Service
from tests.emulators.state import Bucket, Version
from tests.emulators.thawing import frozen, thaw_header

_OVERRIDES = {
    "response-cache-control": "Cache-Control",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
    "response-content-language": "Content-Language",
    "response-content-type": "Content-Type",
    "response-expires": "Expires",
}


async def get_object(service: Service, call: Call) -> Reply:
    """The object, or a range of it."""
    bucket = service.bucket(call)
    named = service.version(bucket, call.key, call.query.get("versionId"))
    version = service.follow(bucket, named)
    if frozen(service, bucket, version):
        message = "The operation is not valid for the object's state."
        raise Refused(403, "InvalidObjectState", message, fields={"ObjectName": call.key})
    check_conditions(call.headers, version)
    headers = object_headers(service, call, bucket, named, version)
    headers.update(_overrides(call))
    piece = service.range(call, version.blob.size)
    if piece is None and service.compresses(call, version, headers):
        return _compressed(version, headers)
    reply = Reply(200, headers, blob=version.blob, piece=(0, version.blob.size))
    if piece is not None:
        start, length = piece
        reply.status, reply.piece = 206, piece
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{version.blob.size}"
    headers["Content-Length"] = str(reply.size)
    return reply


async def head_object(service: Service, call: Call) -> Reply:
    """What GET would say of it."""
    bucket = service.bucket(call)
    named = service.version(bucket, call.key, call.query.get("versionId"))
    version = service.follow(bucket, named)
    check_conditions(call.headers, version)
    headers = object_headers(service, call, bucket, named, version)
    headers["Content-Length"] = str(version.blob.size)
    return Reply(200, headers)


def object_headers(service: Service, call: Call, bucket: Bucket, named: Version, version: Version) -> dict[str, str]:
    """All that is told of an object: ``named`` by the request, and ``version``, the same or what it points at."""
    prefix = service.prefix
    headers = {
        "Content-Type": service.default_type,
        "Accept-Ranges": "bytes",
        "Last-Modified": http_date(max(named.modified, version.modified)),
        "ETag": f'"{version.etag}"',
        **service.sum_headers(call, version),
        **named.headers,
        **{f"{prefix}meta-{name}": value for name, value in named.meta.items()},
        **service.versioned(bucket, named),
        **service.kind_headers(named, version),
    }
    if named.tags:
        headers[f"{prefix}tagging-count"] = str(len(named.tags))
    thaw = thaw_header(service, named)
    if thaw:
        headers[f"{prefix}restore"] = thaw
    if service.controls.switches.default_domain and call.host.partition(":")[0] not in service.domains:
        headers["Content-Disposition"] = "attachment"
        headers[f"{prefix}force-download"] = "true"
    return headers


def _overrides(call: Call) -> dict[str, str]:
    found = {name: call.query[parameter] for parameter, name in _OVERRIDES.items() if parameter in call.query}
    if found and not call.identity:
        raise Refused(400, "InvalidRequest", "Response headers can't be overridden by anonymous requests.")
    return found


def _compressed(version: Version, headers: dict[str, str]) -> Reply:
    headers = {name: value for name, value in headers.items() if name not in ("ETag", "Accept-Ranges")}
    headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "Transfer-Encoding": "chunked"}
    return Reply(200, headers, gzip.compress(version.blob.bytes()))
