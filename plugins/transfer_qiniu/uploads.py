"""Large objects in parts, by Kodo's second resumable protocol. It has no listing of open uploads."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence

from transfer.checksums import digest_off_loop
from transfer.errors import Corrupt, NotFound, Unsupported
from transfer.model import UNPROVEN, Algorithm, Body, Metadata, Part, Proof, Proven, Receipt, Stored, Upload
from transfer_qiniu.client import Client
from transfer_qiniu.config import BLOCK
from transfer_qiniu.hashes import hash_of, sha1_of
from transfer_qiniu.made import made_entry
from transfer_qiniu.metadata import Fields, as_far_as_taken, to_fields
from transfer_qiniu.place import encoded
from transfer_qiniu.policy import policy_of

_CRC, _MD5 = Algorithm.CRC32, Algorithm.MD5
_JSON = {"Content-Type": "application/json"}
_BYTES = "application/octet-stream"


async def begin(client: Client, key: str, *, size: int | None, part_size: int) -> Upload:
    """Open an upload. Metadata goes with its end."""
    told = await client.upload("POST", _path(client, key), key, {})
    upload_id = _text(told, "uploadId")
    if not upload_id:
        raise Corrupt(f"The server began an upload of '{key}' without naming it", key=key)
    return Upload(key, upload_id, size, part_size)


async def put_part(client: Client, upload: Upload, part: Part, body: Body) -> Receipt:
    """Send a part with its MD5, by which the server refuses other bytes.

    The MD5 is of the very bytes that the caller's CRC-32 is of: so that one vouches for the other.
    """
    claimed = body.checksums.get(_CRC)
    digests = await digest_off_loop(body.data, (_MD5,) if claimed is None else (_MD5, _CRC))
    if claimed is not None and digests[_CRC] != claimed:
        raise Corrupt(f"Part {part.number} of '{upload.key}' is not what its crc32 says", key=upload.key)
    md5 = digests[_MD5].hex()
    path = f"{_path(client, upload.key, upload.id)}/{part.number}"
    headers = {"Content-Type": _BYTES, "Content-MD5": md5}
    told = await client.upload("PUT", path, upload.key, headers, body.data, pace=body.pace)
    if _text(told, "md5") not in ("", md5):
        raise Corrupt(f"Part {part.number} of '{upload.key}' has another md5 at the server", key=upload.key)
    etag = _text(told, "etag")
    if not etag:
        raise Corrupt(f"The server took part {part.number} of '{upload.key}' without an ETag", key=upload.key)
    return Receipt(part.number, body.size, etag, digests)


async def parts(client: Client, upload: Upload) -> Sequence[Receipt]:
    """All parts that the server holds, by number. Raises NotFound."""
    return [receipt async for receipt in _parts(client, upload)]


async def _parts(client: Client, upload: Upload) -> AsyncIterator[Receipt]:
    marker = 0
    while True:
        query = f"?max-parts=1000{f'&part-number-marker={marker}' if marker else ''}"
        told = await client.upload("GET", _path(client, upload.key, upload.id) + query, upload.key, {})
        try:
            held = told["parts"] or ()  # type: ignore[index]
            page = [Receipt(int(one["partNumber"]), int(one["size"]), str(one["etag"])) for one in held]
            following = int(told.get("partNumberMarker") or 0)  # type: ignore[attr-defined]
        except (TypeError, LookupError, ValueError, AttributeError):
            raise Corrupt(f"The parts of '{upload.key}' are told in a form that is not known") from None
        for receipt in page:
            yield receipt
        if following <= marker:
            return
        marker = following


async def finish(
    client: Client, upload: Upload, receipts: Sequence[Receipt], metadata: Metadata, *, if_absent: bool
) -> Stored:
    """Make the object, by one request, and see that it is what the parts make."""
    key, expected = upload.key, _expected(receipts)

    async def send(fields: Fields) -> object:
        document = json.dumps(_document(receipts, fields)).encode()
        policy = policy_of(fields, if_absent=if_absent)
        path = _path(client, key, upload.id)
        return await client.upload("POST", path, key, _JSON, document, policy=policy, patient=True)

    fields = to_fields(metadata)
    try:
        told, lost = await as_far_as_taken(fields, send)
    except Unsupported as error:
        await _explain(client, upload, receipts, error)
        raise
    made = made_entry(key, sum(receipt.size for receipt in receipts), told, fields, metadata)
    if expected not in (None, made.etag):
        raise Corrupt(f"'{key}' is not what its parts make: the server has another hash of it", key=key)
    return Stored(made, _proof(receipts, expected), lost)


async def abort(client: Client, upload: Upload) -> None:
    if upload.is_fetch:
        return  # Kodo can't be told to leave it: it writes the object, or does not
    try:
        await client.upload("DELETE", _path(client, upload.key, upload.id), upload.key, {})
    except NotFound:
        return


def _path(client: Client, key: str, upload_id: str | None = None) -> str:
    path = f"/buckets/{client.place.bucket}/objects/{encoded(client.place.name(key))}/uploads"
    return path if upload_id is None else f"{path}/{upload_id}"


def _document(receipts: Sequence[Receipt], fields: Fields) -> Mapping[str, object]:
    return {
        "parts": [{"partNumber": receipt.number, "etag": receipt.etag} for receipt in receipts],
        "mimeType": fields.mime,
        "metadata": fields.prefixed(),
    }


def _expected(receipts: Sequence[Receipt]) -> str | None:
    """The hash that the object must have. It can be told for parts that are blocks; of others it is not documented."""
    blocks = [sha1_of(receipt.etag) for receipt in receipts]
    if None in blocks or not blocks or any(receipt.size != BLOCK for receipt in receipts[:-1]):
        return None
    return hash_of([block for block in blocks if block is not None])


def _proof(receipts: Sequence[Receipt], expected: str | None) -> Proof:
    """What the server did: it compared each part's MD5, and made the object of just these parts, by their ETags."""
    if not receipts or any(_CRC not in receipt.checksums for receipt in receipts):
        return UNPROVEN
    return Proof(Proven.VERIFIED, "md5" if expected is None else "etag")


async def _explain(client: Client, upload: Upload, receipts: Sequence[Receipt], error: Unsupported) -> None:
    """Raise Corrupt where the server refused because it holds other parts than were sent."""
    held = {receipt.number: receipt.etag for receipt in await parts(client, upload)}
    if any(held.get(receipt.number) != receipt.etag for receipt in receipts):
        message = f"'{upload.key}' has parts at the server that are not the ones sent"
        raise Corrupt(message, key=upload.key, code=error.code, request_id=error.request_id) from None


def _text(told: object, name: str) -> str:
    return str(told.get(name) or "") if isinstance(told, dict) else ""
