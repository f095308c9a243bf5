"""Copies made by the server, and the change of metadata, which is a copy of an object onto itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

from transfer.errors import Changed, Unsupported
from transfer.model import UNPROVEN, Algorithm, Entry, Metadata, Part, Receipt, Stored, Upload
from transfer.plugin import Origin
from transfer.restxml import probe, proof
from transfer.restxml.bucket import Bucket
from transfer.restxml.client import Place
from transfer.restxml.results import made_entry, result_fields
from transfer.restxml.verifier import md5_of, whole
from transfer.wire.quoting import quote_path
from transfer.wire.reading import range_header

T = TypeVar("T")


class Copying:
    """Copies to one bucket; remembers whether the server knows them."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._known: bool | None = None
        self._asking = asyncio.Lock()

    async def copy(self, origin: Origin, entry: Entry, key: str, metadata: Metadata, *, if_absent: bool) -> Stored:
        """Copy ``entry`` at ``origin`` to ``key``, with ``metadata`` instead of its own, and compare the two.

        Raises Unsupported where the server was not shown to copy.
        """
        self._bucket.refuse_folded(key, entry.size)
        await self._refuse_unknown(key)
        there = _there(self._bucket, origin)
        return await _of_no_link(there, entry, _copy(self._bucket, there, entry, key, metadata, if_absent=if_absent))

    async def update(self, entry: Entry, metadata: Metadata) -> Stored:
        """Give an object new metadata; tags that ``metadata`` does not know are kept.

        Raises Unsupported above 5 GiB, and where the server was not shown to copy.
        """
        largest = self._bucket.dialect.limits.max_copy
        if entry.size is not None and largest is not None and entry.size > largest:
            message = f"'{entry.key}' is larger than {self._bucket.dialect.provider} copies onto itself: send it again"
            raise Unsupported(message, key=entry.key)
        await self._refuse_unknown(entry.key)
        return await _of_no_link(self._bucket, entry, _update(self._bucket, entry, metadata))

    async def _refuse_unknown(self, key: str) -> None:
        """A provider is known to copy; an imitator is asked before the first copy of a run."""
        if self._bucket.client.endpoint.genuine:
            return
        async with self._asking:
            if self._known is None:
                self._known = await probe.knows_copies(self._bucket)
        if not self._known:
            raise Unsupported(f"The server does not copy, so '{key}' must be sent through here", key=key)


async def _copy(
    bucket: Bucket, there: Bucket, entry: Entry, key: str, metadata: Metadata, *, if_absent: bool
) -> Stored:
    source = there.client.place
    headers, lost = bucket.making(metadata)
    headers.update(_source_headers(bucket, source, entry))
    headers.update(_algorithm(bucket, entry), **(bucket.dialect.if_absent if if_absent else {}))
    if metadata.tags is not None or bucket.client.endpoint.genuine:
        # Unasked, tags are not carried, as they are not on other ways. Some servers refuse to hear of them at all.
        headers[f"{bucket.dialect.names.tagging}-directive"] = bucket.dialect.replace_tags
    known = await _guarded(there, entry)
    made = await _copied(bucket, key, known, metadata, headers)
    stored_proof = proof.of_copy(known, made)
    if stored_proof == UNPROVEN:
        known = await _looked_at(there, entry)
        made = replace(await bucket.head(key, version=made.version), metadata=metadata)
        stored_proof = proof.of_copy(known, made)
    return Stored(made, stored_proof, lost)


async def _update(bucket: Bucket, entry: Entry, metadata: Metadata) -> Stored:
    comparable = md5_of(entry.etag) is not None or entry.checksums
    before = await (_guarded(bucket, entry) if comparable else _looked_at(bucket, entry))
    kept = replace(metadata, storage_class=metadata.storage_class or entry.storage_class)
    headers, lost = bucket.making(kept)
    headers.update(_source_headers(bucket, bucket.client.place, before), **_algorithm(bucket, before))
    headers.update(bucket.encryption.source_key)
    if metadata.tags is not None:
        headers[f"{bucket.dialect.names.tagging}-directive"] = bucket.dialect.replace_tags
    made = await _copied(bucket, entry.key, before, kept, headers)
    stored_proof = proof.of_copy(before, made)
    if stored_proof == UNPROVEN:
        made = replace(await bucket.head(entry.key, version=made.version), metadata=kept)
        stored_proof = proof.of_copy(before, made)
    return Stored(made, stored_proof, lost)


async def copy_part(bucket: Bucket, upload: Upload, part: Part, origin: Origin, entry: Entry) -> Receipt:
    """Copy ``part.span`` of ``entry`` at ``origin``. The checksums are the server's own."""
    there = _there(bucket, origin)
    return await _of_no_link(there, entry, _part_copied(bucket, upload, part, there, entry))


async def _part_copied(bucket: Bucket, upload: Upload, part: Part, there: Bucket, entry: Entry) -> Receipt:
    await _guarded(there, entry)
    headers = _source_headers(bucket, there.client.place, entry)
    del headers[bucket.dialect.names.metadata_directive]
    headers[f"{bucket.dialect.names.copy_source}-range"] = range_header(part.span)
    headers.update(bucket.encryption.key)
    query = {"partNumber": str(part.number), "uploadId": upload.id}
    reply = await bucket.client.call("PUT", upload.key, query, headers, patient=True)
    if not reply.body:
        # It did not see the header that names the source, and took this for a part without bytes.
        raise Unsupported(f"The server can't copy parts, so '{entry.key}' must be sent through here", key=upload.key)
    fields = result_fields(bucket.dialect, reply, f"the copy of part {part.number} of '{upload.key}'")
    checksums = whole(fields, bucket.dialect.told)
    return Receipt(part.number, part.size, fields.get("etag", "").strip('"') or None, checksums)


def _there(bucket: Bucket, origin: Origin) -> Bucket:
    """The bucket that is copied from."""
    place = replace(bucket.client.place, bucket=origin.container, prefix=origin.prefix)
    return replace(bucket, client=bucket.client.sibling(place))


async def _of_no_link(there: Bucket, entry: Entry, copy: Awaitable[T]) -> T:
    """What ``copy`` gives. Raises Unsupported where the provider refused because it would copy a link.

    Then the condition is compared with the link's own ETag, which is not what was looked at.
    """
    try:
        return await copy
    except Changed:
        if not await _is_link(there, entry):
            raise
    message = f"'{entry.key}' is a symlink, of which {there.dialect.provider} would copy the link"
    raise Unsupported(message, key=entry.key)


async def _is_link(there: Bucket, entry: Entry) -> bool:
    if not there.dialect.link:
        return False
    name, value = there.dialect.link
    query = {"versionId": entry.version} if entry.version else {}
    reply = await there.client.call("HEAD", entry.key, query, there.encryption.key)
    return reply.headers.get(name) == value


async def _copied(bucket: Bucket, key: str, source: Entry, metadata: Metadata, headers: dict[str, str]) -> Entry:
    reply = await bucket.client.call("PUT", key, {}, headers, patient=True)
    return made_entry(
        bucket.dialect, key, source.size, metadata, result_fields(bucket.dialect, reply, f"the copy to '{key}'")
    )


def _source_headers(bucket: Bucket, source: Place, entry: Entry) -> dict[str, str]:
    """Which object is copied, and that it must still be the one that was looked at."""
    dialect, client = bucket.dialect, bucket.client
    there = client.address_of(source.bucket)
    name = dialect.copy_source(there, client.region, source.bucket, source.name(entry.key))
    version = f"?versionId={quote_path(entry.version)}" if entry.version else ""
    headers = {
        dialect.names.copy_source: name + version,
        dialect.names.metadata_directive: dialect.replace_metadata,
    }
    if entry.etag:
        headers[f"{dialect.names.copy_source}-if-match"] = f'"{entry.etag}"'
    return {**headers, **(bucket.encryption.source_key if entry.encrypted_etag else {})}


def _algorithm(bucket: Bucket, source: Entry) -> dict[str, str]:
    """Ask for a checksum that can be compared with one of the source's, if the server computes any."""
    if bucket.verifier.sent is None:
        return {}
    known = (algorithm for algorithm in source.checksums if algorithm is not Algorithm.MD5)
    return {"x-amz-checksum-algorithm": next(known, bucket.verifier.sent).upper()}


async def _guarded(there: Bucket, entry: Entry) -> Entry:
    """The object to be copied, still what it was. Not all imitators look at the condition in the request."""
    return entry if there.client.endpoint.genuine or entry.etag is None else await _looked_at(there, entry)


async def _looked_at(there: Bucket, entry: Entry) -> Entry:
    """All that is known of the object. Raises Changed if it is not what ``entry`` knows any more."""
    known = await there.head(entry.key, version=entry.version)
    if entry.etag not in (None, known.etag):
        raise Changed(f"'{entry.key}' has changed since it was listed", key=entry.key)
    return known
