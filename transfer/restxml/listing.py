"""The bucket's listing, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator

from transfer.errors import Corrupt
from transfer.model import Page
from transfer.plugin import Prune
from transfer.restxml.client import Client
from transfer.restxml.dialect import Dialect
from transfer.wire.listing import ListingPage, parse_page

_TOKEN, _AFTER = "t", "a"
"""First letters of a resume value: the server's own token, or a name to go on after."""
_BEYOND = "\U0010fffd"
"""Sorts behind whatever a folder holds in practice; what sorts later still is listed, not lost."""


async def pages(
    client: Client, prefix: str, *, after: str | None, resume: str | None, prune: Prune | None, ordered: bool
) -> AsyncIterator[Page]:
    """List the keys that start with ``prefix``. ``prune`` is heeded where the order is that of the bytes."""
    place = client.place
    here = resume or (_AFTER + place.name(after) if after else None)
    while True:
        query = {**client.dialect.listing, "prefix": place.prefix + prefix, **_position(here, client.dialect)}
        reply = await client.call("GET", None, query)
        found = parse_page(reply.body, place.prefix)
        there = _next(found, ordered=ordered)
        if there is not None and there == here:
            raise Corrupt(f"The listing of '{place.url}' does not go on: the server repeats its page")
        if there is not None and ordered and prune and found.last:
            there = _skip(found.last, place.prefix + prefix, place.prefix, prune) or there
        yield Page(found.items, there)
        if there is None:
            return
        here = there


def is_empty(document: bytes, prefix: str) -> bool:
    """Whether a first page lists nothing at all. One that can't be read is left to who wants to know more of it."""
    try:
        found = parse_page(document, prefix)
    except Corrupt:
        return False
    return not found.items and found.last is None and not found.truncated


def _position(here: str | None, dialect: Dialect) -> dict[str, str]:
    if here is None:
        return {}
    after = "start-after" if "list-type" in dialect.listing else "marker"
    return {"continuation-token" if here[0] == _TOKEN else after: here[1:]}


def _next(found: ListingPage, *, ordered: bool) -> str | None:
    if not found.truncated:
        return None
    if found.token:
        return _TOKEN + found.token
    if ordered and (found.marker or found.last):
        return _AFTER + (found.marker or found.last or "")
    raise Corrupt("The server broke a listing off without saying how it goes on")


def _skip(last: str, start: str, base: str, prune: Prune) -> str | None:
    """Where to go on if the page ended inside a folder that may be left out."""
    slash = last.find("/", len(start))
    while slash >= 0:
        if prune(last[len(base) : slash + 1]):
            return _AFTER + last[: slash + 1] + _BEYOND
        slash = last.find("/", slash + 1)
    return None
