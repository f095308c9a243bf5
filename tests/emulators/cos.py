"""Tencent COS, as strict as the real one. By hand: ``python -m tests.emulators.cos --help``.

What it is faithful to, and what is assumed, is told in FIDELITY.md beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import quote, unquote

from tests.emulators import cos_buckets, cos_listing, multipart, reading, tagging, thawing, writing
from tests.emulators.clock import http_date, iso_date
from tests.emulators.command import main
from tests.emulators.conditions import parse_range
from tests.emulators.controls import Fault
from tests.emulators.cos_authentication import authenticate
from tests.emulators.documents import Element, document
from tests.emulators.messages import Call, Refused, Reply, parse_query, xml
from tests.emulators.service import Limits, Route, Service
from tests.emulators.state import Bucket, Part, Version

_DOMAINS = (".myqcloud.com", ".tencentcos.cn")
_HOURS: Mapping[str, Mapping[str, float]] = {
    "ARCHIVE": {"Expedited": 5 / 60, "Standard": 5, "Bulk": 12},
    "DEEP_ARCHIVE": {"Standard": 24, "Bulk": 48},
}
_ARROWS = "\x18\x19\x1a\x1b"
"""Characters that no key may have."""


class Cos(Service):
    """Its rules."""

    prefix = "x-cos-"
    classes = (
        "STANDARD",
        "STANDARD_IA",
        "INTELLIGENT_TIERING",
        "COLD",
        "ARCHIVE",
        "DEEP_ARCHIVE",
        "MAZ_STANDARD",
        "MAZ_STANDARD_IA",
        "MAZ_INTELLIGENT_TIERING",
        "MAZ_COLD",
    )
    archived = ("ARCHIVE", "DEEP_ARCHIVE")
    acls = ("private", "public-read", "public-read-write", "authenticated-read")
    object_acl = "acl"
    tag_sizes = (127, 255)
    job_parameters = "CASJobParameters"
    restores_without_body = False
    speeds_up = False
    copies_onto_itself = False
    copies_over = True
    replaces = "REPLACED"
    truncates = True
    wrong_md5 = "BadDigest"
    missing_md5 = "MissingContentMD5"
    too_many_tags = "BadRequest"
    bad_class = "InvalidStorageClass"
    bad_restore = "InvalidArgument"
    wrong_position = "PositionNotEqualToLength"
    copy_too_large = "InvalidRequest"
    routes: ClassVar[Sequence[Route]] = (
        Route("list_buckets", "GET", "service", cos_listing.list_buckets),
        Route("put_bucket_acl", "PUT", "bucket", cos_buckets.put_bucket_acl, ("acl",)),
        Route("put_versioning", "PUT", "bucket", cos_buckets.put_versioning, ("versioning",)),
        Route("put_bucket", "PUT", "bucket", cos_buckets.put_bucket),
        Route("delete_bucket", "DELETE", "bucket", cos_buckets.delete_bucket),
        Route("head_bucket", "HEAD", "bucket", cos_buckets.head_bucket),
        Route("get_bucket_acl", "GET", "bucket", cos_buckets.get_bucket_acl, ("acl",)),
        Route("get_bucket_location", "GET", "bucket", cos_buckets.get_location, ("location",)),
        Route("get_versioning", "GET", "bucket", cos_buckets.get_versioning, ("versioning",)),
        Route("list_versions", "GET", "bucket", cos_listing.list_versions, ("versions",)),
        Route("list_uploads", "GET", "bucket", cos_listing.list_uploads, ("uploads",)),
        Route("list_objects", "GET", "bucket", cos_listing.list_objects),
        Route("delete_many", "POST", "bucket", writing.delete_many, ("delete",)),
        Route("begin", "POST", "object", multipart.begin, ("uploads",)),
        Route("complete", "POST", "object", multipart.complete, ("uploadId",)),
        Route("restore", "POST", "object", thawing.restore_object, ("restore",)),
        Route("append", "POST", "object", writing.append_object, ("append", "position")),
        Route("copy_part", "PUT", "object", multipart.copy_part, ("partNumber", "uploadId"), "copy-source"),
        Route("put_part", "PUT", "object", multipart.put_part, ("partNumber", "uploadId")),
        Route("put_object_acl", "PUT", "object", cos_buckets.put_object_acl, ("acl",)),
        Route("put_tagging", "PUT", "object", tagging.put_tagging, ("tagging",)),
        Route("put_symlink", "PUT", "object", writing.put_symlink, ("symlink",)),
        Route("copy_object", "PUT", "object", writing.copy_object, (), "copy-source"),
        Route("put_object", "PUT", "object", writing.put_object),
        Route("list_parts", "GET", "object", cos_listing.list_parts, ("uploadId",)),
        Route("get_object_acl", "GET", "object", cos_buckets.get_object_acl, ("acl",)),
        Route("get_tagging", "GET", "object", tagging.get_tagging, ("tagging",)),
        Route("get_symlink", "GET", "object", cos_buckets.get_symlink, ("symlink",)),
        Route("get_object", "GET", "object", reading.get_object),
        Route("head_object", "HEAD", "object", reading.head_object),
        Route("abort", "DELETE", "object", multipart.abort, ("uploadId",)),
        Route("delete_tagging", "DELETE", "object", tagging.delete_tagging, ("tagging",)),
        Route("delete_object", "DELETE", "object", writing.delete_object),
    )

    def __init__(self, folder: str, region: str = "ap-guangzhou") -> None:
        super().__init__(folder, region)
        self.limits = Limits(part_min=1 << 20, key=850, meta=4 << 10, meta_value=2 << 10)

    def locate(self, call: Call) -> None:
        host = call.host.partition(":")[0].lower()
        first, _, rest = host.partition(".")
        if host in self.domains:
            call.bucket, call.key = self.domains[host], call.path[1:]
        elif host.endswith(_DOMAINS) and first in ("service", "cos"):
            if call.path != "/":
                message = "The bucket you are attempting to access must be addressed using COS virtual-styled domain."
                raise Refused(403, "PathStyleDomainForbidden", message)
        elif host.endswith(_DOMAINS) or (first in self.buckets and rest):
            call.bucket, call.key = first, call.path[1:]
            self._check_endpoint(rest)
        else:
            call.bucket, _, call.key = call.path[1:].partition("/")

    def _check_endpoint(self, endpoint: str) -> None:
        """Another region knows nothing of our buckets."""
        region = endpoint.split(".")[1] if endpoint.startswith(("cos.", "cos-internal.")) else self.region
        if endpoint.endswith(_DOMAINS) and region not in (self.region, "accelerate"):
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist.")

    def authenticate(self, call: Call) -> str:
        return authenticate(self, call)

    def authorize(self, call: Call) -> None:
        super().authorize(call)
        default = self.controls.switches.default_domain and call.host.partition(":")[0] not in self.domains
        if default and call.verb == "get_object" and call.key.endswith((".apk", ".ipa")):
            message = "Packages can't be downloaded through the default domain."
            raise Refused(403, "DownloadForbidden", message)

    def common_headers(self, call: Call) -> dict[str, str]:
        return {"Server": "tencent-cos", "x-cos-request-id": call.request_id}

    def error(self, call: Call, refused: Refused) -> Reply:
        resource = f"{call.bucket}.cos.{self.region}.myqcloud.com/{quote(call.key)}" if call.bucket else "/"
        described: list[Element] = [
            ("Code", refused.code),
            ("Message", refused.message),
            ("Resource", resource),
            ("RequestId", call.request_id),
            ("TraceId", f"trace-{call.request_id}"),
            *((name, value) for name, value in refused.fields.items() if name != "EC"),
        ]
        trace = {"x-cos-trace-id": f"trace-{call.request_id}"}
        return xml(document("Error", described), refused.status, {**trace, **refused.headers})

    def check_key(self, key: str) -> None:
        try:
            size = len(key.encode())
        except UnicodeEncodeError:
            size = 0
        if size > self.limits.key:
            raise Refused(400, "KeyTooLong", "Your key is too long.")
        if not size or key[0] in "/\\" or any(arrow in key for arrow in _ARROWS):
            raise Refused(400, "InvalidURI", "Could not parse the specified URI.")

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
            message = "The requested range is not satisfiable."
            raise Refused(416, "InvalidRange", message, headers={"Content-Range": f"bytes */{size}"})
        return found

    def kind_headers(self, named: Version, version: Version) -> dict[str, str]:
        # The class that all have is not told of.
        headers = {} if named.storage_class == "STANDARD" else {"x-cos-storage-class": named.storage_class}
        if named.kind == "Appendable":
            headers |= {"x-cos-object-type": "appendable", "x-cos-next-append-position": str(named.blob.size)}
        elif named.kind == "Symlink":
            headers["x-cos-object-type"] = "symlink"
        return headers

    def stored(self, bucket: Bucket, version: Version) -> dict[str, str]:
        crc = {"x-cos-hash-crc64ecma": str(version.blob.crc)}
        return {"ETag": f'"{version.etag}"', **crc, **self.versioned(bucket, version)}

    def part_stored(self, part: Part) -> dict[str, str]:
        return {"ETag": f'"{part.etag}"', "x-cos-hash-crc64ecma": str(part.blob.crc)}

    def check_parts(self, parts: list[Part]) -> None:
        if [part.number for part in parts] != list(range(1, len(parts) + 1)):
            raise Refused(400, "InvalidPart", "The numbers of the parts are not contiguous.")
        multipart.check_sizes(self, parts)

    def completed(self, call: Call, bucket: Bucket, version: Version, key: str) -> Reply:
        fields: list[Element] = [
            ("Location", f"http://{bucket.name}.cos.{self.region}.myqcloud.com/{quote(version.key)}"),
            ("Bucket", bucket.name),
            ("Key", key),
            ("ETag", f'"{version.etag}"'),
        ]
        told = {"x-cos-hash-crc64ecma": str(version.blob.crc), **self.versioned(bucket, version)}
        return xml(document("CompleteMultipartUploadResult", fields), 200, told)

    def deleted(self, call: Call, told: list[Element], *, quiet: bool) -> Reply:
        return xml(document("DeleteResult", [] if quiet else told))

    def copied(self, made: Version | Part) -> list[Element]:
        crc, modified = str(made.blob.crc), iso_date(made.modified)
        return [("ETag", f'"{made.etag}"'), ("CRC64", crc), ("LastModified", modified)]

    def copy_headers(self, made: Version | Part) -> dict[str, str]:
        return {}  # the document tells all

    def thaw_hours(self, storage_class: str, tier: str) -> float:
        return _HOURS[storage_class].get(tier, 0)

    def thaw_days(self, storage_class: str) -> int:
        return 365

    def not_archived(self) -> Refused:
        return Refused(405, "RestoreNonArchiveObject", "Restore is not allowed, as the object is not archived.")

    def copy_source(self, header: str) -> tuple[str, str, str | None]:
        path, _, query = header.partition("?")
        host, _, key = unquote(path).removeprefix("/").partition("/")
        bucket, _, endpoint = host.partition(".")
        if not key or not endpoint:
            raise Refused(400, "InvalidRequest", "The x-cos-copy-source header is not valid.")
        return bucket, key, parse_query(query).get("versionId")

    def symlink_headers(self, bucket: Bucket, version: Version) -> dict[str, str]:
        return {
            "x-cos-symlink-target": quote(version.target, safe=""),
            "ETag": f'"{version.etag}"',
            "Last-Modified": http_date(version.modified),
            **self.versioned(bucket, version),
        }


if __name__ == "__main__":
    main(Cos)
