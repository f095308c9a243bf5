"""Has Kodo get objects from elsewhere by itself: it tells when it has tried, and never how that went.

So an object counts as written once it is there and is another one than before. The API is Qiniu's "async fetch".
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from transfer.errors import Changed, Corrupt, NotFound
from transfer.model import UNPROVEN, Algorithm, Checksums, Entry, Metadata, Proof, Proven, Stored, Upload
from transfer.wire.quoting import quote_query
from transfer_qiniu.classes import is_cold
from transfer_qiniu.client import Client
from transfer_qiniu.config import BLOCK
from transfer_qiniu.hashes import hash_of
from transfer_qiniu.hosts import Service
from transfer_qiniu.metadata import to_fields

_PATH = "/sisyphus/fetch"
_JSON = "application/json"


async def fetch(
    client: Client,
    url: str,
    entry: Entry,
    key: str,
    metadata: Metadata,
    *,
    checksums: Checksums,
    replacing: Entry | None,
    if_absent: bool,
) -> Upload:
    """Ask for it. A class that needs thawing is given when the metadata is, which it would not take after that."""
    number = to_fields(metadata).type
    compared = _compared(entry, checksums)
    wanted = {
        "url": url,
        "bucket": client.place.bucket,
        "key": client.place.name(key),
        "file_type": 0 if is_cold(number) else number,
        "ignore_same_key": if_absent,
        **compared,
    }
    told = await client.manage(Service.API, _PATH, key=key, body=json.dumps(wanted).encode(), kind=_JSON)
    identifier = told.get("id") if isinstance(told, dict) else None
    if not isinstance(identifier, str) or not identifier:
        raise Corrupt(f"The server is to fetch '{key}', and did not name that", key=key)
    extra = {
        "initiated_ns": str(time.time_ns()),
        "size": "" if entry.size is None else str(entry.size),
        "before": _mark(replacing),
        # An object that somebody else wrote meanwhile would be left as it is, with whatever bytes.
        "compared": "" if if_absent else next(iter(compared), ""),
    }
    return Upload(key, identifier, None, 0, extra)


async def fetched(client: Client, fetch: Upload) -> Stored | None:
    """The object, where it is there. Raises NotFound where Kodo has tried, and it is not."""
    key, extra = fetch.key, fetch.extra
    if not await _is_tried(client, fetch):
        return None
    found = (await client.look(key)).entry
    if _mark(found) == extra.get("before"):
        raise NotFound(f"'{key}' is still the object that was to be replaced", key=key)
    if extra.get("size") not in ("", None, str(found.size)):
        raise Changed(f"'{key}' has {found.size:,} bytes after {int(extra['size']):,} were to be fetched", key=key)
    compared = extra.get("compared")
    return Stored(found, Proof(Proven.VERIFIED, compared) if compared else UNPROVEN)


async def _is_tried(client: Client, fetch: Upload) -> bool:
    """Whether Kodo has been at it at least once; what it knows nothing of any more was long ago."""
    path = f"{_PATH}?{quote_query({'id': fetch.id})}"
    try:
        told = await client.manage(Service.API, path, key=fetch.key, method="GET")
        return int(told["wait"]) < 0  # type: ignore[index]
    except NotFound:
        return True
    except (TypeError, LookupError, ValueError):
        raise Corrupt(f"The server told of the fetch of '{fetch.key}' in a form that is not known") from None


def _compared(entry: Entry, checksums: Checksums) -> Mapping[str, str]:
    """What Kodo is to compare the bytes with: other ones it does not store."""
    if Algorithm.MD5 in checksums:
        return {"md5": checksums[Algorithm.MD5].hex()}
    if Algorithm.SHA1 in checksums and entry.size is not None and entry.size <= BLOCK:
        return {"etag": hash_of([checksums[Algorithm.SHA1]])}
    return {}


def _mark(entry: Entry | None) -> str:
    """Tells an object from the one that replaces it, even by the same bytes."""
    return "" if entry is None else f"{entry.etag} {entry.modified_ns}"
