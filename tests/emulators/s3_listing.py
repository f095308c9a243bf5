"""S3's listings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote_plus

from tests.emulators import listing
from tests.emulators.clock import iso_date
from tests.emulators.documents import Element, document, optional
from tests.emulators.messages import Call, Refused, Reply, xml
from tests.emulators.multipart import parts_page
from tests.emulators.paging import disordered, token, untoken
from tests.emulators.s3_checksums import element
from tests.emulators.service import Service
from tests.emulators.state import Version
from tests.emulators.thawing import live_thaw

OWNER: list[Element] = [("ID", "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a")]


async def list_objects(service: Service, call: Call) -> Reply:
    """The older listing, by marker; where it goes on is only told where there is a delimiter."""
    bucket, query = service.bucket(call), call.query
    encode, limit = _encoder(query), _limit(query, "max-keys")
    prefix, delimiter, marker = (query.get(name, "") for name in ("prefix", "delimiter", "marker"))
    page = listing.objects(bucket, prefix, delimiter, marker, limit)
    more = page.truncated and limit > 0
    head: list[Element] = [
        ("Name", bucket.name),
        ("Prefix", encode(prefix)),
        ("Marker", encode(marker)),
        *optional("NextMarker", encode(page.last) if more and delimiter else ""),
        ("MaxKeys", limit),
        *optional("Delimiter", encode(delimiter)),
        *optional("EncodingType", query.get("encoding-type", "")),
        ("IsTruncated", more),
    ]
    return xml(document("ListBucketResult", [*head, *_found(service, page, encode, owner=True)]))


async def list_objects_v2(service: Service, call: Call) -> Reply:
    """The newer listing, by token."""
    bucket, query = service.bucket(call), call.query
    encode, limit = _encoder(query), _limit(query, "max-keys")
    prefix, delimiter, start, given = (
        query.get(name, "") for name in ("prefix", "delimiter", "start-after", "continuation-token")
    )
    page = listing.objects(bucket, prefix, delimiter, untoken(given) if given else start, limit)
    more = page.truncated and limit > 0
    head: list[Element] = [
        ("Name", bucket.name),
        ("Prefix", encode(prefix)),
        *optional("StartAfter", encode(start)),
        *optional("ContinuationToken", given),
        *optional("NextContinuationToken", token(page.last) if more else ""),
        ("KeyCount", page.count),
        ("MaxKeys", limit),
        *optional("Delimiter", encode(delimiter)),
        *optional("EncodingType", query.get("encoding-type", "")),
        ("IsTruncated", more),
    ]
    owner = query.get("fetch-owner") == "true"
    asked = call.headers.get("x-amz-optional-object-attributes", "")
    if asked and not service.controls.switches.restore_status:
        raise Refused(501, "NotImplemented", "A header you provided implies functionality that is not implemented.")
    if asked not in ("", "RestoreStatus"):
        raise Refused(400, "InvalidArgument", "Invalid attribute name specified.")
    return xml(document("ListBucketResult", [*head, *_found(service, page, encode, owner=owner, restores=bool(asked))]))


def _found(
    service: Service, page: listing.Page, encode: Callable[[str], str], *, owner: bool, restores: bool = False
) -> list[Element]:
    found: list[Element] = [
        (
            "Contents",
            [
                ("Key", encode(version.key)),
                *_facts(version),
                *([("Owner", OWNER)] if owner else []),
                *(_restore(service, version) if restores else []),
            ],
        )
        for version in disordered(service, page.versions)
    ]
    return found + _rolled(page.prefixes, encode)


def _restore(service: Service, version: Version) -> list[Element]:
    """How far its restore is, where there is one."""
    thaw = live_thaw(service, version)
    if thaw is None:
        return []
    ongoing = service.clock.now() < thaw.ready
    expiry: list[Element] = [] if ongoing else [("RestoreExpiryDate", iso_date(thaw.expires))]
    return [("RestoreStatus", [("IsRestoreInProgress", ongoing), *expiry])]


def _rolled(prefixes: list[str], encode: Callable[[str], str]) -> list[Element]:
    return [("CommonPrefixes", [("Prefix", encode(each))]) for each in prefixes]


def _facts(version: Version) -> list[Element]:
    kept = version.sum
    sums: list[Element] = [("ChecksumAlgorithm", kept.algorithm.upper()), ("ChecksumType", kept.type)] if kept else []
    return [
        ("LastModified", iso_date(version.modified)),
        ("ETag", f'"{version.etag}"'),
        *sums,
        ("Size", version.blob.size),
        ("StorageClass", version.storage_class),
    ]


async def list_versions(service: Service, call: Call) -> Reply:
    """All versions and delete markers."""
    bucket, query = service.bucket(call), call.query
    encode, limit = _encoder(query), _limit(query, "max-keys")
    prefix, delimiter, key_marker, version_marker = (
        query.get(name, "") for name in ("prefix", "delimiter", "key-marker", "version-id-marker")
    )
    page, latest = listing.versions(bucket, prefix, delimiter, key_marker, version_marker, limit)
    head: list[Element] = [
        ("Name", bucket.name),
        ("Prefix", encode(prefix)),
        ("KeyMarker", encode(key_marker)),
        ("VersionIdMarker", version_marker),
        ("MaxKeys", limit),
        *optional("Delimiter", encode(delimiter)),
        *optional("EncodingType", query.get("encoding-type", "")),
        ("IsTruncated", page.truncated),
    ]
    if page.truncated:
        head += [("NextKeyMarker", encode(page.last)), ("NextVersionIdMarker", page.last_version)]
    found: list[Element] = []
    for version in page.versions:
        about: list[Element] = [
            ("Key", encode(version.key)),
            ("VersionId", version.id),
            ("IsLatest", id(version) in latest),
            ("Owner", OWNER),
        ]
        facts = [("LastModified", iso_date(version.modified))] if version.marker else _facts(version)
        found.append(("DeleteMarker" if version.marker else "Version", [*about, *facts]))
    return xml(document("ListVersionsResult", [*head, *found, *_rolled(page.prefixes, encode)]))


async def list_uploads(service: Service, call: Call) -> Reply:
    """Open uploads."""
    bucket, query = service.bucket(call), call.query
    encode, limit = _encoder(query), _limit(query, "max-uploads")
    prefix, delimiter, key_marker, id_marker = (
        query.get(name, "") for name in ("prefix", "delimiter", "key-marker", "upload-id-marker")
    )
    page = listing.uploads(bucket, prefix, delimiter, key_marker, id_marker, limit)
    head: list[Element] = [
        ("Bucket", bucket.name),
        ("KeyMarker", encode(key_marker)),
        ("UploadIdMarker", id_marker),
        ("NextKeyMarker", encode(page.last)),
        ("NextUploadIdMarker", page.last_id),
        *optional("Delimiter", encode(delimiter)),
        ("Prefix", encode(prefix)),
        *optional("EncodingType", query.get("encoding-type", "")),
        ("MaxUploads", limit),
        ("IsTruncated", page.truncated),
    ]
    found: list[Element] = [
        (
            "Upload",
            [
                ("Key", encode(upload.key)),
                ("UploadId", upload.id),
                ("Owner", OWNER),
                ("StorageClass", upload.draft.storage_class),
                ("Initiated", iso_date(upload.begun)),
            ],
        )
        for upload in page.uploads
    ]
    return xml(document("ListMultipartUploadsResult", [*head, *found, *_rolled(page.prefixes, encode)]))


async def list_parts(service: Service, call: Call) -> Reply:
    """An upload's parts."""
    upload = service.upload(call)
    parts, marker, limit, truncated = parts_page(service, call, upload)
    head: list[Element] = [
        ("Bucket", call.bucket),
        ("Key", upload.key),
        ("UploadId", upload.id),
        ("Owner", OWNER),
        ("StorageClass", upload.draft.storage_class),
        ("PartNumberMarker", marker),
        ("NextPartNumberMarker", parts[-1].number if parts else 0),
        ("MaxParts", limit),
        ("IsTruncated", truncated),
    ]
    if upload.asked is not None:
        head += [("ChecksumAlgorithm", upload.asked.algorithm.upper()), ("ChecksumType", upload.asked.type)]
    found: list[Element] = []
    for part in parts:
        told = part.sum if upload.asked is not None else None
        sums: list[Element] = [(element(told.algorithm), told.value)] if told is not None else []
        about: list[Element] = [
            ("PartNumber", part.number),
            ("LastModified", iso_date(part.modified)),
            ("ETag", f'"{part.etag}"'),
            *sums,
            ("Size", part.blob.size),
        ]
        found.append(("Part", about))
    return xml(document("ListPartsResult", [*head, *found]))


async def list_buckets(service: Service, call: Call) -> Reply:
    """All buckets of the account."""
    if not call.identity:
        raise Refused(403, "AccessDenied", "Access Denied")
    buckets: list[Element] = [
        ("Bucket", [("Name", name), ("CreationDate", iso_date(service.buckets[name].created))])
        for name in sorted(service.buckets)
    ]
    return xml(document("ListAllMyBucketsResult", [("Buckets", buckets), ("Owner", OWNER)]))


def _encoder(query: Mapping[str, str]) -> Callable[[str], str]:
    """How keys are written: a blank as ``+``, and slashes as they are."""
    kind = query.get("encoding-type", "")
    if kind not in ("", "url"):
        raise Refused(400, "InvalidArgument", "Invalid Encoding Method specified in Request")
    return (lambda key: quote_plus(key, safe="/*").replace("~", "%7E")) if kind else (lambda key: key)


def _limit(query: Mapping[str, str], name: str) -> int:
    """How many are asked for; above a thousand there are a thousand. Raises Refused."""
    value = query.get(name) or "1000"
    if not value.isdigit() or int(value) > 2**31 - 1:
        message = f"Argument {name} must be an integer between 0 and 2147483647"
        raise Refused(400, "InvalidArgument", message, fields={"ArgumentName": name, "ArgumentValue": value})
    return min(int(value), 1000)
