"""Where access keys come from: the settings, the environment, a metadata service, the files of Aliyun's tools.

Sources: the environment variables of oss2 and ossutil; "credentials URI" and "ECS RAM role" of Aliyun's SDKs;
the configuration files of ossutil (``~/.ossutilconfig``) and of aliyun (``~/.aliyun/config.json``).
"""

from __future__ import annotations

import asyncio
import configparser
import os
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from transfer.errors import Misconfigured
from transfer.restxml.credentials import CredentialSource, Fixed, Lease, Leased
from transfer.restxml.lookup import ask, ask_json, parse_json
from transfer.wire.sigv4 import Credentials
from transfer_oss.config import Settings

_VARIABLES = (
    ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
)
_METADATA = "http://100.100.100.200/latest"
_OSSUTIL = "~/.ossutilconfig"
_ALIYUN = "~/.aliyun/config.json"


async def find(settings: Settings) -> CredentialSource:
    """The first that there is. Raises Misconfigured where there is none."""
    if settings.anonymous:
        return Fixed(None)
    if settings.access_key_id and settings.access_key_secret:
        return Fixed(Credentials(settings.access_key_id, settings.access_key_secret, settings.security_token))
    if settings.profile:
        return Leased(partial(_of_profile, settings.profile), f"profile-{settings.profile}")
    uri = settings.credentials_uri or (None if settings.ecs_role else os.environ.get("ALIBABA_CLOUD_CREDENTIALS_URI"))
    if settings.ecs_role:
        return Leased(partial(_of_role, settings.ecs_role), f"role-{settings.ecs_role}")
    if settings.credentials_uri is None and (static := _of_environment()):
        return Fixed(static)
    if uri:
        return Leased(partial(_of_uri, uri), f"uri-{uri}")
    if role := os.environ.get("ALIBABA_CLOUD_ECS_METADATA"):
        return Leased(partial(_of_role, role), f"role-{role}")
    return Leased(_of_files, "files")


def _of_environment() -> Credentials | None:
    for key, secret, token in _VARIABLES:
        if os.environ.get(key) and os.environ.get(secret):
            return Credentials(os.environ[key], os.environ[secret], os.environ.get(token) or None)
    return None


async def _of_uri(uri: str) -> Lease:
    return _lease(await ask_json(uri), uri)


async def _of_role(role: str) -> Lease:
    """Of the instance's metadata service, with the token that its hardened mode wants."""
    reply = await ask(
        f"{_METADATA}/api/token", method="PUT", headers={"x-aliyun-ecs-metadata-token-ttl-seconds": "21600"}
    )
    headers = {"x-aliyun-ecs-metadata-token": reply.body.decode()} if reply.status == 200 else {}
    uri = f"{_METADATA}/meta-data/ram/security-credentials/{role}"
    return _lease(await ask_json(uri, headers), uri)


def _lease(told: Mapping[str, Any], place: str) -> Lease:
    """What a service tells. Raises Misconfigured; what it told is secret, and not shown."""
    try:
        credentials = Credentials(told["AccessKeyId"], told["AccessKeySecret"], told.get("SecurityToken") or None)
        ends = told.get("Expiration")
        return Lease(credentials, datetime.fromisoformat(ends).timestamp() if ends else None)
    except (KeyError, TypeError, ValueError):
        raise Misconfigured(f"'{place}' tells no credentials: there must be AccessKeyId and AccessKeySecret") from None


async def _of_profile(name: str) -> Lease:
    found = await asyncio.to_thread(_in_profiles, name)
    if found is None:
        raise Misconfigured(f"There are no keys for the profile '{name}' in {_ALIYUN}: run 'aliyun configure'")
    return Lease(found)


async def _of_files() -> Lease:
    """Read again when the server says that a token has expired: another tool may have renewed it."""
    found = await asyncio.to_thread(lambda: _in_ossutil() or _in_profiles(None))
    if found is None:
        raise Misconfigured(
            "No credentials for OSS were found: set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, "
            "access_key_id and access_key_secret of the remote, or anonymous = true"
        )
    return Lease(found)


def _in_ossutil() -> Credentials | None:
    parser = configparser.RawConfigParser()
    try:
        parser.read(os.path.expanduser(_OSSUTIL))
    except (OSError, configparser.Error, UnicodeDecodeError):
        raise Misconfigured(f"The file {_OSSUTIL} can't be read: it must be what 'ossutil config' writes") from None
    for section in ("Credentials", "default"):
        found = dict(parser[section]) if parser.has_section(section) else {}
        if found.get("accesskeyid") and found.get("accesskeysecret"):
            return Credentials(found["accesskeyid"], found["accesskeysecret"], found.get("ststoken") or None)
    return None


def _in_profiles(name: str | None) -> Credentials | None:
    """The keys of a profile of the aliyun command, or of its current one."""
    try:
        with open(os.path.expanduser(_ALIYUN), "rb") as file:
            told = parse_json(file.read(), _ALIYUN)
    except OSError:
        return None
    wanted = name or told.get("current") or "default"
    profiles = told.get("profiles")
    for profile in profiles if isinstance(profiles, list) else []:
        known = profile.get("name") == wanted and profile.get("access_key_id") and profile.get("access_key_secret")
        if known:
            return Credentials(profile["access_key_id"], profile["access_key_secret"], profile.get("sts_token") or None)
    return None
