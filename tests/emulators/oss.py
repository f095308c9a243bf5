"""Aliyun OSS, as strict as the real one. By hand: ``python -m tests.emulators.oss --help``.

What it is faithful to, and what is assumed, is told in FIDELITY.md beside it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import quote, unquote

from tests.emulators import multipart, oss_buckets, oss_listing, reading, tagging, thawing, writing
from tests.emulators.clock import http_date
from tests.emulators.command import main
from tests.emulators.conditions import parse_range
from tests.emulators.controls import Fault
from tests.emulators.documents import Element, document, optional
from tests.emulators.messages import Call, Refused, Reply, parse_query, xml
from tests.emulators.oss_authentication import authenticate
from tests.emulators.service import Limits, Route, Service
from tests.emulators.state import Bucket, Part, Version

_TEXT = (
    "text/cache-manifest",
    "text/xml",
    "text/plain",
    "text/css",
    "text/json",
    "application/javascript",
    "application/x-javascript",
    "application/rss+xml",
    "application/json",
)
"""Content types that are compressed on the way, from a kilobyte on."""
_HOURS: Mapping[str, Mapping[str, float]] = {
    "Archive": {"Standard": 1 / 60},
    "ColdArchive": {"Expedited": 1, "Standard": 5, "Bulk": 12},
    "DeepColdArchive": {"Expedited": 12, "Standard": 48},
}
_EC = {
    "NoSuchKey": "0026-00000001",
    "NoSuchBucket": "0015-00000101",
    "AccessDenied": "0003-00000001",
    "MissingArgument": "0016-00000606",
}


class Oss(Service):
    """Its rules."""

    prefix = "x-oss-"
    classes = ("Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive")
    archived = ("Archive", "ColdArchive", "DeepColdArchive")
    acls = ("private", "public-read", "public-read-write")
    object_acl = "object-acl"
    tag_sizes = (128, 256)
    job_parameters = "JobParameters"
    restores_without_body = True
    speeds_up = True
    acl_at_end = True
    copies_onto_itself = True
    wrong_md5 = "InvalidDigest"
    missing_md5 = "MissingArgument"
    too_many_tags = "InvalidTag"
    bad_class = "InvalidArgument"
    bad_restore = "InvalidArgument"
    wrong_position = "PositionNotEqualToLength"
    copy_too_large = "EntityTooLarge"
    routes: ClassVar[Sequence[Route]] = (
        Route("list_buckets", "GET", "service", oss_listing.list_buckets),
        Route("put_bucket_acl", "PUT", "bucket", oss_buckets.put_bucket_acl, ("acl",)),
        Route("put_versioning", "PUT", "bucket", oss_buckets.put_versioning, ("versioning",)),
        Route("put_direct_read", "PUT", "bucket", oss_buckets.put_direct_read, ("bucketArchiveDirectRead",)),
        Route("put_bucket", "PUT", "bucket", oss_buckets.put_bucket),
        Route("delete_bucket", "DELETE", "bucket", oss_buckets.delete_bucket),
        Route("get_bucket_acl", "GET", "bucket", oss_buckets.get_bucket_acl, ("acl",)),
        Route("get_bucket_info", "GET", "bucket", oss_buckets.get_info, ("bucketInfo",)),
        Route("get_bucket_location", "GET", "bucket", oss_buckets.get_location, ("location",)),
        Route("get_bucket_stat", "GET", "bucket", oss_buckets.get_stat, ("stat",)),
        Route("get_versioning", "GET", "bucket", oss_buckets.get_versioning, ("versioning",)),
        Route("get_direct_read", "GET", "bucket", oss_buckets.get_direct_read, ("bucketArchiveDirectRead",)),
        Route("list_versions", "GET", "bucket", oss_listing.list_versions, ("versions",)),
        Route("list_uploads", "GET", "bucket", oss_listing.list_uploads, ("uploads",)),
        Route("list_objects_v2", "GET", "bucket", oss_listing.list_objects_v2, ("list-type",)),
        Route("list_objects", "GET", "bucket", oss_listing.list_objects),
        Route("delete_many", "POST", "bucket", writing.delete_many, ("delete",)),
        Route("begin", "POST", "object", multipart.begin, ("uploads",)),
        Route("complete", "POST", "object", multipart.complete, ("uploadId",)),
        Route("restore", "POST", "object", thawing.restore_object, ("restore",)),
        Route("append", "POST", "object", writing.append_object, ("append", "position")),
        Route("copy_part", "PUT", "object", multipart.copy_part, ("partNumber", "uploadId"), "copy-source"),
        Route("put_part", "PUT", "object", multipart.put_part, ("partNumber", "uploadId")),
        Route("put_object_acl", "PUT", "object", oss_buckets.put_object_acl, ("acl",)),
        Route("put_tagging", "PUT", "object", tagging.put_tagging, ("tagging",)),
        Route("put_symlink", "PUT", "object", writing.put_symlink, ("symlink",)),
        Route("copy_object", "PUT", "object", writing.copy_object, (), "copy-source"),
        Route("put_object", "PUT", "object", writing.put_object),
        Route("list_parts", "GET", "object", oss_listing.list_parts, ("uploadId",)),
        Route("get_object_acl", "GET", "object", oss_buckets.get_object_acl, ("acl",)),
        Route("get_tagging", "GET", "object", tagging.get_tagging, ("tagging",)),
        Route("get_symlink", "GET", "object", oss_buckets.get_symlink, ("symlink",)),
        Route("get_object", "GET", "object", reading.get_object),
        Route("head_object", "HEAD", "object", reading.head_object),
        Route("abort", "DELETE", "object", multipart.abort, ("uploadId",)),
        Route("delete_tagging", "DELETE", "object", tagging.delete_tagging, ("tagging",)),
        Route("delete_object", "DELETE", "object", writing.delete_object),
    )

    def __init__(self, folder: str, region: str = "cn-hangzhou") -> None:
        super().__init__(folder, region)
        self.limits = Limits(part_min=100 * 1024, copy=1 << 30, page_default=100)

    def locate(self, call: Call) -> None:
        host = call.host.partition(":")[0].lower()
        first, _, rest = host.partition(".")
        if host in self.domains:
            call.bucket, call.key = self.domains[host], call.path[1:]
        elif host.endswith(".aliyuncs.com") and first.startswith("oss-"):
            if call.path != "/":
                message = "The bucket you are attempting to access must be addressed using OSS third level domain."
                raise Refused(403, "SecondLevelDomainForbidden", message)
        elif host.endswith(".aliyuncs.com") or (first in self.buckets and rest):
            call.bucket, call.key = first, call.path[1:]
            self._check_endpoint(rest)
        else:
            call.bucket, _, call.key = call.path[1:].partition("/")

    def _check_endpoint(self, endpoint: str) -> None:
        named = endpoint.partition(".")[0].removeprefix("oss-").removesuffix("-internal")
        if endpoint.endswith(".aliyuncs.com") and named not in (self.region, "accelerate", "accelerate-overseas"):
            message = (
                "The bucket you are attempting to access must be addressed using the specified endpoint. "
                "Please send all future requests to this endpoint."
            )
            raise Refused(403, "AccessDenied", message, fields={"Endpoint": f"oss-{self.region}.aliyuncs.com"})

    def authenticate(self, call: Call) -> str:
        return authenticate(self, call)

    def authorize(self, call: Call) -> None:
        super().authorize(call)
        public = call.host.partition(":")[0] not in self.domains and "-internal." not in call.host
        if self.controls.switches.public_forbidden and public and call.bucket and call.verb != "get_bucket_info":
            message = "Data access through the public endpoint is forbidden; use a custom domain."
            raise Refused(403, "PublicEndpointForbidden", message, fields={"EC": "0003-00000903"})

    def anonymous(self) -> Refused:
        return Refused(403, "AccessDenied", "You have no right to access this object because of bucket acl.")

    def error(self, call: Call, refused: Refused) -> Reply:
        fields = dict(refused.fields)
        ec = fields.pop("EC", "") or _EC.get(refused.code, "")
        described: list[Element] = [
            ("Code", refused.code),
            ("Message", refused.message),
            ("RequestId", call.request_id),
            ("HostId", call.host),
            *fields.items(),
            *optional("EC", ec),
            *optional("RecommendDoc", f"https://api.aliyun.com/troubleshoot?q={ec}" if ec else ""),
        ]
        body = document("Error", described)
        headers = {**refused.headers, **({"x-oss-ec": ec} if ec else {})}
        if call.method == "HEAD" and refused.status != 304:
            headers["x-oss-err"] = base64.b64encode(body).decode()
        return xml(body, refused.status, headers)

    def common_headers(self, call: Call) -> dict[str, str]:
        return {"Server": "AliyunOSS", "x-oss-request-id": call.request_id, "x-oss-server-time": "7"}

    def check_key(self, key: str) -> None:
        try:
            size = len(key.encode())
        except UnicodeEncodeError:
            size = 0
        if not 0 < size <= self.limits.key or key[0] in "/\\":
            message = "The specified object is not valid."
            if size > self.limits.key:
                message = f"The length of object name must be less than {self.limits.key + 1}."
            raise Refused(400, "InvalidObjectName", message, fields={"ObjectName": key[:64]})

    def throttled(self, fault: Fault) -> Refused:
        delay = {"x-oss-qos-delay-time": str(fault.delay_ms)} if fault.delay_ms else {}
        return Refused(503, fault.code or "TotalQpsLimitExceeded", "Please reduce your request rate.", headers=delay)

    def etag(self, md5: bytes, parts: int = 0) -> str:
        return md5.hex().upper() + (f"-{parts}" if parts else "")

    def range(self, call: Call, size: int) -> tuple[int, int] | None:
        header = call.headers.get("range")
        if header is None:
            return None
        # Of several ranges only the first counts.
        try:
            found = parse_range(header.partition(",")[0], size)
        except ValueError:
            return None
        if call.headers.get("x-oss-range-behavior") == "standard":
            if found is None:
                message = "The requested range cannot be satisfied"
                raise Refused(416, "InvalidRange", message, headers={"Content-Range": f"bytes */{size}"})
            return found
        return found if _within(header, size) else None

    def compresses(self, call: Call, version: Version, headers: dict[str, str]) -> bool:
        accepts = "gzip" in call.headers.get("accept-encoding", "")
        plain = headers["Content-Type"].partition(";")[0].strip().lower() in _TEXT and "Content-Encoding" not in headers
        asked = accepts and "range" not in call.headers and self.controls.switches.compress
        return asked and plain and version.blob.size >= 1024

    def kind_headers(self, named: Version, version: Version) -> dict[str, str]:
        headers = {"x-oss-object-type": named.kind, "x-oss-storage-class": named.storage_class}
        if version.kind == "Normal":
            headers["Content-MD5"] = base64.b64encode(version.blob.md5).decode()
        if named.kind == "Appendable":
            headers["x-oss-next-append-position"] = str(named.blob.size)
        return headers

    def stored(self, bucket: Bucket, version: Version) -> dict[str, str]:
        return {
            "ETag": f'"{version.etag}"',
            "Content-MD5": base64.b64encode(version.blob.md5).decode(),
            "x-oss-hash-crc64ecma": str(version.blob.crc),
            **self.versioned(bucket, version),
        }

    def part_stored(self, part: Part) -> dict[str, str]:
        return {
            "ETag": f'"{part.etag}"',
            "Content-MD5": base64.b64encode(part.blob.md5).decode(),
            "x-oss-hash-crc64ecma": str(part.blob.crc),
        }

    def check_parts(self, parts: list[Part]) -> None:
        multipart.check_sizes(self, parts)

    def completed(self, call: Call, bucket: Bucket, version: Version, key: str) -> Reply:
        fields: list[Element] = [
            *optional("EncodingType", call.query.get("encoding-type", "")),
            ("Location", f"http://{call.host}/{quote(version.key)}"),
            ("Bucket", bucket.name),
            ("Key", key),
            ("ETag", f'"{version.etag}"'),
        ]
        headers = {"x-oss-hash-crc64ecma": str(version.blob.crc), "ETag": f'"{version.etag}"'}
        told = {**headers, **self.versioned(bucket, version)}
        return xml(document("CompleteMultipartUploadResult", fields), 200, told)

    def deleted(self, call: Call, told: list[Element], *, quiet: bool) -> Reply:
        if quiet:
            return Reply(200)
        return xml(document("DeleteResult", [*optional("EncodingType", call.query.get("encoding-type", "")), *told]))

    def thaw_hours(self, storage_class: str, tier: str) -> float:
        return _HOURS[storage_class].get(tier, 0)

    def thaw_days(self, storage_class: str) -> int:
        return 7 if storage_class == "Archive" else 365

    def restore_headers(self, storage_class: str, tier: str) -> dict[str, str]:
        return {} if storage_class == "Archive" else {"x-oss-object-restore-priority": tier}

    def not_archived(self) -> Refused:
        return Refused(400, "OperationNotSupported", "The operation is not supported for this resource")

    def reads_archived(self, bucket: Bucket, version: Version) -> bool:
        return version.storage_class == "Archive" and bucket.settings.get("direct read") == b"true"

    def copy_source(self, header: str) -> tuple[str, str, str | None]:
        path, _, query = header.partition("?")
        bucket, _, key = unquote(path).removeprefix("/").partition("/")
        if not path.startswith("/") or not bucket or not key:
            raise Refused(400, "InvalidArgument", "Copy Source must mention the source bucket and key.")
        return bucket, key, parse_query(query).get("versionId")

    def check_copy_region(self, source: Bucket) -> None:
        if source.region != self.region:
            message = "Target object does not reside in the same data center as source object."
            raise Refused(403, "AccessDenied", message)

    def symlink_headers(self, bucket: Bucket, version: Version) -> dict[str, str]:
        return {
            "x-oss-symlink-target": quote(version.target, safe=""),
            "ETag": f'"{version.etag}"',
            "Last-Modified": http_date(version.modified),
            **self.versioned(bucket, version),
        }


def _within(header: str, size: int) -> bool:
    """Whether both ends are in the object: else the range means nothing, unless the standard's rules are asked for."""
    first, _, last = header.partition(",")[0].strip().removeprefix("bytes=").partition("-")
    if not first:
        return 0 < int(last) <= size
    return int(first) < size and (not last or int(last) < size)


if __name__ == "__main__":
    main(Oss)
