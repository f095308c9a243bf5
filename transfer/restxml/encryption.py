"""The encryption that a run asks for, as headers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from transfer.errors import Misconfigured
from transfer.plugin import StoreOptions
from transfer.restxml.dialect import Dialect

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Encryption:
    """``at_rest`` goes with what makes an object, ``key`` (SSE-C) with whatever touches its bytes.

    ``source_key`` is the key again, for the object that a copy reads.
    """

    at_rest: Mapping[str, str] = field(default_factory=dict)
    key: Mapping[str, str] = field(default_factory=dict, repr=False)
    source_key: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def making(self) -> dict[str, str]:
        return {**self.at_rest, **self.key}


async def read_encryption(dialect: Dialect, options: StoreOptions, key_file: str | None, scheme: str) -> Encryption:
    """What ``--sse`` and its kin say. Raises Misconfigured."""
    known, header = dialect.encryptions, dialect.names.sse
    if options.sse is not None and options.sse not in known.kinds:
        raise Misconfigured(f"--sse {options.sse} must be one of {', '.join(known.kinds)}")
    if options.sse_kms_key_id and not (options.sse or "").startswith(known.managed):
        raise Misconfigured(f"--sse-kms-key-id needs --sse {known.managed}")
    chosen = options.sse_c_key_file or key_file
    if chosen and not known.own_keys:
        raise Misconfigured(f"{dialect.provider} takes no keys of your own (SSE-C): leave out '{chosen}'")
    if chosen and options.sse:
        raise Misconfigured("--sse and a key file (SSE-C) exclude each other")
    at_rest = {header: options.sse} if options.sse else {}
    if options.sse_kms_key_id:
        at_rest[f"{header}-{known.key_id}"] = options.sse_kms_key_id
    if not chosen:
        return Encryption(at_rest)
    if scheme != "https":
        raise Misconfigured("A key of your own (SSE-C) is sent with each request: it needs an https:// endpoint")
    key = await asyncio.to_thread(_read_key, chosen)
    source = header.replace("server-side", "copy-source-server-side")
    return Encryption(key=_key_headers(header, key), source_key=_key_headers(source, key))


def _read_key(path: str) -> bytes:
    """32 bytes, as they are or in base64."""
    try:
        with open(path, "rb") as file:
            data = file.read(4096)
    except OSError as error:
        raise Misconfigured(f"The key file '{path}' can't be read: {error.strerror}") from None
    if len(data) == _KEY_BYTES:
        return data
    try:
        decoded = base64.b64decode(data.strip(), validate=True)
    except ValueError:
        decoded = b""
    if len(decoded) != _KEY_BYTES:
        raise Misconfigured(f"The key file '{path}' must hold {_KEY_BYTES} bytes, as they are or in base64")
    return decoded


def _key_headers(start: str, key: bytes) -> dict[str, str]:
    digest = hashlib.md5(key, usedforsecurity=False).digest()
    return {
        f"{start}-customer-algorithm": "AES256",
        f"{start}-customer-key": base64.b64encode(key).decode(),
        f"{start}-customer-key-md5": base64.b64encode(digest).decode(),
    }
