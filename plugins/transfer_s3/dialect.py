"""S3's own words. Source: the Amazon S3 API Reference."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from transfer.model import Algorithm
from transfer.restxml.dialect import Dialect, Encryptions, Names
from transfer.restxml.endpoint import Endpoint
from transfer.wire.quoting import quote_path
from transfer_s3.config import CAPABILITIES, LIMITS

_CHECKSUMS = {
    algorithm: f"x-amz-checksum-{algorithm}"
    for algorithm in (
        Algorithm.CRC64NVME,
        Algorithm.CRC32C,
        Algorithm.CRC32,
        Algorithm.SHA256,
        Algorithm.SHA1,
    )
}
_CHECKSUM_TYPE = "x-amz-checksum-type"


def _copy_source(source: Endpoint, region: str, bucket: str, name: str) -> str:
    return quote_path(f"{bucket}/{name}")


S3 = Dialect(
    provider="S3",
    keys="access_key_id and secret_access_key",
    names=Names.starting("x-amz-"),
    capabilities=CAPABILITIES,
    limits=LIMITS,
    encryptions=Encryptions(
        kinds=("AES256", "aws:kms", "aws:kms:dsse"), managed="aws:kms", key_id="aws-kms-key-id", own_keys=True
    ),
    classes={
        "infrequent": "STANDARD_IA",
        "automatic": "INTELLIGENT_TIERING",
        "instant": "GLACIER_IR",
        "archive": "GLACIER",
        "cold archive": "DEEP_ARCHIVE",
        "deep archive": "DEEP_ARCHIVE",
    },
    own_classes=frozenset(CAPABILITIES.class_names),
    acls=(
        "private",
        "public-read",
        "public-read-write",
        "authenticated-read",
        "aws-exec-read",
        "bucket-owner-read",
        "bucket-owner-full-control",
        "log-delivery-write",
    ),
    user_name=re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+", re.ASCII),
    if_absent={"if-none-match": "*"},
    copy_source=_copy_source,
    kinds={},
    aliases={},
    told=_CHECKSUMS,
    elements={name.replace("x-amz-checksum-", "checksum"): name for name in (*_CHECKSUMS.values(), _CHECKSUM_TYPE)},
    asking={"x-amz-checksum-mode": "ENABLED"},
    span={},
    listing={"list-type": "2", "encoding-type": "url"},
    thaw_parameters="GlacierJobParameters",
    thaw_hours={
        "GLACIER": {"Bulk": 12, "Standard": 5, "Expedited": 5 / 60},
        "DEEP_ARCHIVE": {"Bulk": 48, "Standard": 12},
    },
    cold_for_sure=frozenset({"GLACIER", "DEEP_ARCHIVE"}),
    lists_thaws=True,
    listing_headers={"x-amz-optional-object-attributes": "RestoreStatus"},
    undated_classes=frozenset({"INTELLIGENT_TIERING"}),
    redirect="x-amz-website-redirect-location",
    namespace="http://s3.amazonaws.com/doc/2006-03-01/",
)

_MULTI_ZONE = frozenset({"MAZ_STANDARD_IA", "MAZ_INTELLIGENT_TIERING", "MAZ_ARCHIVE"})
_OWN_CLASSES: Mapping[str, frozenset[str]] = {
    ".qiniucs.com": frozenset({"LINE"}),
    ".myqcloud.com": _MULTI_ZONE,
    ".tencentcos.cn": _MULTI_ZONE,
}


def dialect_at(host: str) -> Dialect:
    """S3, with the classes that the provider at ``host`` has beside S3's."""
    own = next((classes for domain, classes in _OWN_CLASSES.items() if host.endswith(domain)), frozenset())
    return replace(S3, own_classes=S3.own_classes | own) if own else S3
