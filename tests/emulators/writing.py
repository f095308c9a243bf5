"""Objects written, copied and deleted."""

from __future__ import annotations

from dataclasses import replace

from tests.emulators.blobs import EMPTY, join
from tests.emulators.bodies import document_of, receive
from tests.emulators.conditions import check_conditions
from tests.emulators.documents import Element, document, encoder, parse, text
from tests.emulators.drafts import draft
from tests.emulators.messages import Call, Refused, Reply, xml
from tests.emulators.service import Service
from tests.emulators.state import Bucket, Version
from tests.emulators.thawing import frozen


async def put_object(service: Service, call: Call) -> Reply:
    """Store the body."""
    bucket = service.bucket(call)
    service.check_overwrite(call, bucket)
    version = draft(service, call, bucket)
    version.blob = await receive(service, call, service.limits.put)
    version.etag = service.etag(version.blob.md5)
    service.check_overwrite(call, bucket)  # somebody may have been faster
    version.modified = service.clock.now()
    service.keep_sum(call, version)
    bucket.put(version)
    return Reply(200, service.stored(bucket, version))


async def append_object(service: Service, call: Call) -> Reply:
    """Store the body behind what is there."""
    bucket = service.bucket(call)
    current = bucket.current(call.key)
    if current is not None and current.marker:
        current = None
    if current is not None and current.kind != "Appendable":
        raise Refused(409, "ObjectNotAppendable", "The object is not appendable.")
    size = current.blob.size if current is not None else 0
    if call.query["position"] != str(size):
        told = {
            f"{service.prefix}next-append-position": str(size),
            f"{service.prefix}hash-crc64ecma": str(current.blob.crc if current is not None else 0),
        }
        message = "Position is not equal to file length."
        raise Refused(409, service.wrong_position, message, headers=told)
    added = await receive(service, call, service.limits.put)
    version = current if current is not None else replace(draft(service, call, bucket), kind="Appendable")
    version.blob = join([version.blob, added]) if current is not None else added
    version.etag = service.etag(version.blob.md5[::-1])  # it isn't the MD5 of the bytes
    version.modified = service.clock.now()
    if current is None:
        bucket.put(version)
    told = {f"{service.prefix}next-append-position": str(version.blob.size)}
    return Reply(200, {**service.stored(bucket, version), **told})


async def copy_object(service: Service, call: Call) -> Reply:
    """Store what another object holds; the bytes pass nobody's machine."""
    bucket = service.bucket(call)
    if not service.copies_over:
        service.check_overwrite(call, bucket)
    source_bucket, source = copy_source(service, call)
    if source.blob.size > service.limits.copy:
        raise Refused(400, service.copy_too_large, "The source is too large to be copied in one request.")
    version = _copied(service, call, bucket, source_bucket, source)
    service.keep_sum(call, version)
    bucket.put(version)
    told = {**service.copy_headers(version), **service.versioned(bucket, version)}
    if source_bucket.versioning:
        told[f"{service.prefix}copy-source-version-id"] = source.id
    body = document("CopyObjectResult", service.copied(version))
    return xml(body, 200, told)


def copy_source(service: Service, call: Call) -> tuple[Bucket, Version]:
    """Where the bytes come from, readable and as the conditions want it. Raises Refused."""
    name, key, version_id = service.copy_source(service.header(call, "copy-source"))
    bucket = service.named(name)
    service.check_copy_region(bucket)
    source = service.version(bucket, key, version_id)
    check_conditions(call.headers, source, f"{service.prefix}copy-source-", reading=False)
    if frozen(service, bucket, source):
        message = "The operation is not valid for the object's state."
        raise Refused(403, "InvalidObjectState", message, fields={"ObjectName": key})
    return bucket, source


def _copied(service: Service, call: Call, bucket: Bucket, source_bucket: Bucket, source: Version) -> Version:
    made = draft(service, call, bucket)
    directive = service.header(call, "metadata-directive").upper()
    if directive not in ("", "COPY", service.replaces):
        raise Refused(400, "InvalidArgument", "The metadata directive is not valid.")
    replaced = directive == service.replaces
    same = source_bucket is bucket and source.key == call.key
    if same and not replaced and not service.copies_onto_itself:
        raise Refused(400, "InvalidRequest", "An object can only be copied onto itself with other metadata.")
    if not replaced:
        made.headers, made.meta = dict(source.headers), dict(source.meta)
    if service.header(call, "tagging-directive").upper() != service.replaces:
        made.tags = dict(source.tags)
    made.blob, made.target = source.blob, source.target
    made.kind = "Symlink" if source.kind == "Symlink" else "Normal"
    made.etag = service.etag(made.blob.md5)
    made.sum = source.sum
    return made


async def put_symlink(service: Service, call: Call) -> Reply:
    """Store an object that points at another."""
    bucket = service.bucket(call)
    service.check_overwrite(call, bucket)
    target = service.symlink_target(call)
    service.check_key(target)
    version = draft(service, call, bucket)
    version.kind, version.target, version.blob = "Symlink", target, EMPTY
    version.etag = service.etag(EMPTY.md5)
    bucket.put(version)
    return Reply(200, {"ETag": f'"{version.etag}"', **service.versioned(bucket, version)})


async def delete_object(service: Service, call: Call) -> Reply:
    """Delete it, or one version; what isn't there counts as deleted."""
    bucket = service.bucket(call)
    return Reply(204, _deleted_headers(service, *_delete(service, bucket, call.key, call.query.get("versionId"))))


def _delete(service: Service, bucket: Bucket, key: str, version_id: str | None) -> tuple[Version | None, bool]:
    """What is told of: the removed version or the marker left; and whether that is a marker."""
    if version_id is None:
        left = bucket.delete(key, service.clock.now())
        return left, left is not None
    removed = bucket.remove(key, version_id)
    return removed, removed is not None and removed.marker


def _deleted_headers(service: Service, told: Version | None, marker: bool) -> dict[str, str]:
    headers = {f"{service.prefix}version-id": told.id} if told is not None and told.id != "null" else {}
    return {**headers, f"{service.prefix}delete-marker": "true"} if marker else headers


async def delete_many(service: Service, call: Call) -> Reply:
    """Delete up to a thousand."""
    bucket = service.bucket(call)
    if not service.sealed(call):
        raise Refused(
            400, service.missing_md5, "Missing Some Required Arguments.", fields={"ArgumentName": "Content-MD5"}
        )
    root = parse(await document_of(service, call), "Delete")
    named = root.findall("Object")
    if not 1 <= len(named) <= service.limits.delete or any(not text(each, "Key") for each in named):
        raise Refused(400, "MalformedXML", "The XML you provided was not well-formed or did not validate.")
    encode = encoder(call.query.get("encoding-type", ""))
    told: list[Element] = []
    for each in named:
        key, version_id = text(each, "Key"), each.findtext("VersionId")
        left, marker = _delete(service, bucket, key, version_id)
        entry: list[Element] = [("Key", encode(key))]
        if version_id:
            entry.append(("VersionId", version_id))
        if marker and left is not None:
            entry += [("DeleteMarker", "true"), ("DeleteMarkerVersionId", left.id)]
        told.append(("Deleted", entry))
    return service.deleted(call, told, quiet=text(root, "Quiet").lower() == "true")
