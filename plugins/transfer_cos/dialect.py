"""COS's own words. Sources: COS's API documentation and its list of error codes, at cloud.tencent.com."""

from __future__ import annotations

import re

from transfer.errors import Changed, Corrupt, Denied, Misconfigured, Unsupported
from transfer.model import Algorithm
from transfer.restxml.dialect import Dialect, Encryptions, Names
from transfer.restxml.endpoint import Endpoint
from transfer.wire.quoting import quote_path
from transfer_cos.config import CAPABILITIES, LIMITS


def _copy_source(source: Endpoint, region: str, bucket: str, name: str) -> str:
    """By the bucket's own host, whatever the way there: a domain of the user's, or acceleration, has none."""
    if source.path:
        host = f"{bucket}.{source.host}"
    else:
        host = source.host if region in source.host else f"{bucket}.cos.{region}.myqcloud.com"
    return f"{host}/{quote_path(name)}"


COS = Dialect(
    provider="COS",
    keys="secret_id and secret_key",
    names=Names.starting("x-cos-"),
    capabilities=CAPABILITIES,
    limits=LIMITS,
    encryptions=Encryptions(kinds=("AES256", "cos/kms"), managed="cos/kms", key_id="cos-kms-key-id", own_keys=True),
    classes={
        "infrequent": "STANDARD_IA",
        "automatic": "INTELLIGENT_TIERING",
        "instant": "STANDARD_IA",
        "archive": "ARCHIVE",
        "cold archive": "DEEP_ARCHIVE",
        "deep archive": "DEEP_ARCHIVE",
    },
    own_classes=frozenset(
        {
            "STANDARD_IA",
            "INTELLIGENT_TIERING",
            "ARCHIVE",
            "DEEP_ARCHIVE",
            "MAZ_STANDARD",
            "MAZ_STANDARD_IA",
            "MAZ_INTELLIGENT_TIERING",
            "MAZ_ARCHIVE",
        }
    ),
    acls=(
        "default",
        "private",
        "public-read",
        "authenticated-read",
        "bucket-owner-read",
        "bucket-owner-full-control",
    ),
    user_name=re.compile(r"[a-z0-9-]+", re.ASCII),
    if_absent={"x-cos-forbid-overwrite": "true"},
    copy_source=_copy_source,
    kinds={
        "FileAlreadyExists": (Changed, "is there already"),
        "ObjectAlreadyExists": (Changed, "is there already"),
        "InvalidBucketName": (Misconfigured, "is in a bucket of an impossible name: it ends in the account's APPID"),
        "InvalidObjectName": (Unsupported, "has a key that COS does not take"),
        "KeyTooLong": (Unsupported, "has a longer key than COS takes"),
        "DownloadForbidden": (Denied, "may not be downloaded through COS's own domain: bind a domain to the bucket"),
        "UserNetworkTooSlow": (Corrupt, "arrived too slowly for the server"),
    },
    aliases={
        "InvalidSecretId": "InvalidAccessKeyId",
        "TokenExpired": "ExpiredToken",
        "ExpiredSecurityToken": "ExpiredToken",
        "InvalidSecurityToken": "InvalidToken",
        "NoSuchVersionId": "NoSuchVersion",
        "AccountArrears": "AccessDenied",
    },
    told={Algorithm.CRC64XZ: "x-cos-hash-crc64ecma"},
    asking={},
    span={},
    listing={"encoding-type": "url", "max-keys": "1000"},
    thaw_parameters="CASJobParameters",
    forced="x-cos-force-download",
    overwrites_when_versioned=True,
)
