"""Small JSON documents that tell credentials: of metadata services, and in the files of vendors' tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from transfer.errors import Misconfigured, TransferError
from transfer.wire.http import Http, HttpOptions, Reply, Request

_OPTIONS = HttpOptions(connect_timeout=5.0, idle_timeout=10.0, request_timeout=15.0)


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
