"""Where vendors' tools and services tell credentials: the environment, files, and small JSON documents."""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from transfer.errors import Misconfigured, TransferError
from transfer.wire.http import Http, HttpOptions, Reply, Request
from transfer.wire.sigv4 import Credentials

_OPTIONS = HttpOptions(connect_timeout=5.0, idle_timeout=10.0, request_timeout=15.0)


Names = tuple[str, str, str]
"""Those of an access key, of its secret, and of a token, which may be missing."""


def of_environment(variables: Iterable[Names]) -> Credentials | None:
    """Of the first of ``variables`` that are there. Raises Misconfigured for half a pair."""
    for key, secret, token in variables:
        given = [name for name in (key, secret) if os.environ.get(name)]
        if len(given) == 1:
            lacking = secret if given == [key] else key
            raise Misconfigured(f"The environment has {given[0]} but no {lacking}; set it, or unset the other")
        if given:
            return Credentials(os.environ[key], os.environ[secret], os.environ.get(token) or None)
    return None


def of_ini(path: str, sections: Iterable[str], names: Names, writer: str) -> Credentials | None:
    """Of the first of ``sections`` that has them, in a file that ``writer`` writes. Raises Misconfigured. Blocking."""
    parser = configparser.RawConfigParser()
    try:
        parser.read(os.path.expanduser(path))
    except (OSError, configparser.Error, UnicodeDecodeError):
        raise Misconfigured(f"The file {path} can't be read: it must be what '{writer}' writes") from None
    for section in sections:
        key, secret, token = (parser.get(section, name, fallback="") for name in names)
        if key and secret:
            return Credentials(key, secret, token or None)
    return None


async def ask(url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> Reply:
    """A service's reply. Raises Misconfigured if it can't be reached."""
    http = Http(_OPTIONS)
    try:
        return await http.call(Request(method, url, headers or {}))
    except TransferError as error:
        raise Misconfigured(f"The credentials can't be had from '{shown(url)}': {error.message}") from None
    finally:
        await http.aclose()


async def ask_json(url: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """The object that a service tells. Raises Misconfigured; what it told is secret, and not shown."""
    reply = await ask(url, headers=headers)
    if reply.status != 200:
        raise Misconfigured(f"The credentials can't be had from '{shown(url)}': it answers with status {reply.status}")
    return parse_json(reply.body, shown(url))


def shown(url: str) -> str:
    """An address without its query, which may be a secret."""
    return url.partition("?")[0]


def parse_json(text: bytes | str, place: str) -> Mapping[str, Any]:
    """The object in ``text``. Raises Misconfigured, which names ``place``."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Misconfigured(f"The credentials in '{place}' can't be read: it holds no JSON object")
    return found
