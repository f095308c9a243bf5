"""OSS's listings."""

from __future__ import annotations

from tests.emulators import listing
from tests.emulators.clock import iso_date
from tests.emulators.documents import Element, document, encoder, optional
from tests.emulators.messages import Call, Refused, Reply, xml
from tests.emulators.multipart import parts_page
from tests.emulators.paging import disordered, limit_of, token, untoken
from tests.emulators.service import Service
from tests.emulators.state import Version
from tests.emulators.thawing import thaw_header

OWNER: list[Element] = [("ID", "0022012"), ("DisplayName", "0022012")]


async def list_objects(service: Service, call: Call) -> Reply:
    """The older listing, by marker."""
    bucket, query = service.bucket(call), call.query
    encode, limit = encoder(query.get("encoding-type", "")), limit_of(service, query, "max-keys")
    prefix, delimiter, marker = (query.get(name, "") for name in ("prefix", "delimiter", "marker"))
    page = listing.objects(bucket, prefix, delimiter, marker, limit)
    head: list[Element] = [
        ("Name", bucket.name),
        ("Prefix", encode(prefix)),
        ("Marker", encode(marker)),
        ("MaxKeys", limit),
        ("Delimiter", encode(delimiter)),
        *optional("EncodingType", query.get("encoding-type", "")),
        ("IsTruncated", page.truncated),
        *optional("NextMarker", encode(page.last) if page.truncated else ""),
    ]
    found = [
        _object(service, version, encode(version.key), owner=True) for version in disordered(service, page.versions)
    ]
    rolled = [("CommonPrefixes", [("Prefix", encode(each))]) for each in page.prefixes]
    return xml(document("ListBucketResult", [*head, *found, *rolled]))


async def list_objects_v2(service: Service, call: Call) -> Reply:
    """The newer listing, by token."""
    bucket, query = service.bucket(call), call.query
    encode, limit = encoder(query.get("encoding-type", "")), limit_of(service, query, "max-keys")
    prefix, delimiter, start, given = (
        query.get(name, "") for name in ("prefix", "delimiter", "start-after", "continuation-token")
    )
    page = listing.objects(bucket, prefix, delimiter, untoken(given) if given else start, limit)
    head: list[Element] = [
        ("Name", bucket.name),
        ("Prefix", encode(prefix)),
        *optional("StartAfter", encode(start)),
        *optional("ContinuationToken", given),
        ("MaxKeys", limit),
        ("Delimiter", encode(delimiter)),
        *optional("EncodingType", query.get("encoding-type", "")),
        ("IsTruncated", page.truncated),
        *optional("NextContinuationToken", token(page.last) if page.truncated else ""),
    ]
    owner = query.get("fetch-owner") == "true"
    found = [
        _object(service, version, encode(version.key), owner=owner) for version in disordered(service, page.versions)
    ]
    rolled = [("CommonPrefixes", [("Prefix", encode(each))]) for each in page.prefixes]
    return xml(document("ListBucketResult", [*head, *found, *rolled, ("KeyCount", page.count)]))


def _object(service: Service, version: Version, key: str, *, owner: bool) -> Element:
    return (
        "Contents",
        [
            ("Key", key),
            *_facts(service, version),
            *([("Owner", OWNER)] if owner else []),
        ],
    )


def _facts(service: Service, version: Version) -> list[Element]:
    return [
        ("LastModified", iso_date(version.modified)),
        ("ETag", f'"{version.etag}"'),
        ("Type", version.kind),
        ("Size", version.blob.size),
        ("StorageClass", version.storage_class),
        *optional("RestoreInfo", thaw_header(service, version)),
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
        ("Name", bucket.name),
        ("Prefix", encode(prefix)),
        ("KeyMarker", encode(key_marker)),
        ("VersionIdMarker", version_marker),
        ("MaxKeys", limit),
        ("Delimiter", encode(delimiter)),
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
        ]
        if version.marker:
            facts: list[Element] = [("LastModified", iso_date(version.modified))]
        else:
            facts = _facts(service, version)
        found.append(("DeleteMarker" if version.marker else "Version", [*about, *facts, ("Owner", OWNER)]))
    rolled = [("CommonPrefixes", [("Prefix", encode(each))]) for each in page.prefixes]
    return xml(document("ListVersionsResult", [*head, *found, *rolled]))


async def list_uploads(service: Service, call: Call) -> Reply:
    """Open uploads."""
    bucket, query = service.bucket(call), call.query
    encode, limit = encoder(query.get("encoding-type", "")), limit_of(service, query, "max-uploads", 1000)
    prefix, delimiter, key_marker, id_marker = (
        query.get(name, "") for name in ("prefix", "delimiter", "key-marker", "upload-id-marker")
    )
    page = listing.uploads(bucket, prefix, delimiter, key_marker, id_marker, limit)
    head: list[Element] = [
        *optional("EncodingType", query.get("encoding-type", "")),
        ("Bucket", bucket.name),
        ("KeyMarker", encode(key_marker)),
        ("UploadIdMarker", id_marker),
        ("NextKeyMarker", encode(page.last)),
        ("NextUploadIdMarker", page.last_id),
        ("Delimiter", encode(delimiter)),
        ("Prefix", encode(prefix)),
        ("MaxUploads", limit),
        ("IsTruncated", page.truncated),
    ]
    found: list[Element] = [
        (
            "Upload",
            [
                ("Key", encode(upload.key)),
                ("UploadId", upload.id),
                ("StorageClass", upload.draft.storage_class),
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
        *optional("EncodingType", call.query.get("encoding-type", "")),
        ("Bucket", call.bucket),
        ("Key", encode(upload.key)),
        ("UploadId", upload.id),
        ("StorageClass", upload.draft.storage_class),
        ("PartNumberMarker", str(marker) if marker else ""),
        ("NextPartNumberMarker", str(parts[-1].number) if parts else ""),
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
                ("HashCrc64ecma", str(part.blob.crc)),
                ("Size", part.blob.size),
            ],
        )
        for part in parts
    ]
    return xml(document("ListPartsResult", [*head, *found]))


async def list_buckets(service: Service, call: Call) -> Reply:
    """All buckets of the account."""
    prefix, marker = call.query.get("prefix", ""), call.query.get("marker", "")
    limit = limit_of(service, call.query, "max-keys", 100)
    names = [name for name in sorted(service.buckets) if name.startswith(prefix) and name > marker]
    if call.identity == "":
        raise Refused(403, "AccessDenied", "Anonymous access is forbidden for this operation.")
    shown = names[:limit]
    buckets: list[Element] = [("Bucket", about_bucket(service, name)) for name in shown]
    head: list[Element] = [
        ("Prefix", prefix),
        ("Marker", marker),
        ("MaxKeys", limit),
        ("IsTruncated", len(names) > limit),
        *optional("NextMarker", shown[-1] if len(names) > limit else ""),
        ("Owner", OWNER),
    ]
    return xml(document("ListAllMyBucketsResult", [*head, ("Buckets", buckets)]))


def about_bucket(service: Service, name: str) -> list[Element]:
    """What is told of a bucket."""
    bucket = service.buckets[name]
    return [
        ("Name", name),
        ("Location", f"oss-{bucket.region}"),
        ("Region", bucket.region),
        ("CreationDate", iso_date(bucket.created)),
        ("ExtranetEndpoint", f"oss-{bucket.region}.aliyuncs.com"),
        ("IntranetEndpoint", f"oss-{bucket.region}-internal.aliyuncs.com"),
        ("StorageClass", bucket.storage_class),
    ]
