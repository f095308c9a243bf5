"""Multipart uploads, by which all archives come into being: their end can be repeated if its reply is lost."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from transfer import killpoint, treehash
from transfer.checksums import digest_off_loop
from transfer.errors import Corrupt, NotFound, TransferError, Unsupported
from transfer.model import (
    NO_CHECKSUMS,
    UNPROVEN,
    Algorithm,
    Body,
    Checksums,
    LongBody,
    Metadata,
    Part,
    Proof,
    Proven,
    Receipt,
    Stored,
    Upload,
)
from transfer_glacier import calls
from transfer_glacier.archive import Archive
from transfer_glacier.config import MIB
from transfer_glacier.cover import FROZEN
from transfer_glacier.deleting import delete_archives
from transfer_glacier.descriptions import describe, read
from transfer_glacier.entries import changed, entry_of
from transfer_glacier.vault import Vault

_TREE, _SHA256 = Algorithm.TREE_SHA256, Algorithm.SHA256
_SECOND_NS = 1_000_000_000
_MTIME, _REPLACES = "mtime", "replaces"
"""In an upload's ``extra``: seconds, and the id of the archive that had the name when it was begun."""
_OURS = "mt2 "
"""Begins the descriptions that we write. (Others may be plain text, and somebody else's.)"""
_TRIAL = "transfer: a trial"
_VERIFIED = Proof(Proven.VERIFIED, _TREE)


async def begin(vault: Vault, key: str, metadata: Metadata, *, size: int | None, part_size: int) -> Upload:
    """Open an upload. What of ``metadata`` can't be held is told by :func:`finish`."""
    if size == 0:
        raise empty(key)
    name = vault.names.name(key)
    mtime_ns = metadata.posix.mtime_ns
    mtime = (vault.now_ns() if mtime_ns is None else mtime_ns) // _SECOND_NS
    older = await vault.names.versions(name)
    if vault.settings.keep_versions:
        _refuse_older(key, mtime, older)
    upload_id = await calls.begin(vault.client, describe(name, mtime), part_size, key=key)
    (await vault.billing.spent()).upload(1)
    extra = {_MTIME: str(mtime)}
    if older and not vault.settings.keep_versions:
        extra[_REPLACES] = older[0].id
    return Upload(key, upload_id, size, part_size, extra)


async def put_part(vault: Vault, upload: Upload, part: Part, body: Body | LongBody) -> Receipt:
    if body.size == 0:
        raise empty(upload.key)
    # Both are among what goes ahead of any part; a caller of its own may have left them out.
    hashes = await _hashes(body) if isinstance(body, Body) else body.checksums
    await calls.put_part(
        vault.client,
        upload.id,
        part.span,
        body,
        sha256=hashes[_SHA256],
        tree_hash=hashes[_TREE],
        key=upload.key,
    )
    (await vault.billing.spent()).upload(1)
    return Receipt(part.number, body.size, checksums={**body.checksums, _TREE: hashes[_TREE]})


async def parts(vault: Vault, upload: Upload) -> Sequence[Receipt]:
    """The parts that the vault has. Raises NotFound."""
    held = await calls.parts(vault.client, upload.id, key=upload.key)
    return [
        Receipt(part.span.offset // upload.part_size + 1, part.span.size, checksums={_TREE: part.tree_hash})
        for part in held
    ]


async def finish(
    vault: Vault, upload: Upload, receipts: Sequence[Receipt], metadata: Metadata, checksums: Checksums
) -> Stored:
    """Make the archive, and write down which name it has before anybody hears of it.

    Made again, it is the same archive. What had the name before is deleted after that.
    """
    size = sum(receipt.size for receipt in receipts)
    tree_hash = checksums.get(_TREE) or _combined(receipts)
    known = tree_hash is not None
    if tree_hash is None:
        # Nobody knows what was sent. What the vault has is then what the archive is made of, and proves nothing.
        tree_hash = _combined(await parts(vault, upload))
    if tree_hash is None:
        raise Corrupt(f"The parts of '{upload.key}' at the vault don't make one archive", key=upload.key)
    archive_id = await calls.complete(vault.client, upload.id, size=size, tree_hash=tree_hash, key=upload.key)
    killpoint.reach("completed")
    name = vault.names.name(upload.key)
    mtime = int(upload.extra[_MTIME])
    archive = await vault.names.add(Archive(archive_id, name, size, mtime, tree_hash, vault.now_ns() // _SECOND_NS))
    killpoint.reach("named")
    (await vault.billing.spent()).upload(1)
    await _delete_replaced(vault, upload, archive)
    return Stored(entry_of(archive, upload.key, FROZEN), _VERIFIED if known else UNPROVEN, lost(metadata))


async def put(vault: Vault, key: str, body: Body, metadata: Metadata) -> Stored:
    """A whole archive, as an upload of one part: that of one request could not be found again if its reply is lost."""
    upload = await begin(vault, key, metadata, size=body.size, part_size=_part_size(body.size))
    try:
        receipt = await put_part(vault, upload, Part(1, 0, body.size), body)
        stored = await finish(vault, upload, [receipt], metadata, NO_CHECKSUMS)
    except BaseException:
        with suppress(TransferError):
            await abort(vault, upload)
        raise
    return stored if _TREE in body.checksums else replace(stored, proof=UNPROVEN)


async def try_out(vault: Vault) -> None:
    """See that the vault may be written to, by an upload that is given up at once. Raises Denied."""
    upload_id = await calls.begin(vault.client, _TRIAL, MIB)
    with suppress(NotFound):
        await calls.abort(vault.client, upload_id)


async def abort(vault: Vault, upload: Upload) -> None:
    try:
        await calls.abort(vault.client, upload.id, key=upload.key)
    except NotFound:
        return


async def uploads(vault: Vault, key: str) -> Sequence[Upload]:
    """The open uploads of archives of exactly this name."""
    name = vault.names.name(key)
    found: list[Upload] = []
    async for upload in calls.uploads(vault.client):
        described = read(upload.description) if upload.description.startswith(_OURS) else None
        if described is not None and described.name == name:
            extra = {} if upload.created_ns is None else {"initiated_ns": str(upload.created_ns)}
            found.append(Upload(key, upload.id, None, upload.part_size, extra))
    return found


def empty(key: str) -> Unsupported:
    """What is told of bytes that are none."""
    message = f"'{key}' is empty, and a vault takes no archives without bytes; --min-size 1 leaves such files out"
    return Unsupported(message, key=key)


def lost(metadata: Metadata) -> tuple[str, ...]:
    """The names of what a vault can't hold, where it is more than how a file looks on its disk."""
    told = {
        "content-type": None,
        "content-encoding": metadata.content_encoding,
        "content-language": metadata.content_language,
        "content-disposition": metadata.content_disposition,
        "cache-control": metadata.cache_control,
        "expires": metadata.expires,
        "website redirect": metadata.website_redirect,
        "user metadata": metadata.user,
        "tags": metadata.tags,
    }
    return tuple(name for name, value in told.items() if value)


def _refuse_older(key: str, mtime: int, older: Sequence[Archive]) -> None:
    """Raise Unsupported for what would not be the newest of its versions: their order is that of their last changes."""
    if older and mtime < changed(older[0]):
        raise Unsupported(
            f"'{key}' was last changed before the archive that has its name, which would stay the file; "
            "set keep_versions = false to replace it",
            key=key,
        )


def _part_size(size: int) -> int:
    """The least one, in which a whole body finds room."""
    return MIB << (-(-size // MIB) - 1).bit_length() if size > MIB else MIB


async def _hashes(body: Body) -> Checksums:
    """Both hashes of a part, in one pass where none of them was taken yet."""
    known = {each: body.checksums[each] for each in (_TREE, _SHA256) if each in body.checksums}
    if body.size <= treehash.LEAF and known:
        same = next(iter(known.values()))
        return {_TREE: same, _SHA256: same}
    missing = [each for each in (_TREE, _SHA256) if each not in known]
    return {**known, **await digest_off_loop(body.data, missing)} if missing else known


def _combined(receipts: Sequence[Receipt]) -> bytes | None:
    """The whole's tree hash; None where those of its parts are not known, or make none."""
    pieces = [(receipt.checksums[_TREE], receipt.size) for receipt in receipts if _TREE in receipt.checksums]
    fit = len(pieces) == len(receipts) and treehash.combinable([size for _, size in pieces])
    return treehash.combine(pieces) if fit else None


async def _delete_replaced(vault: Vault, upload: Upload, archive: Archive) -> None:
    replaced = upload.extra.get(_REPLACES)
    if replaced is None:
        return
    older = [each for each in await vault.names.versions(archive.name) if each.id == replaced]
    await delete_archives(vault, upload.key, older)
