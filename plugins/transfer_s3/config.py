"""What ``s3://bucket/prefix`` can do at best, and the settings of its remotes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from transfer.errors import Misconfigured
from transfer.model import Algorithm
from transfer.plugin import Capabilities, Limits, Location
from transfer.restxml.precedence import Ways
from transfer.restxml.settings import flag, given_words
from transfer.restxml.verifier import Verifier

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
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER_IR",
        "GLACIER",
        "DEEP_ARCHIVE",
        "REDUCED_REDUNDANCY",
    ),
    encryption=True,
    signs=True,
    thaw=True,
    thaw_tiers=("Bulk", "Standard", "Expedited"),
    cold_classes=("GLACIER", "DEEP_ARCHIVE"),
    verifies=(Algorithm.CRC64NVME,),
    keeps=(
        Algorithm.CRC64NVME,
        Algorithm.CRC32C,
        Algorithm.CRC32,
        Algorithm.SHA256,
        Algorithm.SHA1,
        Algorithm.MD5,
    ),
)
LIMITS = Limits(
    min_part=5 * 1024**2,
    max_part=5 * GIB,
    max_parts=10_000,
    max_put=5 * GIB,
    max_object=10_000 * 5 * GIB,
    max_copy=5 * GIB,
    max_key=1024,
    max_user_metadata=2048,
    delete_batch=1000,
    max_thaw_days=36_500,
)
SETTINGS: Mapping[str, str] = {
    "endpoint": "address of the server, like https://s3.example.com; AWS itself where it is left out",
    "region": "found by itself where it is left out",
    "access_key_id": "access key; left out, the AWS environment, profiles and roles are searched",
    "secret_access_key": "secret that belongs to it",
    "session_token": "token that belongs to temporary credentials",
    "profile": "name of a profile in ~/.aws",
    "anonymous": "true to send requests without a signature",
    "path_style": "true or false: whether the bucket is in the path; found by itself where it is left out",
    "ca_bundle": "file with the certificates of the authorities to trust",
    "request_payer": "true to pay for requests to somebody else's bucket",
    "sse_c_key_file": "file with the key of objects that are encrypted with a key of yours",
    "verify": "crc64nvme, crc32c, md5, etag or none: how the server proves a write; found out where it is left out",
    "ordered": "true or false: whether the server lists in byte order; found out where it is left out",
    "state_dir": "folder in which the server's answers are remembered",
}
_VERIFIERS = tuple(verifier for verifier in Verifier if verifier is not Verifier.CRC64XZ)
_WAYS = Ways("access_key_id", "secret_access_key", "session_token", ("profile", "anonymous"))


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one remote, read. What is None is to be found out."""

    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    profile: str | None = None
    anonymous: bool = False
    path_style: bool | None = None
    ca_bundle: str | None = None
    request_payer: bool = False
    sse_c_key_file: str | None = None
    verify: Verifier | None = None
    ordered: bool | None = None
    state_dir: str | None = None


def read_settings(location: Location) -> Settings:
    """The location's settings. Raises Misconfigured for one that makes no sense."""
    given = given_words(location, SETTINGS, _WAYS)
    return Settings(
        endpoint=given.get("endpoint") or None,
        region=given.get("region") or None,
        access_key_id=given.get("access_key_id") or None,
        secret_access_key=given.get("secret_access_key") or None,
        session_token=given.get("session_token") or None,
        profile=given.get("profile") or None,
        anonymous="anonymous" in given,
        path_style=flag(given, "path_style"),
        ca_bundle=given.get("ca_bundle") or os.environ.get("AWS_CA_BUNDLE") or None,
        request_payer=flag(given, "request_payer") or False,
        sse_c_key_file=given.get("sse_c_key_file") or None,
        verify=_verifier(given.get("verify")),
        ordered=flag(given, "ordered"),
        state_dir=given.get("state_dir") or None,
    )


def _verifier(text: str | None) -> Verifier | None:
    if not text:
        return None
    if text.lower() not in _VERIFIERS:
        raise Misconfigured(f"The setting verify = '{text}' must be one of {', '.join(_VERIFIERS)}")
    return Verifier(text.lower())
