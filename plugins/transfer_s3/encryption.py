"""The encryption that a run asks for, as headers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from transfer.errors import Misconfigured
from transfer.plugin import StoreOptions

_KEY_BYTES = 32
_CUSTOMER = "x-amz-server-side-encryption-customer-"
_SOURCE = "x-amz-copy-source-server-side-encryption-customer-"
_KINDS = ("AES256", "aws:kms", "aws:kms:dsse")


@dataclass(frozen=True, slots=True)
class Encryption:
    """``at_rest`` goes with what makes an object, ``key`` (SSE-C) with whatever touches its bytes."""

    at_rest: Mapping[str, str] = field(default_factory=dict)
    key: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def making(self) -> dict[str, str]:
        return {**self.at_rest, **self.key}

    @property
    def source_key(self) -> dict[str, str]:
        """The key again, for the object that a copy reads."""
        return {_SOURCE + name.removeprefix(_CUSTOMER): value for name, value in self.key.items()}


async def read_encryption(options: StoreOptions, key_file: str | None, scheme: str) -> Encryption:
    """What ``--sse`` and its kin say. Raises Misconfigured."""
    if options.sse is not None and options.sse not in _KINDS:
        raise Misconfigured(f"--sse {options.sse} must be one of {', '.join(_KINDS)}")
    if options.sse_kms_key_id and not (options.sse or "").startswith("aws:kms"):
        raise Misconfigured("--sse-kms-key-id needs --sse aws:kms")
    chosen = options.sse_c_key_file or key_file
    if chosen and options.sse:
        raise Misconfigured("--sse and a key file (SSE-C) exclude each other")
    at_rest = {"x-amz-server-side-encryption": options.sse} if options.sse else {}
    if options.sse_kms_key_id:
        at_rest["x-amz-server-side-encryption-aws-kms-key-id"] = options.sse_kms_key_id
    if not chosen:
        return Encryption(at_rest)
    if scheme != "https":
        raise Misconfigured("A key of your own (SSE-C) is sent with each request: it needs an https:// endpoint")
    return Encryption(key=_key_headers(await asyncio.to_thread(_read_key, chosen)))


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


def _key_headers(key: bytes) -> dict[str, str]:
    digest = hashlib.md5(key, usedforsecurity=False).digest()
    return {
        f"{_CUSTOMER}algorithm": "AES256",
        f"{_CUSTOMER}key": base64.b64encode(key).decode(),
        f"{_CUSTOMER}key-md5": base64.b64encode(digest).decode(),
    }
