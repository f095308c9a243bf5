"""What ``kodo://bucket/prefix`` can do at best, and the settings of its remotes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from transfer.errors import Misconfigured
from transfer.model import Algorithm
from transfer.plugin import Capabilities, Limits, Location
from transfer.restxml.settings import flag

MIB = 1024**2
BLOCK = 4 * MIB
"""Bytes of a block, of whose SHA-1s Kodo makes an object's hash."""
_MAX_PART = 1000**3

CAPABILITIES = Capabilities(
    multipart=True,
    copy=True,
    update=True,
    if_absent=True,
    user_metadata=True,
    headers=True,
    storage_classes=True,
    class_names=(
        "STANDARD",
        "LINE",
        "GLACIER_IR",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
    ),
    thaw=True,
    cold_classes=("GLACIER", "DEEP_ARCHIVE"),
    signs=True,
    fetches=True,
    verifies=(Algorithm.CRC32,),
    keeps=(Algorithm.SHA1, Algorithm.MD5),
)
LIMITS = Limits(
    min_part=MIB,
    max_part=_MAX_PART,
    max_parts=10_000,
    # Kodo takes more in one form, but a form is put together in memory; parts go straight from their buffer.
    max_put=64 * MIB,
    max_object=10_000 * _MAX_PART,
    max_key=750,
    refused=frozenset("\0"),
    max_user_metadata=1024,
    delete_batch=1000,
    max_thaw_days=7,
)
SETTINGS: Mapping[str, str] = {
    "access_key": "access key; left out, QINIU_ACCESS_KEY",
    "secret_key": "secret that belongs to it; left out, QINIU_SECRET_KEY",
    "region": "like z0 or cn-east-2; asked of Qiniu where it is left out",
    "endpoint": "address of one server that is all of Kodo: a private cloud, or a test",
    "up": "address of the upload service; asked of Qiniu where it is left out",
    "rs": "address of the object service; asked of Qiniu where it is left out",
    "rsf": "address of the listing service; asked of Qiniu where it is left out",
    "api": "address of the service that fetches; asked of Qiniu where it is left out",
    "uc": "address of the service that is asked; https://uc.qiniuapi.com where it is left out",
    "domain": "address to download from; left out, a domain bound to the bucket, or else its source domain",
    "s3_bucket": "the bucket's name at Kodo's S3 endpoint, to download there; left out, only where there is no domain",
    "private": "true or false: whether downloads are signed; true where it is left out, which public buckets take too",
    "scheme": "https or http, for addresses that name none; the endpoint's where it is left out, or https",
    "comparable_hash": "true to send parts of 4 MiB, so that hashes of equal bytes are equal; objects up to 39 GiB",
    "ordered": "true if the bucket is known to list in byte order; false where it is left out",
    "ca_bundle": "file with the certificates of the authorities to trust",
}
_KEYS = {"access_key": "QINIU_ACCESS_KEY", "secret_key": "QINIU_SECRET_KEY"}
_REGION = re.compile(r"[a-z0-9-]+", re.ASCII)
_ADDRESSES = ("endpoint", "up", "rs", "rsf", "api", "uc", "domain")
_ADDRESS = re.compile(r"https?://[^/?#@\s]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one remote, read. What is None is to be found out; addresses have a scheme and no path."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str | None = None
    endpoint: str | None = None
    up: str | None = None
    rs: str | None = None
    rsf: str | None = None
    api: str | None = None
    uc: str | None = None
    domain: str | None = None
    s3_bucket: str | None = None
    private: bool = True
    scheme: str = "https"
    comparable_hash: bool = False
    ordered: bool = False
    ca_bundle: str | None = None


def read_settings(location: Location) -> Settings:
    """The location's settings. Raises Misconfigured for what is missing or makes no sense."""
    given = {name: str(value) for name, value in location.settings.items() if name in SETTINGS and value is not None}
    access_key, secret_key = _keys(given, location)
    scheme = given.get("scheme") or _scheme_of(given.get("endpoint", ""))
    if scheme not in ("https", "http"):
        raise Misconfigured(f"The setting scheme = '{scheme}' must be https or http")
    region = given.get("region") or None
    if region is not None and not _REGION.fullmatch(region):
        raise Misconfigured(f"The setting region = '{region}' must be a name like z0 or cn-east-2")
    return Settings(
        access_key,
        secret_key,
        region=region,
        s3_bucket=given.get("s3_bucket") or None,
        private=flag(given, "private") is not False,
        scheme=scheme,
        comparable_hash=flag(given, "comparable_hash") or False,
        ordered=flag(given, "ordered") or False,
        ca_bundle=given.get("ca_bundle") or None,
        **{name: _address(given, name, scheme) for name in _ADDRESSES},
    )


def _scheme_of(endpoint: str) -> str:
    """A server without TLS has its domains without, too."""
    return "http" if endpoint.startswith("http://") else "https"


def _keys(given: Mapping[str, str], location: Location) -> tuple[str, str]:
    """Both from the command, both from the file, or both from the environment: halves of two pairs fit nothing."""
    from_command = {name: given[name] for name in _KEYS if name in location.given and given.get(name)}
    from_file = {name: given[name] for name in _KEYS if given.get(name)}
    environment = {name: os.environ.get(variable, "") for name, variable in _KEYS.items()}
    pair = from_command or from_file or {name: value for name, value in environment.items() if value}
    missing = [name for name in _KEYS if name not in pair]
    if missing:
        raise Misconfigured(
            f"'{location.url}' has no {' and no '.join(missing)}: set access_key and secret_key, "
            f"or {' and '.join(_KEYS.values())}"
        )
    return pair["access_key"], pair["secret_key"]


def _address(given: Mapping[str, str], name: str, scheme: str) -> str | None:
    text = given.get(name, "").rstrip("/")
    if not text:
        return None
    address = text if "://" in text else f"{scheme}://{text}"
    if not _ADDRESS.fullmatch(address):
        raise Misconfigured(f"The setting {name} must be an address like https://example.com, with no path")
    return address
