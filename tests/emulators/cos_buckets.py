"""COS's buckets, and ACLs."""

from __future__ import annotations

import re

from tests.emulators.bodies import document_of
from tests.emulators.cos_listing import OWNER
from tests.emulators.documents import Element, document, parse, text
from tests.emulators.drafts import acl
from tests.emulators.messages import Call, Refused, Reply, xml
from tests.emulators.service import Service
from tests.emulators.state import Bucket

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*-\d+")
_ALL_USERS = "http://cam.qcloud.com/groups/global/AllUsers"
_TYPE = 'Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type='


async def put_bucket(service: Service, call: Call) -> Reply:
    """Make it; its name ends in the account's number."""
    if not _NAME.fullmatch(call.bucket):
        raise Refused(400, "InvalidBucketName", "The specified bucket is not valid.")
    if call.bucket in service.buckets:
        message = "The bucket that you want to create already exists, and you are the owner."
        raise Refused(409, "BucketAlreadyOwnedByYou", message)
    await document_of(service, call)
    _set_acl(service.make_bucket(call.bucket), acl(service, call, "x-cos-acl"))
    return Reply(200)


async def delete_bucket(service: Service, call: Call) -> Reply:
    """Only an empty one goes."""
    bucket = service.bucket(call)
    if not bucket.empty or bucket.uploads:
        raise Refused(409, "BucketNotEmpty", "The bucket you tried to delete is not empty.")
    del service.buckets[bucket.name]
    return Reply(204)


async def head_bucket(service: Service, call: Call) -> Reply:
    """Whether it is there."""
    return Reply(200, {"x-cos-bucket-region": service.bucket(call).region})


async def get_location(service: Service, call: Call) -> Reply:
    """Where it is."""
    return xml(document("LocationConstraint", service.bucket(call).region))


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


async def get_bucket_acl(service: Service, call: Call) -> Reply:
    """Its ACL, as grants."""
    return _grants(service.bucket(call).acl)


async def put_bucket_acl(service: Service, call: Call) -> Reply:
    """Its ACL, set."""
    bucket = service.bucket(call)
    _set_acl(bucket, await _asked(service, call))
    return Reply(200)


async def get_object_acl(service: Service, call: Call) -> Reply:
    """An object's ACL, as grants; that it is the bucket's is told in a header."""
    bucket = service.bucket(call)
    version = service.version(bucket, call.key, call.query.get("versionId"))
    reply = _grants(version.acl if version.acl != "default" else bucket.acl)
    if version.acl == "default":
        reply.headers["x-cos-acl"] = "default"
    return reply


async def put_object_acl(service: Service, call: Call) -> Reply:
    """An object's ACL, set."""
    bucket = service.bucket(call)
    version = service.version(bucket, call.key, call.query.get("versionId"))
    version.acl = await _asked(service, call)
    return Reply(200)


async def get_symlink(service: Service, call: Call) -> Reply:
    """What it points at."""
    bucket = service.bucket(call)
    version = service.version(bucket, call.key, call.query.get("versionId"))
    if version.kind != "Symlink":
        raise Refused(400, "InvalidRequest", "The object is not a symlink.")
    return Reply(200, service.symlink_headers(bucket, version))


async def _asked(service: Service, call: Call) -> str:
    body = await document_of(service, call)
    if not body:
        return acl(service, call, "x-cos-acl")
    root = parse(body, "AccessControlPolicy")
    granted = {
        text(grant, "Permission")
        for grant in root.iterfind("AccessControlList/Grant")
        if text(grant, "Grantee/URI") == _ALL_USERS
    }
    return "public-read-write" if "WRITE" in granted else "public-read" if granted else "private"


def _set_acl(bucket: Bucket, value: str) -> None:
    if value != "default":
        bucket.acl = value


def _grants(value: str) -> Reply:
    user: list[Element] = [(f'{_TYPE}"CanonicalUser"', OWNER), ("Permission", "FULL_CONTROL")]
    grants: list[Element] = [("Grant", user)]
    public = {"public-read": ["READ"], "public-read-write": ["READ", "WRITE"]}
    for permission in public.get(value, []):
        grants.append(("Grant", [(f'{_TYPE}"Group"', [("URI", _ALL_USERS)]), ("Permission", permission)]))
    return xml(document("AccessControlPolicy", [("Owner", OWNER), ("AccessControlList", grants)]))
