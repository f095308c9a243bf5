"""The bucket's listing, page by page, and that of buckets. Only an empty marker ends one: pages may be empty before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from transfer.errors import Corrupt
from transfer.model import Entry, Page
from transfer.wire.quoting import quote_query
from transfer_qiniu.client import Client
from transfer_qiniu.entries import listed
from transfer_qiniu.hosts import Service

_LIMIT = "1000"


async def pages(client: Client, prefix: str, *, after: str | None, resume: str | None) -> AsyncIterator[Page]:
    """List the keys that start with ``prefix``. What comes before ``after`` is listed too, and left out here."""
    marker = resume or ""
    while True:
        items, following = await _page(client, prefix, marker)
        if following and following == marker:
            raise Corrupt(f"The listing of '{client.place.url}' does not go on: the server repeats its page")
        if after is not None:
            items = [item for item in items if item.key > after]
        yield Page(tuple(items), following or None)
        if not following:
            return
        marker = following


async def _page(client: Client, prefix: str, marker: str) -> tuple[list[Entry], str]:
    place = client.place
    query = {"bucket": place.bucket, "limit": _LIMIT, "prefix": place.prefix + prefix}
    path = f"/list?{quote_query({**query, **({'marker': marker} if marker else {})})}"
    document = await client.manage(Service.RSF, path, method="GET")
    try:
        told = document["items"] or ()  # type: ignore[index]
        found = [(str(item["key"]), item) for item in told]
        strange = next((name for name, _ in found if not name.startswith(place.prefix)), None)
        # The mark of the prefix's own folder is no object in it.
        items = [listed(name[len(place.prefix) :], item) for name, item in found if name != place.prefix]
        following = str(document.get("marker") or "")  # type: ignore[attr-defined]
    except (TypeError, LookupError, ValueError, AttributeError):
        raise Corrupt(f"The listing of '{place.url}' has a form that is not known") from None
    if strange is not None:
        raise Corrupt(f"The listing of '{place.prefix}' has '{strange}', which is outside of it")
    return items, following


async def probe(client: Client) -> bool:
    """Ask for one key, which shows whether the bucket is there and may be listed; tells whether it is empty there."""
    place = client.place
    query = quote_query({"bucket": place.bucket, "limit": "1", "prefix": place.prefix})
    told = await client.manage(Service.RSF, f"/list?{query}", method="GET")
    return isinstance(told, dict) and not told.get("items") and not told.get("marker")


async def buckets(client: Client) -> Sequence[str]:
    """The names of all buckets that the keys may see, wherever they are."""
    told = await client.buckets()
    if not isinstance(told, list | None) or not all(isinstance(name, str) for name in told or ()):
        raise Corrupt("Qiniu told of the buckets in a form that is not known")
    return sorted(told or ())
