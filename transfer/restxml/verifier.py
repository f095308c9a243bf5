"""How a server can be brought to prove a write, and how checksums are spelled in headers and documents."""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from enum import StrEnum

from transfer.model import Algorithm, Checksums

_WIDTHS: Mapping[Algorithm, int] = {
    Algorithm.CRC64NVME: 8,
    Algorithm.CRC64XZ: 8,
    Algorithm.CRC32C: 4,
    Algorithm.CRC32: 4,
    Algorithm.SHA256: 32,
    Algorithm.SHA1: 20,
}
_DECIMAL = frozenset({Algorithm.CRC64XZ})
"""Spelled as decimal numbers; the others are in base64."""
_NUMBER = re.compile(r"\d{1,20}", re.ASCII)
_MD5_ETAG = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)


class Verifier(StrEnum):
    """What a server does about the bytes it is sent. A checksum that it merely echoes proves nothing."""

    CRC64NVME = "crc64nvme"
    CRC32C = "crc32c"
    MD5 = "md5"
    """It refuses what differs from this checksum (MD5: from Content-MD5)."""
    CRC64XZ = "crc64xz"
    """It takes no checksum, but tells the one that it computed of what it got."""
    ETAG = "etag"
    """It looks at no checksum, but its ETag is the MD5 of what it got."""
    NONE = "none"

    @property
    def algorithms(self) -> tuple[Algorithm, ...]:
        """What must be computed of the bytes that are sent."""
        match self:
            case Verifier.CRC64NVME | Verifier.CRC32C | Verifier.CRC64XZ:
                return (Algorithm(self.value),)
            case Verifier.MD5 | Verifier.ETAG:
                return (Algorithm.MD5,)
            case _:
                return ()

    @property
    def kept(self) -> Algorithm | None:
        """The checksum of a whole multipart object that it computes from those of the parts."""
        return _KEPT.get(self)

    @property
    def sent(self) -> Algorithm | None:
        """The checksum that it is sent, as S3 has it."""
        return None if self is Verifier.CRC64XZ else _KEPT.get(self)


_KEPT = {
    Verifier.CRC64NVME: Algorithm.CRC64NVME,
    Verifier.CRC32C: Algorithm.CRC32C,
    Verifier.CRC64XZ: Algorithm.CRC64XZ,
}


def sent_with(verifier: Verifier, checksums: Checksums) -> dict[str, str]:
    """The headers that make the server refuse what differs from ``checksums``."""
    algorithm = verifier.sent
    if algorithm is not None and algorithm in checksums:
        return {f"x-amz-checksum-{algorithm}": encode(checksums[algorithm])}
    # Where the ETag is the proof, no Content-MD5 is sent: the server might give it back unseen.
    if verifier is Verifier.MD5 and Algorithm.MD5 in checksums:
        return {"content-md5": encode(checksums[Algorithm.MD5])}
    return {}


def whole(fields: Mapping[str, str], headers: Mapping[Algorithm, str]) -> Checksums:
    """The checksums over a whole object in a reply's ``headers``. Those of composite type are left out."""
    if fields.get("x-amz-checksum-type", "FULL_OBJECT") != "FULL_OBJECT":
        return {}
    told = [(algorithm, fields[name]) for algorithm, name in headers.items() if name in fields]
    return {algorithm: digest for algorithm, text in told if (digest := decode(algorithm, text)) is not None}


def encode(digest: bytes) -> str:
    """A digest in base64, as S3's headers and documents spell it."""
    return binascii.b2a_base64(digest, newline=False).decode()


def decode(algorithm: Algorithm, text: str) -> bytes | None:
    """A digest from its spelling; None where it is none of this algorithm (composite ones end in ``-N``)."""
    if algorithm in _DECIMAL:
        number = int(text) if _NUMBER.fullmatch(text) else 1 << 64
        return number.to_bytes(_WIDTHS[algorithm], "big") if number < 1 << 64 else None
    try:
        digest = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return digest if len(digest) == _WIDTHS[algorithm] else None


def md5_of(etag: str | None) -> bytes | None:
    """The MD5 that an ETag looks like; multipart ones and others do not."""
    return bytes.fromhex(etag) if etag and _MD5_ETAG.fullmatch(etag) else None
