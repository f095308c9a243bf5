"""OSS's own words. Sources: the OSS API reference and its list of error codes, at help.aliyun.com."""

from __future__ import annotations

import re

from transfer.errors import Changed, Denied, Misconfigured, Unsupported
from transfer.model import Algorithm
from transfer.restxml.dialect import Dialect, Encryptions, Names
from transfer.restxml.endpoint import Endpoint
from transfer.wire.quoting import quote_path
from transfer_oss.config import CAPABILITIES, LIMITS


def _copy_source(source: Endpoint, region: str, bucket: str, name: str) -> str:
    return quote_path(f"/{bucket}/{name}")


OSS = Dialect(
    provider="OSS",
    keys="access_key_id and access_key_secret",
    names=Names.starting("x-oss-", acl="object-acl"),
    capabilities=CAPABILITIES,
    limits=LIMITS,
    encryptions=Encryptions(kinds=("AES256", "KMS", "SM4"), managed="KMS", key_id="key-id", own_keys=False),
    classes={
        "infrequent": "IA",
        "instant": "IA",
        "archive": "Archive",
        "cold archive": "ColdArchive",
        "deep archive": "DeepColdArchive",
    },
    own_classes=frozenset(CAPABILITIES.class_names),
    acls=("default", "private", "public-read", "public-read-write"),
    user_name=re.compile(r"[a-z0-9-]+", re.ASCII),
    if_absent={"x-oss-forbid-overwrite": "true"},
    copy_source=_copy_source,
    kinds={
        "FileAlreadyExists": (Changed, "is there already"),
        "FileImmutable": (Denied, "was refused: a retention policy of the bucket forbids to change it"),
        "UserDisable": (Denied, "was refused: the account is switched off, or in arrears"),
        "InvalidBucketName": (Misconfigured, "is in a bucket of an impossible name"),
        "InvalidObjectName": (Unsupported, "has a key that OSS does not take"),
        "OperationNotSupported": (Unsupported, "is of a class or a kind for which OSS does not do this"),
        "SymlinkTargetNotExist": (Unsupported, "is a symlink to an object that does not exist"),
        "InvalidTargetType": (Unsupported, "is a symlink to another symlink, which OSS does not follow"),
        "SignatureDoesNotMatch": (Denied, "was refused: the signature is wrong, check {keys} and region"),
        "ObjectNotAppendable": (Unsupported, "is of another kind of object at the target"),
        "PublicEndpointForbidden": (
            Misconfigured,
            "is not served at the public endpoint: set internal = true, or an endpoint of yours with cname = true",
        ),
        "SecondLevelDomainForbidden": (
            Misconfigured,
            "must be asked for with the bucket in the host name: leave path_style out",
        ),
    },
    aliases={
        "SecurityTokenExpired": "ExpiredToken",
        "InvalidSecurityToken": "InvalidToken",
        "SecurityTokenNotSupported": "InvalidToken",
        "AccessKeyIdAndSecurityTokenNotMatch": "InvalidToken",
        "InvalidTargetBucketForLogging": "AccessDenied",
        "NoSuchBucketPolicy": "NoSuchKey",
        "CrcNotMatch": "BadDigest",
    },
    told={Algorithm.CRC64XZ: "x-oss-hash-crc64ecma"},
    asking={},
    span={"x-oss-range-behavior": "standard"},
    listing={"list-type": "2", "encoding-type": "url", "max-keys": "1000"},
    thaw_parameters="JobParameters",
    thaw_hours={
        "Archive": {"Standard": 1 / 60},
        "ColdArchive": {"Bulk": 12, "Standard": 5, "Expedited": 1},
        "DeepColdArchive": {"Standard": 48, "Expedited": 12},
    },
    # A bucket may have its Archive read as it is.
    cold_for_sure=frozenset({"ColdArchive", "DeepColdArchive"}),
    lists_thaws=True,
    forced="x-oss-force-download",
    acl_at_end=True,
    link=("x-oss-object-type", "Symlink"),
    metadata_with_prefix=True,
    replace_tags="Replace",
    overwrites_when_versioned=True,
    moved="AccessDenied",
    error_header="x-oss-err",
    delay_header="x-oss-qos-delay-time",
)
