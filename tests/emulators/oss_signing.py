"""OSS's signatures, versions 1 and 4, from their specification. None of the vendor's code is used."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote

UNSIGNED = "UNSIGNED-PAYLOAD"
ALGORITHM = "OSS4-HMAC-SHA256"

SUBRESOURCES = frozenset(
    (
        "acl",
        "append",
        "asyncFetch",
        "bucketArchiveDirectRead",
        "bucketInfo",
        "callback",
        "callback-var",
        "cname",
        "comp",
        "continuation-token",
        "cors",
        "delete",
        "encryption",
        "endTime",
        "group",
        "img",
        "inventory",
        "inventoryId",
        "lifecycle",
        "link",
        "live",
        "location",
        "logging",
        "metaQuery",
        "objectInfo",
        "objectMeta",
        "partNumber",
        "policy",
        "position",
        "qos",
        "qosInfo",
        "referer",
        "regionList",
        "replication",
        "replicationLocation",
        "replicationProgress",
        "requestPayment",
        "resourceGroup",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "restore",
        "security-token",
        "sequential",
        "startTime",
        "stat",
        "status",
        "style",
        "styleName",
        "symlink",
        "tagging",
        "transferAcceleration",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "vod",
        "website",
        "worm",
        "wormExtend",
        "wormId",
        "x-oss-ac-forward-allow",
        "x-oss-ac-source-ip",
        "x-oss-ac-subnet-mask",
        "x-oss-ac-vpc-id",
        "x-oss-async-process",
        "x-oss-process",
        "x-oss-request-payer",
        "x-oss-traffic-limit",
    )
)
"""Parameters that are part of a version 1 signature."""


def string_v1(
    method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str], date: str
) -> str:
    """What a version 1 signature signs; ``date`` is the date header, or when a URL expires."""
    own = sorted((name, value) for name, value in headers.items() if name.startswith("x-oss-"))
    canonical = "".join(f"{name}:{value}\n" for name, value in own)
    resource = f"/{bucket}/{key}" if bucket else "/"
    signed = sorted((name, value) for name, value in query.items() if name in SUBRESOURCES)
    if signed:
        resource += "?" + "&".join(f"{name}={value}" if value else name for name, value in signed)
    md5, content_type = headers.get("content-md5", ""), headers.get("content-type", "")
    return f"{method}\n{md5}\n{content_type}\n{date}\n{canonical}{resource}"


def sign_v1(secret: str, string: str) -> str:
    """The signature of it."""
    return base64.b64encode(hmac.digest(secret.encode(), _bytes(string), "sha1")).decode()


def canonical_v4(
    method: str,
    bucket: str,
    key: str,
    query: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    additional: Iterable[str],
) -> str:
    """The canonical request of a version 4 signature."""
    path = f"/{bucket}/{key}" if bucket else "/"
    pairs = sorted((_encode(name), _encode(value)) for name, value in query if name != "x-oss-signature")
    further = sorted({name.lower() for name in additional})
    signed = sorted(
        (name, value.strip())
        for name, value in headers.items()
        if name.startswith("x-oss-") or name in ("content-type", "content-md5") or name in further
    )
    return "\n".join(
        (
            method,
            _encode(path, safe="/"),
            "&".join(f"{name}={value}" if value else name for name, value in pairs),
            "".join(f"{name}:{value}\n" for name, value in signed),
            ";".join(further),
            headers.get("x-oss-content-sha256", UNSIGNED),
        )
    )


def string_v4(canonical: str, moment: str, scope: str) -> str:
    """What a version 4 signature signs."""
    return f"{ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(_bytes(canonical)).hexdigest()}"


def sign_v4(secret: str, string: str, scope: str) -> str:
    """The signature of it; ``scope`` is date, region, product and request type."""
    key = f"aliyun_v4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, _bytes(string), "sha256").hex()


def _encode(text: str, safe: str = "") -> str:
    return quote(_bytes(text), safe=safe + "-_.~")


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
