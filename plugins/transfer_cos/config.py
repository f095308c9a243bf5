"""What ``cos://bucket-appid/prefix`` can do, and the settings of its remotes.

Limits: "Specifications and limits" and "Custom headers" of COS's documentation, at cloud.tencent.com.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from transfer.model import Algorithm
from transfer.plugin import Capabilities, Limits, Location
from transfer.restxml.precedence import Ways
from transfer.restxml.reach import Reach, refuse_contradictions
from transfer.restxml.settings import flag, given_words

GIB = 1024**3

CAPABILITIES = Capabilities(
    ordered=True,
    multipart=True,
    copy=True,
    update=True,
    if_absent=True,
    versions=True,
    user_metadata=True,
    headers=True,
    tags=True,
    acls=True,
    storage_classes=True,
    class_names=(
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
        "MAZ_ARCHIVE",
    ),
    encryption=True,
    signs=True,
    thaw=True,
    thaw_tiers=("Bulk", "Standard", "Expedited"),
    cold_classes=("ARCHIVE", "MAZ_ARCHIVE", "DEEP_ARCHIVE"),
    verifies=(Algorithm.CRC64XZ,),
    keeps=(Algorithm.CRC64XZ, Algorithm.MD5),
)
LIMITS = Limits(
    min_part=1024 * 1024,
    max_part=5 * GIB,
    max_parts=10_000,
    max_put=5 * GIB,
    max_object=10_000 * 5 * GIB,
    max_copy=5 * GIB,
    max_key=850,
    no_start="/\\",
    refused=frozenset("\x18\x19\x1a\x1b"),
    max_user_metadata=4096,
    delete_batch=1000,
    max_thaw_days=365,
)
SETTINGS: Mapping[str, str] = {
    "region": "the bucket's region, like ap-guangzhou",
    "endpoint": "address of the server, like https://cos.ap-guangzhou.myqcloud.com; made of the region where left out",
    "internal": "true to use the addresses that lead to COS without the internet, from a machine inside Tencent Cloud",
    "accelerate": "true to use global acceleration, which the bucket must have switched on",
    "cname": "true if the endpoint is a domain of yours that is bound to the bucket",
    "path_style": "true or false: whether the bucket is in the path; found by itself where it is left out",
    "secret_id": "access key; left out, the environment and the files of Tencent's tools are searched",
    "secret_key": "secret that belongs to it",
    "token": "token that belongs to temporary credentials (STS)",
    "credentials_uri": "address that tells temporary credentials as JSON, asked again before they end",
    "cvm_role": "name of the role of the CVM instance that this runs on",
    "anonymous": "true to send requests without a signature",
    "ca_bundle": "file with the certificates of the authorities to trust",
}
_WAYS = Ways("secret_id", "secret_key", "token", ("credentials_uri", "cvm_role", "anonymous"))


@dataclass(frozen=True, slots=True)
class Settings(Reach):
    """The settings of one remote, read. What is None is to be found out."""

    secret_id: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    credentials_uri: str | None = None
    cvm_role: str | None = None
    anonymous: bool = False
    ca_bundle: str | None = None


def read_settings(location: Location) -> Settings:
    """The location's settings. Raises Misconfigured for one that makes no sense."""
    given = given_words(location, SETTINGS, _WAYS)
    settings = Settings(
        region=given.get("region") or None,
        endpoint=given.get("endpoint") or None,
        internal=flag(given, "internal") or False,
        accelerate=flag(given, "accelerate") or False,
        cname=flag(given, "cname") or False,
        path_style=flag(given, "path_style"),
        secret_id=given.get("secret_id") or None,
        secret_key=given.get("secret_key") or None,
        token=given.get("token") or None,
        credentials_uri=given.get("credentials_uri") or None,
        cvm_role=given.get("cvm_role") or None,
        anonymous="anonymous" in given,
        ca_bundle=given.get("ca_bundle") or None,
    )
    refuse_contradictions(settings, location.url)
    return settings
