"""OSS's buckets, and their settings and ACLs."""

from __future__ import annotations

import re

from tests.emulators.bodies import document_of
from tests.emulators.documents import Element, document, parse, text
from tests.emulators.drafts import acl
from tests.emulators.messages import Call, Refused, Reply, xml
from tests.emulators.oss_listing import OWNER, about_bucket
from tests.emulators.service import Service
from tests.emulators.state import Bucket

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


async def put_bucket(service: Service, call: Call) -> Reply:
    """Make it; one's own is there already, and stays."""
    if not _NAME.fullmatch(call.bucket):
        raise Refused(400, "InvalidBucketName", "The specified bucket is not valid.")
    body = await document_of(service, call)
    storage_class = service.classes[0]
    if body:
        storage_class = text(parse(body, "CreateBucketConfiguration"), "StorageClass") or storage_class
    bucket = service.buckets.setdefault(
        call.bucket, Bucket(call.bucket, service.region, service.clock.now(), storage_class)
    )
    bucket.acl = _acl(service, call, bucket.acl)
    return Reply(200, {"Location": f"/{call.bucket}"})


async def delete_bucket(service: Service, call: Call) -> Reply:
    """Only an empty one goes."""
    bucket = service.bucket(call)
    if not bucket.empty or bucket.uploads:
        raise Refused(409, "BucketNotEmpty", "The bucket has objects. Please delete them first.")
    del service.buckets[bucket.name]
    return Reply(204)


async def get_info(service: Service, call: Call) -> Reply:
    """All about it."""
    bucket = service.bucket(call)
    fields: list[Element] = [
        *about_bucket(service, bucket.name),
        ("Owner", OWNER),
        ("AccessControlList", [("Grant", bucket.acl)]),
        ("DataRedundancyType", "LRS"),
    ]
    if bucket.versioning:
        fields.append(("Versioning", bucket.versioning))
    return xml(document("BucketInfo", [("Bucket", fields)]))


async def get_location(service: Service, call: Call) -> Reply:
    """Where it is."""
    return xml(document("LocationConstraint", f"oss-{service.bucket(call).region}"))


async def get_stat(service: Service, call: Call) -> Reply:
    """How much is in it."""
    bucket = service.bucket(call)
    versions = [version for key in bucket.keys_from() for version in bucket.chain(key) if not version.marker]
    fields: list[Element] = [
        ("Storage", sum(version.blob.size for version in versions)),
        ("ObjectCount", len(versions)),
        ("MultipartUploadCount", len(bucket.uploads)),
    ]
    return xml(document("BucketStat", fields))


async def get_bucket_acl(service: Service, call: Call) -> Reply:
    """Its ACL."""
    return _acl_document(service.bucket(call).acl)


async def put_bucket_acl(service: Service, call: Call) -> Reply:
    """Its ACL, set."""
    bucket = service.bucket(call)
    bucket.acl = _acl(service, call, bucket.acl)
    return Reply(200)


async def get_object_acl(service: Service, call: Call) -> Reply:
    """An object's ACL; "default" is the bucket's."""
    bucket = service.bucket(call)
    version = service.version(bucket, call.key, call.query.get("versionId"))
    return _acl_document(version.acl)


async def put_object_acl(service: Service, call: Call) -> Reply:
    """An object's ACL, set."""
    bucket = service.bucket(call)
    version = service.version(bucket, call.key, call.query.get("versionId"))
    version.acl = acl(service, call, "x-oss-object-acl")
    return Reply(200, service.versioned(bucket, version))


async def get_versioning(service: Service, call: Call) -> Reply:
    """Whether versions are kept."""
    status = service.bucket(call).versioning
    return xml(document("VersioningConfiguration", [("Status", status)] if status else []))


async def put_versioning(service: Service, call: Call) -> Reply:
    """Keep versions, or no more."""
    bucket = service.bucket(call)
    status = text(parse(await document_of(service, call), "VersioningConfiguration"), "Status")
    if status == "Enabled":
        bucket.versioning = "Enabled"
    elif status == "Suspended":
        bucket.versioning = "Suspended"
    else:
        raise Refused(400, "MalformedXML", "The XML you provided was not well-formed or did not validate.")
    return Reply(200)


async def get_direct_read(service: Service, call: Call) -> Reply:
    """Whether archived objects can be read without a restore."""
    enabled = service.bucket(call).settings.get("direct read") == b"true"
    return xml(document("ArchiveDirectReadConfiguration", [("Enabled", enabled)]))


async def put_direct_read(service: Service, call: Call) -> Reply:
    """Let archived objects be read, or not."""
    root = parse(await document_of(service, call), "ArchiveDirectReadConfiguration")
    service.bucket(call).settings["direct read"] = text(root, "Enabled").encode()
    return Reply(200)


async def get_symlink(service: Service, call: Call) -> Reply:
    """What it points at."""
    bucket = service.bucket(call)
    version = service.version(bucket, call.key, call.query.get("versionId"))
    if version.kind != "Symlink":
        raise Refused(400, "NotSymlink", "The object is not symlink object.")
    return Reply(200, service.symlink_headers(bucket, version))


def _acl_document(value: str) -> Reply:
    return xml(document("AccessControlPolicy", [("Owner", OWNER), ("AccessControlList", [("Grant", value)])]))


def _acl(service: Service, call: Call, present: str) -> str:
    value = acl(service, call, "x-oss-acl")
    return present if value == "default" else value
