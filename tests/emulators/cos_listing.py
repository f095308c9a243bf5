"""COS's listings."""

from __future__ import annotations

from tests.emulators import listing
from tests.emulators.clock import iso_date
from tests.emulators.documents import Element, document, encoder, optional
from tests.emulators.messages import Call, Refused, Reply, xml
from tests.emulators.multipart import parts_page
from tests.emulators.paging import disordered, limit_of
from tests.emulators.service import Service
from tests.emulators.state import Version

OWNER: list[Element] = [("ID", "1250000000"), ("DisplayName", "1250000000")]


async def list_objects(service: Service, call: Call) -> Reply:
    """By marker; there is no newer one."""
    bucket, query = service.bucket(call), call.query
    encode, limit = encoder(query.get("encoding-type", "")), limit_of(service, query, "max-keys")
    prefix, delimiter, marker = (query.get(name, "") for name in ("prefix", "delimiter", "marker"))
    page = listing.objects(bucket, prefix, delimiter, marker, limit)
    head: list[Element] = [
        ("Name", bucket.name),
        *optional("EncodingType", query.get("encoding-type", "")),
        ("Prefix", encode(prefix)),
        ("Marker", encode(marker)),
        ("MaxKeys", limit),
        *optional("Delimiter", encode(delimiter)),
        ("IsTruncated", page.truncated),
        *optional("NextMarker", encode(page.last) if page.truncated else ""),
    ]
    found: list[Element] = [
        ("Contents", [("Key", encode(version.key)), *_facts(version)]) for version in disordered(service, page.versions)
    ]
    rolled = [("CommonPrefixes", [("Prefix", encode(each))]) for each in page.prefixes]
    return xml(document("ListBucketResult", [*head, *rolled, *found]))


def _facts(version: Version) -> list[Element]:
    return [
        ("LastModified", iso_date(version.modified)),
        ("ETag", f'"{version.etag}"'),
        ("Size", version.blob.size),
        ("Owner", OWNER),
        ("StorageClass", version.storage_class),
    ]


async def list_versions(service: Service, call: Call) -> Reply:
    """All versions and delete markers."""
    bucket, query = service.bucket(call), call.query
    encode, limit = encoder(query.get("encoding-type", "")), limit_of(service, query, "max-keys")
    prefix, delimiter, key_marker, version_marker = (
        query.get(name, "") for name in ("prefix", "delimiter", "key-marker", "version-id-marker")
    )
    page, latest = listing.versions(bucket, prefix, delimiter, key_marker, version_marker, limit)
    head: list[Element] = [
        *optional("EncodingType", query.get("encoding-type", "")),
        ("Name", bucket.name),
        ("Prefix", encode(prefix)),
        ("KeyMarker", encode(key_marker)),
        ("VersionIdMarker", version_marker),
        ("MaxKeys", limit),
        *optional("Delimiter", encode(delimiter)),
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
        ]
        if version.marker:
            found.append(("DeleteMarker", [*about, ("LastModified", iso_date(version.modified)), ("Owner", OWNER)]))
        else:
            found.append(("Version", [*about, *_facts(version)]))
    rolled = [("CommonPrefixes", [("Prefix", encode(each))]) for each in page.prefixes]
    return xml(document("ListVersionsResult", [*head, *rolled, *found]))


async def list_uploads(service: Service, call: Call) -> Reply:
    """Open uploads."""
    bucket, query = service.bucket(call), call.query
    encode, limit = encoder(query.get("encoding-type", "")), limit_of(service, query, "max-uploads")
    prefix, delimiter, key_marker, id_marker = (
        query.get(name, "") for name in ("prefix", "delimiter", "key-marker", "upload-id-marker")
    )
    page = listing.uploads(bucket, prefix, delimiter, key_marker, id_marker, limit)
    head: list[Element] = [
        ("Bucket", bucket.name),
        *optional("Encoding-type", query.get("encoding-type", "")),
        ("KeyMarker", encode(key_marker)),
        ("UploadIdMarker", id_marker),
        ("MaxUploads", limit),
        ("Prefix", encode(prefix)),
        *optional("Delimiter", encode(delimiter)),
        ("IsTruncated", page.truncated),
    ]
    if page.truncated:
        head += [("NextKeyMarker", encode(page.last)), ("NextUploadIdMarker", page.last_id)]
    found: list[Element] = [
        (
            "Upload",
            [
                ("Key", encode(upload.key)),
                ("UploadId", upload.id),
                ("StorageClass", upload.draft.storage_class),
                ("Initiator", OWNER),
                ("Owner", OWNER),
                ("Initiated", iso_date(upload.begun)),
            ],
        )
        for upload in page.uploads
    ]
    rolled = [("CommonPrefixes", [("Prefix", encode(each))]) for each in page.prefixes]
    return xml(document("ListMultipartUploadsResult", [*head, *found, *rolled]))


async def list_parts(service: Service, call: Call) -> Reply:
    """An upload's parts."""
    upload = service.upload(call)
    encode = encoder(call.query.get("encoding-type", ""))
    parts, marker, limit, truncated = parts_page(service, call, upload)
    head: list[Element] = [
        ("Bucket", call.bucket),
        *optional("Encoding-type", call.query.get("encoding-type", "")),
        ("Key", encode(upload.key)),
        ("UploadId", upload.id),
        ("Owner", OWNER),
        ("PartNumberMarker", marker),
        ("Initiator", OWNER),
        ("StorageClass", upload.draft.storage_class),
        *optional("NextPartNumberMarker", str(parts[-1].number) if truncated else ""),
        ("MaxParts", limit),
        ("IsTruncated", truncated),
    ]
    found: list[Element] = [
        (
            "Part",
            [
                ("PartNumber", part.number),
                ("LastModified", iso_date(part.modified)),
                ("ETag", f'"{part.etag}"'),
                ("Size", part.blob.size),
            ],
        )
        for part in parts
    ]
    return xml(document("ListPartsResult", [*head, *found]))


async def list_buckets(service: Service, call: Call) -> Reply:
    """All buckets of the account."""
    if not call.identity:
        raise Refused(403, "AccessDenied", "Access Denied.")
    marker, limit = call.query.get("marker", ""), int(call.query.get("max-keys") or service.limits.buckets)
    names = [name for name in sorted(service.buckets) if name > marker]
    shown, truncated = names[:limit], len(names) > limit
    buckets: list[Element] = [
        (
            "Bucket",
            [
                ("Name", name),
                ("Location", service.buckets[name].region),
                ("CreationDate", iso_date(service.buckets[name].created)),
                ("BucketType", "cos"),
            ],
        )
        for name in shown
    ]
    fields: list[Element] = [
        ("Owner", OWNER),
        ("Buckets", buckets),
        ("Marker", marker),
        *optional("NextMarker", shown[-1] if truncated else ""),
        ("IsTruncated", truncated),
    ]
    return xml(document("ListAllMyBucketsResult", fields))
