"""COS's own words. Sources: COS's API documentation and its list of error codes, at cloud.tencent.com."""

from __future__ import annotations

import re

from transfer.errors import Changed, Denied, Misconfigured, Transient, Unsupported
from transfer.model import Algorithm
from transfer.restxml.dialect import Dialect, Encryptions, Names
from transfer.restxml.endpoint import Endpoint
from transfer.restxml.reach import is_own
from transfer.wire.quoting import quote_path
from transfer_cos.config import CAPABILITIES, LIMITS
from transfer_cos.endpoint import DOMAINS


def _copy_source(source: Endpoint, region: str, bucket: str, name: str) -> str:
    """By the bucket's own host, whatever the way there: a domain of the user's, or acceleration, has none."""
    if source.path:
        host = f"{bucket}.{source.host}"
    elif source.host.startswith(f"{bucket}.") and not is_own(source.host, DOMAINS):
        host = source.host
    elif region:
        host = f"{bucket}.cos.{region}.myqcloud.com"
    else:
        raise Unsupported(f"COS can't be asked to copy from '{bucket}' without its region: set region")
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
    own_classes=frozenset(CAPABILITIES.class_names),
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
        "UserNetworkTooSlow": (Transient, "arrived too slowly for the server"),
        "RestoreNonArchiveObject": (Unsupported, "is of a class that needs no thawing"),
        "InvalidCopySource": (Unsupported, "can't be copied by COS from there"),
        "PathConflict": (Unsupported, "can't be there beside what is: the bucket's folders and objects share names"),
        "ActionAccelerateNotSupported": (Unsupported, "can't be done by global acceleration"),
        "BucketAccelerateNotEnabled": (
            Misconfigured,
            "is in a bucket without global acceleration: switch it on there, or leave accelerate out",
        ),
        "PathStyleDomainForbidden": (
            Misconfigured,
            "must be asked for with the bucket in the host name: leave path_style out",
        ),
        "ObjectLocked": (Denied, "was refused: a retention policy of the bucket forbids to change it"),
        "PaymentRequired": (Denied, "was refused: the account is in arrears"),
        "UnavailableForLegalReasons": (Denied, "was refused: the provider has blocked it for legal reasons"),
        "KmsKeyNotExist": (Denied, "was refused: its key of KMS does not exist"),
        "KmsKeyDisabled": (Denied, "was refused: its key of KMS is switched off"),
    },
    aliases={
        "Request has expired": "RequestTimeTooSkewed",
        "InvalidSecretId": "InvalidAccessKeyId",
        "TokenExpired": "ExpiredToken",
        "ExpiredSecurityToken": "ExpiredToken",
        "InvalidSecurityToken": "InvalidToken",
        "NoSuchVersionId": "NoSuchVersion",
        "NoSuchCopySource": "NoSuchKey",
        "AccountArrears": "PaymentRequired",
        "DomainAuditFailed": "UnavailableForLegalReasons",
        "BucketLocked": "ObjectLocked",
        "UploadConflict": "OperationAborted",
        "EntitySizeNotMatch": "IncompleteBody",
        "InvalidSHA1Digest": "BadDigest",
        "NotSupportedStorageClass": "InvalidStorageClass",
        "OAZOperationNotSupportOnMAZBucket": "InvalidStorageClass",
        "MAZOperationNotSupportOnOAZBucket": "InvalidStorageClass",
    },
    told={Algorithm.CRC64XZ: "x-cos-hash-crc64ecma"},
    elements={"crc64": "x-cos-hash-crc64ecma"},
    asking={},
    span={},
    listing={"encoding-type": "url", "max-keys": "1000"},
    thaw_parameters="CASJobParameters",
    thaw_hours={
        "ARCHIVE": {"Bulk": 12, "Standard": 5, "Expedited": 5 / 60},
        "MAZ_ARCHIVE": {"Bulk": 12, "Standard": 5, "Expedited": 5 / 60},
        "DEEP_ARCHIVE": {"Bulk": 48, "Standard": 24},
    },
    cold_for_sure=frozenset({"ARCHIVE", "MAZ_ARCHIVE", "DEEP_ARCHIVE"}),
    forced="x-cos-force-download",
    replace_metadata="Replaced",
    replace_tags="Replaced",
    overwrites_when_versioned=True,
    if_absent_copies=False,
    mute_heads=True,
    metadata_with_prefix=True,
    max_user_text=2048,
    max_tag=(127, 255),
)
