"""Calls that bring archives into a vault, and take them out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.emulators.glacier_account import ARCHIVE_ID, fresh_id, told
from tests.emulators.glacier_authentication import compare_payload
from tests.emulators.glacier_checks import described, document, invalid, missing, not_found, page, required
from tests.emulators.glacier_files import Received
from tests.emulators.glacier_state import ACCOUNT, Archive, Part, Upload
from tests.emulators.glacier_trees import MIB, root
from tests.emulators.messages import Call, Reply

if TYPE_CHECKING:
    from tests.emulators.glacier import Glacier

_TREE = "x-amz-sha256-tree-hash"
_RANGE = re.compile(r"bytes (\d+)-(\d+)/\*")


async def upload_archive(service: Glacier, call: Call) -> Reply:
    """One archive in one request."""
    vault, account = service.vault(call), service.account
    description = described(call.headers.get("x-amz-archive-description", ""))
    length = _length(call)
    if not length:
        raise invalid("Invalid Content-Length: 0")
    if length > account.rules.archive:
        raise invalid(f"Request body exceeds {account.rules.archive} bytes.")
    received = await _receive(service, call, service.vault)
    return _created(kept(service, vault.name, received, description))


def kept(service: Glacier, vault: str, received: Received, description: str) -> Archive:
    """What was received is an archive of the vault."""
    account, name, upload = service.account, fresh_id(ARCHIVE_ID), fresh_id()
    account.files.add_part(upload, 0, received)
    account.files.assemble(upload, name)
    hashing = received.hashing
    archive = Archive(name, vault, description, hashing.size, account.now(), hashing.tree)
    account.add_archive(archive)
    return archive


async def begin_upload(service: Glacier, call: Call) -> Reply:
    """Begin one in parts."""
    vault, account = service.vault(call), service.account
    size = call.headers.get("x-amz-part-size", "")
    if not size:
        raise missing("x-amz-part-size")
    number = int(size) if size.isdigit() else 0
    if not MIB <= number <= account.rules.part_max or number & (number - 1):
        message = f"Invalid part size: {size}. Part size must not be null, must be a power of two and be between "
        raise invalid(f"{message}{MIB} and {account.rules.part_max} bytes.")
    description, now = described(call.headers.get("x-amz-archive-description", "")), account.now()
    upload = Upload(fresh_id(), vault.name, description, number, now, now)
    account.add(upload)
    path = f"/{ACCOUNT}/vaults/{vault.name}/multipart-uploads/{upload.id}"
    return Reply(201, {"Location": path, "x-amz-multipart-upload-id": upload.id})


async def upload_part(service: Glacier, call: Call) -> Reply:
    """Take in a part, instead of what was there."""
    account, upload = service.account, service.upload(call)
    header = required(call, "content-range")
    found = _RANGE.fullmatch(header)
    start, end = (int(found[1]), int(found[2]) + 1) if found else (0, 0)
    if end <= start:
        raise invalid(f"Invalid Content-Range: {header}")
    if end - start != _length(call):
        raise invalid(f"Content-Range: {header} is incompatible with Content-Length: {_length(call)}")
    if start % upload.part_size or end - start > upload.part_size:
        raise invalid(f"Content-Range: {header} is not aligned with the part size {upload.part_size}")
    if start // upload.part_size >= account.rules.parts:
        raise invalid(f"Content-Range: {header} is beyond the {account.rules.parts} parts of an upload")
    received = await _receive(service, call, service.upload)
    account.files.add_part(upload.id, start, received)
    account.add(Part(upload.id, start, end - start, received.hashing.tree))
    _touch(service, upload)
    return Reply(204, {_TREE: received.hashing.tree})


async def complete_upload(service: Glacier, call: Call) -> Reply:
    """Make an archive of the parts; once more, soon afterwards, tells the same one."""
    account, upload = service.account, service.upload(call, over=True)
    if upload.over is not None and not upload.archive:
        raise service.no_upload(upload.id)
    tree, size = required(call, _TREE), required(call, "x-amz-archive-size")
    if not size.isdigit():
        raise invalid(f"Invalid x-amz-archive-size: {size}")
    if upload.over is None:
        _check_parts(service, upload, int(size))
        upload.size, upload.tree_hash = int(size), root(account.files.leaves("uploads", upload.id)).hex()
    if tree != upload.tree_hash:
        raise invalid(f"Invalid x-amz-sha256-tree-hash: {tree}")
    if int(size) != upload.size:
        raise invalid(f"Invalid x-amz-archive-size: {size}")
    if upload.over is None:
        _assemble(service, upload)
    path = f"/{ACCOUNT}/vaults/{upload.vault}/archives/{upload.archive}"
    return Reply(201, {"Location": path, "x-amz-archive-id": upload.archive})


def _check_parts(service: Glacier, upload: Upload, size: int) -> None:
    parts = [part for _, part in sorted(service.account.parts[upload.id].items())]
    expected = 0
    for part in parts:
        if part.start != expected:
            raise invalid(f"Parts of the archive are missing: bytes {expected}-{part.start - 1}")
        expected = part.start + part.size
        if part.size != upload.part_size and part is not parts[-1]:
            raise invalid(f"The part at {part.start} is not the last one, and smaller than the part size.")
    if not parts or expected != size:
        raise invalid(f"Invalid x-amz-archive-size: {size}. The parts have {expected} bytes.")


def _assemble(service: Glacier, upload: Upload) -> None:
    account, now = service.account, service.account.now()
    upload.archive, upload.over = fresh_id(ARCHIVE_ID), now
    account.files.assemble(upload.id, upload.archive)
    account.add_archive(Archive(upload.archive, upload.vault, upload.description, upload.size, now, upload.tree_hash))
    account.drop_parts(upload)
    account.save(upload)


async def abort_upload(service: Glacier, call: Call) -> Reply:
    """Give it up; once more, soon afterwards, changes nothing."""
    account, upload = service.account, service.upload(call, over=True)
    if upload.archive:
        raise service.no_upload(upload.id)
    if upload.over is None:
        account.drop_parts(upload)
        upload.over = account.now()
        account.save(upload)
    return Reply(204)


async def list_uploads(service: Glacier, call: Call) -> Reply:
    """Those under way, in no order that means anything."""
    vault, account = service.vault(call), service.account
    found = [each for each in account.uploads.values() if each.vault == vault.name and each.over is None]
    found.sort(key=lambda each: each.id)
    told_now, marker = page(call, found, lambda each: each.id, account.rules.page)
    return document({"Marker": marker, "UploadsList": [_upload(service, each) for each in told_now]})


async def list_parts(service: Glacier, call: Call) -> Reply:
    """Those of an upload under way, by where they begin."""
    account, upload = service.account, service.upload(call)
    found = [part for _, part in sorted(account.parts[upload.id].items())]
    told_now, marker = page(call, found, lambda part: f"{part.start:020}", account.rules.page)
    parts = [
        {"RangeInBytes": f"{part.start}-{part.start + part.size - 1}", "SHA256TreeHash": part.tree_hash}
        for part in told_now
    ]
    return document({"Marker": marker, "Parts": parts, **_upload(service, upload)})


async def delete_archive(service: Glacier, call: Call) -> Reply:
    """Whether it is there or not."""
    vault, account = service.vault(call), service.account
    archive = account.archives.get(call.key)
    if archive is not None and archive.vault == vault.name:
        account.delete_archive(archive)
    elif not re.fullmatch(r"[A-Za-z0-9_-]{138}", call.key):
        raise not_found(f"The archive ID was not found: {call.key}")
    return Reply(204)


async def _receive(service: Glacier, call: Call, where: Callable[[Call], object]) -> Received:
    """A body that is as its headers say, and for which there is still a place. Raises Refused."""
    tree, linear = required(call, _TREE), required(call, "x-amz-content-sha256")
    received = await service.account.files.receive(call.body.chunks())
    try:
        compare_payload(linear, received.hashing.linear)
        _compare_tree(tree, received.hashing.tree)
        where(call)
    except BaseException:
        received.discard()
        raise
    return received


def _compare_tree(expected: str, computed: str) -> None:
    if expected != computed:
        raise invalid(f"Checksum mismatch: expected {expected}, computed {computed}")


def _touch(service: Glacier, upload: Upload) -> None:
    upload.touched = service.account.now()
    service.account.save(upload)


def _length(call: Call) -> int:
    if call.length is None:
        raise missing("Content-Length")
    return call.length


def _created(archive: Archive) -> Reply:
    path = f"/{ACCOUNT}/vaults/{archive.vault}/archives/{archive.id}"
    return Reply(201, {"Location": path, "x-amz-archive-id": archive.id, _TREE: archive.tree_hash})


def _upload(service: Glacier, upload: Upload) -> dict[str, Any]:
    return {
        "ArchiveDescription": upload.description or None,
        "CreationDate": told(upload.created),
        "MultipartUploadId": upload.id,
        "PartSizeInBytes": upload.part_size,
        "VaultARN": service.account.arn(upload.vault),
    }
