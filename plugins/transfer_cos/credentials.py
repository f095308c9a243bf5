"""Where access keys come from: the settings, the environment, a metadata service, the files of Tencent's tools.

Sources: the environment variables of COS's examples and of Tencent Cloud's SDKs; "instance role" of CVM's
metadata; the configuration files of coscmd (``~/.cos.conf``) and of tccli (``~/.tccli/default.credential``).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from transfer.errors import Misconfigured
from transfer.restxml.credentials import CredentialSource, Fixed, Lease, Leased, told_apart
from transfer.restxml.lookup import ask_json, of_environment, of_ini, parse_json, shown
from transfer.wire.sigv4 import Credentials
from transfer_cos.config import Settings

_VARIABLES = (
    ("COS_SECRET_ID", "COS_SECRET_KEY", "COS_TOKEN"),
    ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SECURITY_TOKEN"),
)
_METADATA = "http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials"
_COSCMD = "~/.cos.conf"
_TCCLI = "~/.tccli/default.credential"


async def find(settings: Settings) -> CredentialSource:
    """The first that there is. Raises Misconfigured where there is none."""
    if settings.anonymous:
        return Fixed(None)
    if settings.secret_id and settings.secret_key:
        return Fixed(Credentials(settings.secret_id, settings.secret_key, settings.token))
    if settings.credentials_uri:
        return Leased(partial(_of_uri, settings.credentials_uri), told_apart("uri", settings.credentials_uri))
    if settings.cvm_role:
        return Leased(partial(_of_uri, f"{_METADATA}/{settings.cvm_role}"), f"role-{settings.cvm_role}")
    static = of_environment(_VARIABLES)
    return Fixed(static) if static else Leased(_of_files, "files")


async def _of_uri(uri: str) -> Lease:
    return _lease(await ask_json(uri), shown(uri))


def _lease(told: Mapping[str, Any], place: str) -> Lease:
    """What a service tells. Raises Misconfigured; what it told is secret, and not shown."""
    try:
        credentials = Credentials(told["TmpSecretId"], told["TmpSecretKey"], told.get("Token") or None)
        ends = told.get("ExpiredTime")
        return Lease(credentials, float(ends) if ends else None)
    except (KeyError, TypeError, ValueError):
        raise Misconfigured(f"'{place}' tells no credentials: there must be TmpSecretId and TmpSecretKey") from None


async def _of_files() -> Lease:
    """Read again when the server says that a token has expired: another tool may have renewed it."""
    found = await asyncio.to_thread(lambda: _in_coscmd() or _in_tccli())
    if found is None:
        raise Misconfigured(
            "No credentials for COS were found: set COS_SECRET_ID and COS_SECRET_KEY, "
            "secret_id and secret_key of the remote, or anonymous = true"
        )
    return Lease(found)


def _in_coscmd() -> Credentials | None:
    return of_ini(_COSCMD, ("common",), ("secret_id", "secret_key", "token"), "coscmd config")


def _in_tccli() -> Credentials | None:
    try:
        with open(os.path.expanduser(_TCCLI), "rb") as file:
            told = parse_json(file.read(), _TCCLI)
    except OSError:
        return None
    if not told.get("secretId") or not told.get("secretKey"):
        return None
    return Credentials(told["secretId"], told["secretKey"], told.get("token") or None)
