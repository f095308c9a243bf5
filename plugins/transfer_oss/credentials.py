"""Where access keys come from: the settings, the environment, a metadata service, the files of Aliyun's tools.

Sources: the environment variables of oss2 and ossutil; "credentials URI" and "ECS RAM role" of Aliyun's SDKs;
the configuration files of ossutil (``~/.ossutilconfig``) and of aliyun (``~/.aliyun/config.json``).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from transfer.errors import Misconfigured
from transfer.restxml.credentials import CredentialSource, Fixed, Lease, Leased, told_apart
from transfer.restxml.lookup import ask, ask_json, of_environment, of_ini, parse_json, shown
from transfer.wire.sigv4 import Credentials
from transfer_oss.config import Settings

_VARIABLES = (
    ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
)
_METADATA = "http://100.100.100.200/latest"
_OSSUTIL = "~/.ossutilconfig"
_ALIYUN = "~/.aliyun/config.json"
_MODES = ("AK", "StsToken")
"""Of profiles whose keys sign as they are. Those of others are the keys of somebody who may become somebody else."""


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
    if settings.credentials_uri is None and (static := of_environment(_VARIABLES)):
        return Fixed(static)
    if uri:
        return Leased(partial(_of_uri, uri), told_apart("uri", uri))
    if role := os.environ.get("ALIBABA_CLOUD_ECS_METADATA"):
        return Leased(partial(_of_role, role), f"role-{role}")
    return Leased(_of_files, "files")


async def _of_uri(uri: str) -> Lease:
    return _lease(await ask_json(uri), shown(uri))


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
    found = await asyncio.to_thread(_profile, name)
    if found is None:
        raise Misconfigured(f"There is no profile '{name}' in {_ALIYUN}: run 'aliyun configure --profile {name}'")
    return await _in_profile(found)


async def _of_files() -> Lease:
    """Read again when the server says that a token has expired: another tool may have renewed it."""
    found = await asyncio.to_thread(_in_ossutil)
    if found is not None:
        return Lease(found)
    profile = await asyncio.to_thread(_profile, None)
    if profile is not None:
        return await _in_profile(profile)
    raise Misconfigured(
        "No credentials for OSS were found: set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, "
        "access_key_id and access_key_secret of the remote, or anonymous = true"
    )


def _in_ossutil() -> Credentials | None:
    names = ("accesskeyid", "accesskeysecret", "ststoken")
    return of_ini(_OSSUTIL, ("Credentials", "default"), names, "ossutil config")


def _profile(name: str | None) -> Mapping[str, Any] | None:
    """A profile of the aliyun command, or its current one; None where there is none of that name."""
    try:
        with open(os.path.expanduser(_ALIYUN), "rb") as file:
            told = parse_json(file.read(), _ALIYUN)
    except OSError:
        return None
    wanted = name or told.get("current") or "default"
    profiles = told.get("profiles")
    found = (each for each in profiles if isinstance(each, dict)) if isinstance(profiles, list) else ()
    return next((profile for profile in found if profile.get("name") == wanted), None)


async def _in_profile(profile: Mapping[str, Any]) -> Lease:
    """Its keys, or those of the role that it names. Raises Misconfigured for a way that only the command knows."""
    name, mode = profile.get("name"), profile.get("mode") or "AK"
    if mode == "EcsRamRole" and profile.get("ram_role_name"):
        return await _of_role(profile["ram_role_name"])
    if mode not in _MODES:
        raise Misconfigured(
            f"The profile '{name}' in {_ALIYUN} is of mode {mode}, which is not read here: "
            f"use one of mode {' or '.join(_MODES)}, or credentials_uri"
        )
    key, secret = profile.get("access_key_id"), profile.get("access_key_secret")
    if not key or not secret:
        raise Misconfigured(f"The profile '{name}' in {_ALIYUN} has no keys: run 'aliyun configure --profile {name}'")
    return Lease(Credentials(key, secret, (profile.get("sts_token") or None) if mode == "StsToken" else None))
