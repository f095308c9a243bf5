"""Amazon S3, as strict as the real one. By hand: ``python -m tests.emulators.s3 --help``.

What it is faithful to, and what is assumed, is told in FIDELITY.md beside it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET

from tests.emulators import multipart, reading, s3_buckets, s3_checksums, s3_listing, tagging, thawing, writing
from tests.emulators.blobs import Blob
from tests.emulators.clock import iso_date
from tests.emulators.command import main
from tests.emulators.conditions import parse_range
from tests.emulators.controls import Fault
from tests.emulators.documents import Element, document
from tests.emulators.messages import Call, Refused, Reply, parse_query, xml
from tests.emulators.s3_authentication import TRAILER, authenticate
from tests.emulators.s3_chunked import unchunked
from tests.emulators.service import Limits, Route, Service
from tests.emulators.state import Bucket, Part, Upload, Version
from tests.emulators.thawing import frozen

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_HOST = re.compile(r"(?:(?P<bucket>.+)\.)?s3\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")
_ROOT = re.compile(rb"(<\w+)(/?>)")
_HOURS: Mapping[str, Mapping[str, float]] = {
    "GLACIER": {"Expedited": 5 / 60, "Standard": 5, "Bulk": 12},
    "DEEP_ARCHIVE": {"Standard": 12, "Bulk": 48},
    "ARCHIVE_ACCESS": {"Expedited": 5 / 60, "Standard": 5, "Bulk": 12},
    "DEEP_ARCHIVE_ACCESS": {"Standard": 12, "Bulk": 48},
}
_ABSENT = frozenset(
    (
        "accelerate",
        "attributes",
        "cors",
        "encryption",
        "legal-hold",
        "lifecycle",
        "logging",
        "notification",
        "object-lock",
        "ownershipControls",
        "policy",
        "publicAccessBlock",
        "replication",
        "requestPayment",
        "retention",
        "select",
        "torrent",
        "website",
    )
)
"""Subresources that are refused, rather than taken for something else."""


class S3(Service):
    """Its rules."""

    prefix = "x-amz-"
    classes = (
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "GLACIER_IR",
        "DEEP_ARCHIVE",
    )
    archived = ("GLACIER", "DEEP_ARCHIVE")
    acls = (
        "private",
        "public-read",
        "public-read-write",
        "authenticated-read",
        "aws-exec-read",
        "bucket-owner-read",
        "bucket-owner-full-control",
    )
    object_acl = "acl"
    tag_sizes = (128, 256)
    job_parameters = "GlacierJobParameters"
    restores_without_body = False
    speeds_up = True
    copies_onto_itself = False
    meta_name = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
    meta_counts_prefix = False
    kept: ClassVar[Mapping[str, str]] = {
        "x-amz-website-redirect-location": "x-amz-website-redirect-location",
    }
    default_type = "binary/octet-stream"
    namespace = _NAMESPACE
    wrong_md5 = "BadDigest"
    missing_md5 = "InvalidRequest"
    too_many_tags = "BadRequest"
    bad_class = "InvalidStorageClass"
    bad_restore = "InvalidArgument"
    wrong_position = "InvalidWriteOffset"
    copy_too_large = "InvalidRequest"
    routes: ClassVar[Sequence[Route]] = (
        Route("list_buckets", "GET", "service", s3_listing.list_buckets),
        Route("put_versioning", "PUT", "bucket", s3_buckets.put_versioning, ("versioning",)),
        Route("put_bucket", "PUT", "bucket", s3_buckets.put_bucket),
        Route("delete_bucket", "DELETE", "bucket", s3_buckets.delete_bucket),
        Route("head_bucket", "HEAD", "bucket", s3_buckets.head_bucket),
        Route("get_bucket_location", "GET", "bucket", s3_buckets.get_location, ("location",)),
        Route("get_versioning", "GET", "bucket", s3_buckets.get_versioning, ("versioning",)),
        Route("list_versions", "GET", "bucket", s3_listing.list_versions, ("versions",)),
        Route("list_uploads", "GET", "bucket", s3_listing.list_uploads, ("uploads",)),
        Route("list_objects_v2", "GET", "bucket", s3_listing.list_objects_v2, ("list-type",)),
        Route("list_objects", "GET", "bucket", s3_listing.list_objects),
        Route("delete_many", "POST", "bucket", writing.delete_many, ("delete",)),
        Route("begin", "POST", "object", multipart.begin, ("uploads",)),
        Route("complete", "POST", "object", multipart.complete, ("uploadId",)),
        Route("restore", "POST", "object", thawing.restore_object, ("restore",)),
        Route("copy_part", "PUT", "object", multipart.copy_part, ("partNumber", "uploadId"), "copy-source"),
        Route("put_part", "PUT", "object", multipart.put_part, ("partNumber", "uploadId")),
        Route("put_object_acl", "PUT", "object", s3_buckets.put_object_acl, ("acl",)),
        Route("put_tagging", "PUT", "object", tagging.put_tagging, ("tagging",)),
        Route("copy_object", "PUT", "object", writing.copy_object, (), "copy-source"),
        Route("put_object", "PUT", "object", writing.put_object),
        Route("list_parts", "GET", "object", s3_listing.list_parts, ("uploadId",)),
        Route("get_object_acl", "GET", "object", s3_buckets.get_object_acl, ("acl",)),
        Route("get_tagging", "GET", "object", tagging.get_tagging, ("tagging",)),
        Route("get_object", "GET", "object", reading.get_object),
        Route("head_object", "HEAD", "object", reading.head_object),
        Route("abort", "DELETE", "object", multipart.abort, ("uploadId",)),
        Route("delete_tagging", "DELETE", "object", tagging.delete_tagging, ("tagging",)),
        Route("delete_object", "DELETE", "object", writing.delete_object),
    )

    def __init__(self, folder: str, region: str = "us-east-1") -> None:
        super().__init__(folder, region)
        self.limits = Limits(part_min=5 << 20, key=1024, meta=2 << 10)

    def locate(self, call: Call) -> None:
        host = call.host.partition(":")[0].lower()
        genuine, (first, _, rest) = _HOST.fullmatch(host), host.partition(".")
        if genuine is not None and genuine["region"] != self.region:
            endpoint = f"s3.{self.region}.amazonaws.com"
            message = "The bucket you are attempting to access must be addressed using the specified endpoint."
            headers = {"x-amz-bucket-region": self.region}
            raise Refused(301, "PermanentRedirect", message, fields={"Endpoint": endpoint}, headers=headers)
        if genuine is not None and genuine["bucket"]:
            call.bucket, call.key = genuine["bucket"], call.path[1:]
        elif first in self.buckets and rest:
            call.bucket, call.key = first, call.path[1:]
        else:
            call.bucket, _, call.key = call.path[1:].partition("/")

    def authenticate(self, call: Call) -> str:
        return authenticate(self, call)

    def authorize(self, call: Call) -> None:
        super().authorize(call)
        absent = not _ABSENT.isdisjoint(call.query)
        own_key = any("-server-side-encryption-customer-" in name for name in call.headers)
        managed = self.header(call, "server-side-encryption") not in ("", "AES256")
        if absent or own_key or managed:
            message = "A header or query parameter you provided implies functionality that is not implemented."
            raise Refused(501, "NotImplemented", message)

    async def answer(self, call: Call, fault: Fault | None) -> Reply:
        reply = await super().answer(call, fault)
        if reply.headers.get("Content-Type") == "application/xml" and reply.blob is None:
            reply.body = _ROOT.sub(rb'\1 xmlns="%s"\2' % _NAMESPACE.encode(), reply.body, count=1)
        return reply

    def common_headers(self, call: Call) -> dict[str, str]:
        return {"Server": "AmazonS3", "x-amz-request-id": call.request_id, "x-amz-id-2": f"id2-{call.request_id}"}

    def error(self, call: Call, refused: Refused) -> Reply:
        described: list[Element] = [
            ("Code", refused.code),
            ("Message", refused.message),
            *refused.fields.items(),
            ("RequestId", call.request_id),
            ("HostId", f"id2-{call.request_id}"),
        ]
        return xml(document("Error", described), refused.status, refused.headers)

    def check_key(self, key: str) -> None:
        try:
            size = len(key.encode())
        except UnicodeEncodeError:
            raise Refused(400, "InvalidURI", "Couldn't parse the specified URI.") from None
        if size > self.limits.key:
            fields = {"Size": str(size), "MaxSizeAllowed": str(self.limits.key)}
            raise Refused(400, "KeyTooLongError", "Your key is too long", fields=fields)

    def check_overwrite(self, call: Call, bucket: Bucket) -> None:
        none_match, match = call.headers.get("if-none-match"), call.headers.get("if-match")
        current = bucket.current(call.key)
        there = current is not None and not current.marker
        if none_match not in (None, "*"):
            message = "A header you provided implies functionality that is not implemented"
            raise Refused(501, "NotImplemented", message, fields={"Header": "If-None-Match"})
        unmet = Refused(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        if none_match and there:
            unmet.fields["Condition"] = "If-None-Match"
            raise unmet
        if match and not there:
            raise self.no_key(call.key)
        if match and current is not None and match.strip('"') != current.etag:
            unmet.fields["Condition"] = "If-Match"
            raise unmet

    def throttled(self, fault: Fault) -> Refused:
        return Refused(503, fault.code or "SlowDown", "Please reduce your request rate.")

    def etag(self, md5: bytes, parts: int = 0) -> str:
        return md5.hex() + (f"-{parts}" if parts else "")

    def range(self, call: Call, size: int) -> tuple[int, int] | None:
        header = call.headers.get("range")
        if header is None:
            return None
        try:
            found = parse_range(header, size)
        except ValueError:
            return None
        if found is None:
            fields = {"RangeRequested": header, "ActualObjectSize": str(size)}
            headers = {"Content-Range": f"bytes */{size}"}
            message = "The requested range is not satisfiable"
            raise Refused(416, "InvalidRange", message, fields=fields, headers=headers)
        return found

    def content(self, call: Call) -> AsyncIterator[bytes]:
        return unchunked(call) if self.header(call, "content-sha256") == TRAILER else call.body.chunks()

    def check_body(self, call: Call, blob: Blob) -> None:
        signed = self.header(call, "content-sha256")
        if len(signed) == 64 and base64.b64decode(s3_checksums.checksum("sha256", blob)).hex() != signed:
            message = "The provided 'x-amz-content-sha256' header does not match what was computed."
            raise Refused(400, "XAmzContentSHA256Mismatch", message)
        if call.verb != "complete":  # there it is the object's
            s3_checksums.check(call, blob)

    def keep_sum(self, call: Call, version: Version) -> None:
        version.sum = s3_checksums.of_object(call, version)
        version.headers = _without_chunking(version.headers)

    def begun(self, call: Call, upload: Upload) -> dict[str, str]:
        upload.asked = s3_checksums.asked(call)
        upload.draft = replace(upload.draft, headers=_without_chunking(upload.draft.headers))
        if upload.asked is None:
            return {}
        algorithm = upload.asked.algorithm.upper()
        return {"x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": upload.asked.type}

    def keep_part_sum(self, call: Call, upload: Upload, part: Part) -> None:
        part.sum = s3_checksums.of_part(call, upload, part)

    def check_named(self, upload: Upload, part: Part, named: ET.Element) -> None:
        s3_checksums.check_named(upload, part, named)

    def join_sums(self, call: Call, upload: Upload, parts: list[Part]) -> None:
        upload.draft.sum = s3_checksums.joined(call, upload, parts)

    def sum_headers(self, call: Call | None, version: Version | Part) -> dict[str, str]:
        hidden = call is not None and (
            self.header(call, "checksum-mode").upper() != "ENABLED" or "range" in call.headers
        )
        return {} if hidden else s3_checksums.headers(version.sum)

    def spoil_checksum(self, reply: Reply) -> None:
        headers = reply.headers
        for name in [name for name in headers if name.startswith("x-amz-checksum-") and not name.endswith("-type")]:
            value = bytearray(base64.b64decode(headers[name]))
            value[0] ^= 1
            headers[name] = base64.b64encode(value).decode()

    def sealed(self, call: Call) -> bool:
        return "content-md5" in call.headers or s3_checksums.given(call) is not None

    def kind_headers(self, named: Version, version: Version) -> dict[str, str]:
        # The class that all have is not told of.
        told = {} if named.storage_class == "STANDARD" else {"x-amz-storage-class": named.storage_class}
        sunk = {"x-amz-archive-status": named.sunk} if frozen(self, None, named) and named.sunk else {}
        return {"x-amz-server-side-encryption": "AES256", **told, **sunk}

    def stored(self, bucket: Bucket, version: Version) -> dict[str, str]:
        told = {"ETag": f'"{version.etag}"', "x-amz-server-side-encryption": "AES256"}
        return {**told, **self.sum_headers(None, version), **self.versioned(bucket, version)}

    def part_stored(self, part: Part) -> dict[str, str]:
        told = {name: value for name, value in self.sum_headers(None, part).items() if not name.endswith("-type")}
        return {"ETag": f'"{part.etag}"', "x-amz-server-side-encryption": "AES256", **told}

    def check_parts(self, parts: list[Part]) -> None:
        multipart.check_sizes(self, parts)

    def completed(self, call: Call, bucket: Bucket, version: Version, key: str) -> Reply:
        fields: list[Element] = [
            ("Location", f"http://{call.host}/{bucket.name}/{quote(version.key)}"),
            ("Bucket", bucket.name),
            ("Key", key),
            ("ETag", f'"{version.etag}"'),
            *s3_checksums.elements(version.sum),
        ]
        told = {"x-amz-server-side-encryption": "AES256", **self.versioned(bucket, version)}
        return xml(document("CompleteMultipartUploadResult", fields), 200, told)

    def deleted(self, call: Call, told: list[Element], *, quiet: bool) -> Reply:
        return xml(document("DeleteResult", [] if quiet else told))

    def copied(self, made: Version | Part) -> list[Element]:
        sums = s3_checksums.elements(made.sum)
        told = sums if isinstance(made, Version) else sums[:1]
        return [("LastModified", iso_date(made.modified)), ("ETag", f'"{made.etag}"'), *told]

    def copy_headers(self, made: Version | Part) -> dict[str, str]:
        return {"x-amz-server-side-encryption": "AES256"}

    def thaw_hours(self, storage_class: str, tier: str) -> float:
        return _HOURS[storage_class].get(tier, 0)

    def thaw_days(self, storage_class: str) -> int:
        return 2**31 - 1

    def not_archived(self) -> Refused:
        message = "Restore is not allowed for the object's current storage class"
        return Refused(403, "InvalidObjectState", message)

    def copy_source(self, header: str) -> tuple[str, str, str | None]:
        path, _, query = header.partition("?")
        bucket, _, key = unquote(path).removeprefix("/").partition("/")
        if not bucket or not key:
            raise Refused(400, "InvalidArgument", "Copy Source must mention the source bucket and key.")
        return bucket, key, parse_query(query).get("versionId")

    def symlink_headers(self, bucket: Bucket, version: Version) -> dict[str, str]:
        raise NotImplementedError  # there are none, nor a verb that asks for them


def _without_chunking(headers: Mapping[str, str]) -> dict[str, str]:
    """Without the part of the content encoding that is only of the transport."""
    words = [word.strip() for word in headers.get("Content-Encoding", "").split(",")]
    encoding = ",".join(word for word in words if word not in ("", "aws-chunked"))
    kept = {name: value for name, value in headers.items() if name != "Content-Encoding"}
    return {**kept, "Content-Encoding": encoding} if encoding else kept


if __name__ == "__main__":
    main(S3)
