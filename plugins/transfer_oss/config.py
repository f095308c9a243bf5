"""What ``oss://bucket/prefix`` can do, and the settings of its remotes.

Limits: "Limits and performance of OSS" and "PutObjectTagging" at help.aliyun.com.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from transfer.errors import Misconfigured
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
        "Standard",
        "IA",
        "Archive",
        "ColdArchive",
        "DeepColdArchive",
    ),
    encryption=True,
    signs=True,
    thaw=True,
    thaw_tiers=("Bulk", "Standard", "Expedited"),
    cold_classes=("Archive", "ColdArchive", "DeepColdArchive"),
    verifies=(Algorithm.CRC64XZ,),
    keeps=(Algorithm.CRC64XZ, Algorithm.MD5),
)
LIMITS = Limits(
    min_part=100 * 1024,
    max_part=5 * GIB,
    max_parts=10_000,
    max_put=5 * GIB,
    max_object=10_000 * 5 * GIB,
    max_copy=GIB,
    max_key=1023,
    no_start="/\\",
    max_user_metadata=8192,
    delete_batch=1000,
    max_thaw_days=365,
)
SETTINGS: Mapping[str, str] = {
    "region": "the bucket's region, like cn-hangzhou",
    "endpoint": "address of the server, like https://oss-cn-hangzhou.aliyuncs.com; made of the region where left out",
    "internal": "true to use the region's internal endpoint, from a machine inside Aliyun",
    "accelerate": "true to use transfer acceleration, which the bucket must have switched on",
    "cname": "true if the endpoint is a domain of yours that is bound to the bucket",
    "path_style": "true or false: whether the bucket is in the path; found by itself where it is left out",
    "access_key_id": "access key; left out, the environment and the files of Aliyun's tools are searched",
    "access_key_secret": "secret that belongs to it",
    "security_token": "token that belongs to temporary credentials (STS)",
    "credentials_uri": "address that tells temporary credentials as JSON, asked again before they end",
    "ecs_role": "name of the role of the ECS instance that this runs on",
    "profile": "name of a profile of the aliyun command, in ~/.aliyun/config.json",
    "anonymous": "true to send requests without a signature",
    "signature": "v4 or v1; v4 where it is left out",
    "ca_bundle": "file with the certificates of the authorities to trust",
    "request_payer": "true to pay for requests to somebody else's bucket",
}
_WAYS = Ways(
    "access_key_id", "access_key_secret", "security_token", ("credentials_uri", "ecs_role", "profile", "anonymous")
)
_SIGNATURES = ("v4", "v1")


@dataclass(frozen=True, slots=True)
class Settings(Reach):
    """The settings of one remote, read. What is None is to be found out."""

    access_key_id: str | None = None
    access_key_secret: str | None = field(default=None, repr=False)
    security_token: str | None = field(default=None, repr=False)
    credentials_uri: str | None = None
    ecs_role: str | None = None
    profile: str | None = None
    anonymous: bool = False
    signature: str = "v4"
    ca_bundle: str | None = None
    request_payer: bool = False


def read_settings(location: Location) -> Settings:
    """The location's settings. Raises Misconfigured for one that makes no sense."""
    given = given_words(location, SETTINGS, _WAYS)
    signature = (given.get("signature") or "v4").lower()
    if signature not in _SIGNATURES:
        raise Misconfigured(f"The setting signature = '{signature}' must be one of {', '.join(_SIGNATURES)}")
    settings = Settings(
        region=_region(given.get("region")),
        endpoint=given.get("endpoint") or None,
        internal=flag(given, "internal") or False,
        accelerate=flag(given, "accelerate") or False,
        cname=flag(given, "cname") or False,
        path_style=flag(given, "path_style"),
        access_key_id=given.get("access_key_id") or None,
        access_key_secret=given.get("access_key_secret") or None,
        security_token=given.get("security_token") or None,
        credentials_uri=given.get("credentials_uri") or None,
        ecs_role=given.get("ecs_role") or None,
        profile=given.get("profile") or None,
        anonymous="anonymous" in given,
        signature=signature,
        ca_bundle=given.get("ca_bundle") or None,
        request_payer=flag(given, "request_payer") or False,
    )
    refuse_contradictions(settings, location.url)
    return settings


def _region(text: str | None) -> str | None:
    """The region without the ``oss-`` that consoles and older tools put ahead of it."""
    return text.removeprefix("oss-") if text else None
