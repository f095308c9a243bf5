"""Copies inside Kodo, and new metadata for bytes that stay. Conditions are looked at ahead: copies know none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from transfer.errors import Changed, Unsupported
from transfer.model import Entry, Metadata, Proof, Proven, Stored
from transfer.plugin import Origin
from transfer_qiniu.client import Client
from transfer_qiniu.entries import Found, unchanged
from transfer_qiniu.hosts import Service
from transfer_qiniu.metadata import PREFIX, Fields, as_far_as_taken, to_fields
from transfer_qiniu.place import encoded

_SAME = Proof(Proven.VERIFIED, "etag")
"""Kodo computed the hash of the one and of the other, and they are equal."""


async def copy(
    client: Client, origin: Origin, entry: Entry, key: str, metadata: Metadata, *, if_absent: bool
) -> Stored:
    """Copy within an account and a region; raises Unsupported for other regions, and what a copy can't be given."""
    there = replace(client, place=replace(client.place, bucket=origin.container, prefix=origin.prefix))
    await _refuse_other_region(client, there)
    source = await _looked_at(there, entry)
    wanted = _kept(to_fields(metadata), metadata, source)
    _refuse_impossible(source, wanted, key)
    force = "false" if if_absent else "true"
    path = f"/copy/{there.place.entry(entry.key)}/{client.place.entry(key)}/force/{force}"
    await client.manage(Service.RS, path, key=key, patient=True)
    return await _given(client, await client.look(key), source.entry.etag, wanted)


async def update(client: Client, entry: Entry, metadata: Metadata) -> Stored:
    """Give an object new metadata. Raises Unsupported where it has some that would have to go: Kodo only adds."""
    found = await _looked_at(client, entry)
    wanted = _kept(to_fields(metadata), metadata, found)
    _refuse_impossible(found, wanted, entry.key)
    return await _given(client, found, found.entry.etag, wanted)


async def _refuse_other_region(client: Client, there: Client) -> None:
    buckets = {client.place.bucket, there.place.bucket}
    regions = {(await client.discovery.hosts(bucket)).region for bucket in buckets}
    if len(regions) > 1:
        raise Unsupported(f"Kodo does not copy between the regions {' and '.join(sorted(regions))}")


async def _looked_at(client: Client, entry: Entry) -> Found:
    found = await client.look(entry.key)
    unchanged(entry, found.entry.etag)
    return found


def _kept(fields: Fields, metadata: Metadata, found: Found) -> Fields:
    """``fields``, in the class that the object is in unless another is asked for."""
    return fields if metadata.storage_class else replace(fields, type=found.type)


def _refuse_impossible(found: Found, wanted: Fields, key: str) -> None:
    superfluous = found.named.keys() - wanted.named.keys()
    if superfluous:
        raise Unsupported(f"Kodo can't take metadata away from '{key}': it must be sent again", key=key)
    if found.frozen and not _is_as_wanted(found, wanted):
        raise Unsupported(f"'{key}' is in cold storage, where its metadata can't be changed", key=key)


def _is_as_wanted(found: Found, wanted: Fields) -> bool:
    return (found.mime, found.type, dict(found.named)) == (wanted.mime, wanted.type, dict(wanted.named))


async def _given(client: Client, found: Found, etag: str | None, wanted: Fields) -> Stored:
    """The object with what is ``wanted``, if it still is the one with this hash."""
    key = found.entry.key
    unchanged(replace(found.entry, etag=etag), found.entry.etag)
    lost = wanted.lost
    if (found.mime, dict(found.named)) != (wanted.mime, dict(wanted.named)):

        async def change(fields: Fields) -> None:
            await client.manage(Service.RS, _change_path(client, key, fields, etag), key=key)

        _, lost = await as_far_as_taken(wanted, change)
    if found.type != wanted.type:
        await client.manage(Service.RS, f"/chtype/{client.place.entry(key)}/type/{wanted.type}", key=key)
    made = found if _is_as_wanted(found, wanted) else await client.look(key)
    if made.entry.etag != etag:
        raise Changed(f"'{key}' was replaced as soon as it was written", key=key)
    return Stored(made.entry, _SAME, lost)


def _change_path(client: Client, key: str, fields: Fields, etag: str | None) -> str:
    """The request that sets type and names of an object that still has this hash."""
    named: Mapping[str, str] = {PREFIX + name: value for name, value in fields.named.items()}
    values = "".join(f"/{name}/{encoded(value)}" for name, value in named.items())
    return f"/chgm/{client.place.entry(key)}/mime/{encoded(fields.mime)}{values}/cond/{encoded(f'hash={etag}')}"
