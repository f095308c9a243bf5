"""The bucket's listing, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from transfer.errors import Corrupt, Unsupported
from transfer.model import Page
from transfer.plugin import Prune
from transfer.restxml.client import Client
from transfer.restxml.coldness import listed
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
    place, dialect = client.place, client.dialect
    here = resume or (_AFTER + place.name(after) if after else None)
    while True:
        query = {**dialect.listing, "prefix": place.prefix + prefix, **_position(here, dialect)}
        found = parse_page(await _page(client, query), place.prefix)
        there = _next(found, ordered=ordered)
        if there is not None and there == here:
            raise Corrupt(f"The listing of '{place.url}' does not go on: the server repeats its page")
        if there is not None and ordered and prune and found.last:
            there = _skip(found.last, place.prefix + prefix, place.prefix, prune) or there
        client.lists_thaws = client.lists_thaws or bool(found.restores)
        yield Page(listed(dialect, found, tells_all=client.lists_thaws), there)
        if there is None:
            return
        here = there


async def _page(client: Client, query: Mapping[str, str]) -> bytes:
    """A page as it comes. A server that does not take the headers with which it would tell more goes without."""
    headers = client.listing_headers
    try:
        return (await client.call("GET", None, query, headers)).body
    except Unsupported:
        if not headers:
            raise
    client.listing_headers = {}
    return (await client.call("GET", None, query)).body


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
