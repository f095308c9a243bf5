"""Uploads in parts."""

from __future__ import annotations

import hashlib

from tests.emulators.blobs import cut, join
from tests.emulators.bodies import document_of, receive
from tests.emulators.conditions import parse_range
from tests.emulators.documents import document, encoder, parse, text
from tests.emulators.drafts import acl, draft
from tests.emulators.messages import Call, Refused, Reply, xml
from tests.emulators.service import Service
from tests.emulators.state import Part, Upload
from tests.emulators.writing import copy_source


async def begin(service: Service, call: Call) -> Reply:
    """Begin an upload: the answer has its id."""
    bucket = service.bucket(call)
    service.check_overwrite(call, bucket)
    now = service.clock.now()
    upload = Upload(call.key, service.fresh_id(), now, draft(service, call, bucket))
    told = service.begun(call, upload)
    bucket.uploads[upload.id] = upload
    encode = encoder(call.query.get("encoding-type", ""))
    fields = [("Bucket", bucket.name), ("Key", encode(call.key)), ("UploadId", upload.id)]
    return xml(document("InitiateMultipartUploadResult", fields), 200, told)


async def put_part(service: Service, call: Call) -> Reply:
    """Store a part; one of the same number is replaced."""
    number = _number(service, call)
    service.upload(call)
    blob = await receive(service, call, service.limits.part_max)
    upload = service.upload(call)  # it may have ended meanwhile
    part = Part(number, blob, service.etag(blob.md5), service.clock.now())
    service.keep_part_sum(call, upload, part)
    upload.parts[number] = part
    return Reply(200, service.part_stored(part))


async def copy_part(service: Service, call: Call) -> Reply:
    """Store a part that is a piece of another object."""
    number = _number(service, call)
    upload = service.upload(call)
    source_bucket, source = copy_source(service, call)
    header = service.header(call, "copy-source-range")
    piece = (0, source.blob.size)
    if header:
        try:
            found = parse_range(header, source.blob.size)
        except ValueError:
            found = None
        if found is None:
            raise Refused(416, "InvalidRange", "The requested range cannot be satisfied.")
        piece = found
    if piece[1] > service.limits.part_max:
        raise Refused(400, "EntityTooLarge", "The part is too large.")
    blob = cut(source.blob, *piece)
    part = Part(number, blob, service.etag(blob.md5), service.clock.now())
    service.keep_part_sum(call, upload, part)
    upload.parts[number] = part
    told = {f"{service.prefix}copy-source-version-id": source.id} if source_bucket.versioning else {}
    body = document("CopyPartResult", service.copied(part))
    return xml(body, 200, {**service.copy_headers(part), **told})


async def complete(service: Service, call: Call) -> Reply:
    """Make the object of the parts that are named."""
    bucket, upload = service.bucket(call), service.upload(call)
    body = await document_of(service, call)
    service.check_overwrite(call, bucket)
    parts = _all(service, call, upload, body) or _named(service, upload, body)
    service.check_parts(parts)
    version = upload.draft
    if service.acl_at_end:
        version.acl = acl(service, call, service.prefix + service.object_acl)
    version.blob = join(part.blob for part in parts)
    digests = b"".join(part.blob.md5 for part in parts)
    version.etag = service.etag(hashlib.md5(digests, usedforsecurity=False).digest(), len(parts))
    version.kind, version.modified = "Multipart", service.clock.now()
    service.join_sums(call, upload, parts)
    bucket.put(version)
    del bucket.uploads[upload.id]
    encode = encoder(call.query.get("encoding-type", ""))
    return service.completed(call, bucket, version, encode(call.key))


def _all(service: Service, call: Call, upload: Upload, body: bytes) -> list[Part]:
    """All parts there are, for who asks for that and names none."""
    if service.header(call, "complete-all").lower() != "yes":
        return []
    if body:
        raise Refused(400, "InvalidArgument", "A request for all parts must not name any.")
    return [upload.parts[number] for number in sorted(upload.parts)]


def _named(service: Service, upload: Upload, body: bytes) -> list[Part]:
    listed = parse(body, "CompleteMultipartUpload").findall("Part")
    if not listed:
        raise Refused(400, "MalformedXML", "The XML you provided was not well-formed or did not validate.")
    parts, before = [], 0
    for element in listed:
        number = int(text(element, "PartNumber") or 0)
        if number <= before:
            raise Refused(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
        before = number
        part = upload.parts.get(number)
        if part is None or part.etag.lower() != text(element, "ETag").strip('"').lower():
            message = "One or more of the specified parts could not be found or the entity tag did not match."
            raise Refused(400, "InvalidPart", message, fields={"PartNumber": str(number), "UploadId": upload.id})
        service.check_named(upload, part, element)
        parts.append(part)
    return parts


def check_sizes(service: Service, parts: list[Part]) -> None:
    """Raises Refused where any but the last is too small."""
    for part in parts[:-1]:
        if part.blob.size < service.limits.part_min:
            fields = {
                "ProposedSize": str(part.blob.size),
                "MinSizeAllowed": str(service.limits.part_min),
                "PartNumber": str(part.number),
                "ETag": part.etag,
            }
            message = "Your proposed upload smaller than the minimum allowed size."
            raise Refused(400, "EntityTooSmall", message, fields=fields)


async def abort(service: Service, call: Call) -> Reply:
    """Drop an upload and its parts."""
    upload = service.upload(call)
    del service.bucket(call).uploads[upload.id]
    return Reply(204)


def parts_page(service: Service, call: Call, upload: Upload) -> tuple[list[Part], int, int, bool]:
    """A page of an upload's parts: these, marker, limit, and whether there are more."""
    marker = int(call.query.get("part-number-marker") or 0)
    limit = int(call.query.get("max-parts") or service.limits.page)
    if not 1 <= limit <= service.limits.page:
        raise Refused(400, "InvalidArgument", "The max-parts that you specified is not valid.")
    behind = [upload.parts[number] for number in sorted(upload.parts) if number > marker]
    return behind[:limit], marker, limit, len(behind) > limit


def _number(service: Service, call: Call) -> int:
    value = call.query["partNumber"]
    if not value.isdigit() or not 1 <= int(value) <= service.limits.parts:
        message = f"Part number must be an integer between 1 and {service.limits.parts}, inclusive."
        raise Refused(400, "InvalidArgument", message, fields={"ArgumentName": "partNumber", "ArgumentValue": value})
    return int(value)
