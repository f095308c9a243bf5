"""S3's buckets, and ACLs."""

from __future__ import annotations

import re

from tests.emulators.bodies import document_of
from tests.emulators.documents import Element, document, parse, text
from tests.emulators.drafts import acl
from tests.emulators.messages import Call, Refused, Reply, xml
from tests.emulators.s3_listing import OWNER
from tests.emulators.service import Service

_NAME = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
_TYPE = 'Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type='


async def put_bucket(service: Service, call: Call) -> Reply:
    """Make it, in our region."""
    if not _NAME.fullmatch(call.bucket):
        raise Refused(400, "InvalidBucketName", "The specified bucket is not valid.")
    if call.bucket in service.buckets:
        message = "Your previous request to create the named bucket succeeded and you already own it."
        raise Refused(409, "BucketAlreadyOwnedByYou", message)
    body = await document_of(service, call)
    where = text(parse(body, "CreateBucketConfiguration"), "LocationConstraint") if body else ""
    if (where or "us-east-1") != service.region:
        message = "The specified location-constraint is not valid for the region of this endpoint."
        raise Refused(400, "IllegalLocationConstraintException", message)
    service.make_bucket(call.bucket)
    return Reply(200, {"Location": f"/{call.bucket}"})


async def delete_bucket(service: Service, call: Call) -> Reply:
    """Only an empty one goes."""
    bucket = service.bucket(call)
    if not bucket.empty:
        raise Refused(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
    del service.buckets[bucket.name]
    return Reply(204)


async def head_bucket(service: Service, call: Call) -> Reply:
    """Whether it is there."""
    return Reply(200, {"x-amz-bucket-region": service.bucket(call).region})


async def get_location(service: Service, call: Call) -> Reply:
    """Where it is; the first region has no name."""
    region = service.bucket(call).region
    return xml(document("LocationConstraint", "" if region == "us-east-1" else region))


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


async def get_object_acl(service: Service, call: Call) -> Reply:
    """An object's ACL, as grants."""
    version = service.version(service.bucket(call), call.key, call.query.get("versionId"))
    user: list[Element] = [(f'{_TYPE}"CanonicalUser"', OWNER), ("Permission", "FULL_CONTROL")]
    grants: list[Element] = [("Grant", user)]
    public = {"public-read": ["READ"], "public-read-write": ["READ", "WRITE"]}
    for permission in public.get(version.acl, []):
        grants.append(("Grant", [(f'{_TYPE}"Group"', [("URI", _ALL_USERS)]), ("Permission", permission)]))
    return xml(document("AccessControlPolicy", [("Owner", OWNER), ("AccessControlList", grants)]))


async def put_object_acl(service: Service, call: Call) -> Reply:
    """An object's canned ACL, set."""
    version = service.version(service.bucket(call), call.key, call.query.get("versionId"))
    if await document_of(service, call):
        raise Refused(501, "NotImplemented", "Only canned ACLs can be set.")
    version.acl = acl(service, call, "x-amz-acl")
    return Reply(200)
