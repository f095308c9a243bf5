"""Small objects: one form (RFC 7578) with the bytes, and the CRC-32 by which the server refuses others."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from transfer.checksums import digest_off_loop
from transfer.errors import Corrupt
from transfer.model import UNPROVEN, Algorithm, Body, Checksums, Entry, Metadata, Proof, Proven, Stored
from transfer_qiniu.client import Client
from transfer_qiniu.made import made_entry
from transfer_qiniu.metadata import Fields, as_far_as_taken, to_fields
from transfer_qiniu.policy import policy_of

_CRC = Algorithm.CRC32


async def put(client: Client, key: str, body: Body, metadata: Metadata, *, if_absent: bool) -> Stored:
    """Write an object in one request. Raises Corrupt for other bytes than ``body.checksums`` tell of."""
    crc = body.checksums.get(_CRC) or (await digest_off_loop(body.data, (_CRC,)))[_CRC]

    async def send(fields: Fields) -> object:
        return await _send(client, key, body, crc, fields, if_absent=if_absent)

    fields = to_fields(metadata)
    told, lost = await as_far_as_taken(fields, send)
    made = made_entry(key, body.size, told, fields, metadata)
    _compare(body.checksums, made)
    return Stored(made, Proof(Proven.VERIFIED, _CRC) if _CRC in body.checksums else UNPROVEN, lost)


async def _send(client: Client, key: str, body: Body, crc: bytes, fields: Fields, *, if_absent: bool) -> object:
    texts = {
        "key": client.place.name(key),
        "token": client.token(key, policy_of(fields, if_absent=if_absent)),
        "crc32": str(int.from_bytes(crc, "big")),
        **fields.prefixed(),
    }
    kind, form = make_form(texts, body.data, fields.mime)
    return await client.post_form(key, kind, form, body.pace)


def make_form(texts: Mapping[str, str], data: bytes | bytearray | memoryview, mime: str) -> tuple[str, bytes]:
    """The content type and the bytes of a form. Random, so that no content can be taken for its boundary."""
    boundary = f"transfer-{secrets.token_hex(16)}"
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in texts.items()
    )
    file = f'Content-Disposition: form-data; name="file"; filename="file"\r\nContent-Type: {mime}'
    pieces = (head.encode(), f"--{boundary}\r\n{file}\r\n\r\n".encode(), data, f"\r\n--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(pieces)


def _compare(ours: Checksums, made: Entry) -> None:
    """Raise Corrupt if the server computed another checksum than one of ours."""
    for algorithm in made.checksums.keys() & ours.keys():
        if made.checksums[algorithm] != ours[algorithm]:
            raise Corrupt(f"'{made.key}' has another {algorithm} at the server than the bytes sent", key=made.key)
