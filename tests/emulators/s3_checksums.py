"""S3's checksums of objects and parts, by other code than the plugin's."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal
from xml.etree import ElementTree as ET

import anycrc

from tests.emulators.blobs import Blob
from tests.emulators.documents import Element, text
from tests.emulators.messages import Call, Refused
from tests.emulators.state import Part, Sum, Upload, Version

DEFAULT = "crc64nvme"
"""What is computed of objects that come without a checksum."""
_SIZES: Mapping[str, int] = {"crc64nvme": 8, "crc32": 4, "crc32c": 4, "sha1": 20, "sha256": 32}
_HEADER = re.compile(r"x-amz-checksum-(?!type$|mode$|algorithm$)(.+)")


def _anycrc(name: str) -> Callable[[Iterable[bytes]], bytes]:
    model: Any = anycrc.Model(name)

    def compute(chunks: Iterable[bytes]) -> bytes:
        value: int = model.calc(b"")
        for data in chunks:
            value = model.calc(data, value)
        return value.to_bytes(8 if "64" in name else 4, "big")

    return compute


def _crc32(chunks: Iterable[bytes]) -> bytes:
    value = 0
    for data in chunks:
        value = zlib.crc32(data, value)
    return value.to_bytes(4, "big")


def _hashed(name: str) -> Callable[[Iterable[bytes]], bytes]:
    def compute(chunks: Iterable[bytes]) -> bytes:
        state = hashlib.new(name, usedforsecurity=False)
        for data in chunks:
            state.update(data)
        return state.digest()

    return compute


_FUNCTIONS: Mapping[str, Callable[[Iterable[bytes]], bytes]] = {
    "crc64nvme": _anycrc("CRC64-NVME"),
    "crc32c": _anycrc("CRC32C"),
    "crc32": _crc32,
    "sha1": _hashed("sha1"),
    "sha256": _hashed("sha256"),
}


def checksum(algorithm: str, blob: Blob) -> str:
    """As it is written."""
    return _written(_FUNCTIONS[algorithm](blob.chunks()))


def _written(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def given(call: Call) -> Sum | None:
    """The checksum that comes with a request. Raises Refused: there may be one, of an algorithm that is known."""
    found = [(match[1], value) for name, value in call.headers.items() if (match := _HEADER.fullmatch(name))]
    if not found:
        return None
    if len(found) > 1:
        message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        raise Refused(400, "InvalidRequest", message)
    algorithm, value = found[0]
    try:
        size = len(base64.b64decode(value.partition("-")[0], validate=True))
    except binascii.Error:
        size = 0
    if size != _SIZES.get(algorithm):
        raise Refused(400, "InvalidRequest", f"Value for x-amz-checksum-{algorithm} header is invalid.")
    return Sum(algorithm, value)


def check(call: Call, blob: Blob) -> None:
    """Raises Refused where the body has another checksum than its request says."""
    said = given(call)
    if said is not None and checksum(said.algorithm, blob) != said.value:
        raise _wrong(said.algorithm.upper())


def _wrong(algorithm: str) -> Refused:
    return Refused(400, "BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")


def asked(call: Call) -> Sum | None:
    """What kind of checksum an upload is begun with. Raises Refused."""
    algorithm = call.headers.get("x-amz-checksum-algorithm", "").lower()
    if not algorithm:
        if "x-amz-checksum-type" in call.headers:
            message = "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            raise Refused(400, "InvalidRequest", message)
        return None
    if algorithm not in _SIZES:
        message = "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
        raise Refused(400, "InvalidRequest", f"{message}{[name.upper() for name in _SIZES]}")
    kind = call.headers.get("x-amz-checksum-type") or ("FULL_OBJECT" if algorithm == DEFAULT else "COMPOSITE")
    impossible = {DEFAULT: "COMPOSITE", "sha1": "FULL_OBJECT", "sha256": "FULL_OBJECT"}.get(algorithm)
    if kind not in ("FULL_OBJECT", "COMPOSITE") or kind == impossible:
        message = f"The {kind} checksum type cannot be used with the {algorithm} checksum algorithm."
        raise Refused(400, "InvalidRequest", message)
    return Sum(algorithm, "", "FULL_OBJECT" if kind == "FULL_OBJECT" else "COMPOSITE")


def of_object(call: Call, version: Version) -> Sum:
    """The checksum that is kept of an object in one piece: the one that came, was asked for, or its source has."""
    said = given(call)
    if said is not None:
        return said
    wanted = asked(call)
    algorithm = wanted.algorithm if wanted else version.sum.algorithm if version.sum else DEFAULT
    if version.sum is not None and version.sum.algorithm == algorithm and version.sum.type == "FULL_OBJECT":
        return version.sum
    return Sum(algorithm, checksum(algorithm, version.blob))


def of_part(call: Call, upload: Upload, part: Part) -> Sum:
    """The checksum that is kept of a part. Raises Refused where its upload wants another."""
    said = given(call)
    if upload.asked is None:
        return said or Sum(DEFAULT, checksum(DEFAULT, part.blob))
    wanted, sent = upload.asked.algorithm, said.algorithm if said else "null"
    optional = call.verb == "copy_part" or upload.asked.type == "FULL_OBJECT"
    if sent != wanted and not (said is None and optional):
        message = "Checksum Type mismatch occurred, "
        message += f"expected checksum Type: {wanted}, actual checksum Type: {sent}"
        raise Refused(400, "InvalidRequest", message)
    return said or Sum(wanted, checksum(wanted, part.blob))


def check_named(upload: Upload, part: Part, named: ET.Element) -> None:
    """Raises Refused where a part is named with another checksum, or without the one that it must have."""
    if part.sum is None:
        return
    value = text(named, element(part.sum.algorithm))
    needed = upload.asked is not None and upload.asked.type == "COMPOSITE"
    if needed and not value:
        algorithm = part.sum.algorithm
        message = f"The upload was created using a {algorithm} checksum. The complete request must include the "
        message += f"checksum for each part. It was missing for part {part.number} in the request."
        raise Refused(400, "InvalidRequest", message)
    if value and value != part.sum.value:
        message = "One or more of the specified parts could not be found, or has another checksum."
        raise Refused(400, "InvalidPart", message, fields={"PartNumber": str(part.number)})


def joined(call: Call, upload: Upload, parts: list[Part]) -> Sum:
    """The checksum of what is made of the parts. Raises Refused where the request says another."""
    kind = upload.asked or Sum(DEFAULT, "")
    _check_whole(call, upload)
    if upload.asked is not None and [part.number for part in parts] != list(range(1, len(parts) + 1)):
        raise Refused(500, "InternalError", "We encountered an internal error. Please try again.")
    if kind.type == "FULL_OBJECT":
        value = checksum(kind.algorithm, upload.draft.blob)
    else:
        each = (base64.b64decode(part.sum.value) for part in parts if part.sum)
        value = f"{_written(_FUNCTIONS[kind.algorithm](each))}-{len(parts)}"
    said = given(call)
    if said is not None and (said.algorithm, _bare(said.value)) != (kind.algorithm, _bare(value)):
        raise _wrong(said.algorithm)
    return Sum(kind.algorithm, value, kind.type)


def _bare(value: str) -> str:
    return value.partition("-")[0]


def _check_whole(call: Call, upload: Upload) -> None:
    kind: Literal["FULL_OBJECT", "COMPOSITE"] = upload.asked.type if upload.asked else "FULL_OBJECT"
    if call.headers.get("x-amz-checksum-type", kind) != kind:
        raise Refused(400, "InvalidRequest", f"The upload was created using the {kind} checksum mode.")
    size, told = str(upload.draft.blob.size), call.headers.get("x-amz-mp-object-size")
    if told not in (None, size):
        message = f"The provided 'x-amz-mp-object-size' header value {told} does not match what was computed: {size}"
        raise Refused(400, "InvalidRequest", message)


def element(algorithm: str) -> str:
    """The element that tells it."""
    return f"Checksum{algorithm.upper()}"


def elements(kept: Sum | None) -> list[Element]:
    """A whole object's checksum in a document."""
    return [(element(kept.algorithm), kept.value), ("ChecksumType", kept.type)] if kept else []


def headers(kept: Sum | None) -> dict[str, str]:
    """The same in headers."""
    return {f"x-amz-checksum-{kept.algorithm}": kept.value, "x-amz-checksum-type": kept.type} if kept else {}
