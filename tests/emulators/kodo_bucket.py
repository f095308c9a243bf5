"""The buckets of an emulated Kodo: objects, open uploads, and what is refused of them."""

from __future__ import annotations

import re
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import md5, sha1
from typing import Any
from zlib import crc32

from tests.emulators.clock import Clock
from tests.emulators.kodo_auth import Refusal

BLOCK = 4 * 1024 * 1024
META = "x-qn-meta-"
_LONGEST_KEY = 750
_NAME = re.compile(r"[A-Za-z0-9_-]{1,50}", re.ASCII)
_HEADER_NAME = re.compile(r"![A-Za-z-]{1,49}", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9.+/;=,_ -]{0,200}", re.ASCII)
_SHOWN = re.compile(r"[ -~]{0,200}", re.ASCII)
_METADATA_BYTES = 1024
_WEEK = 7 * 86_400
_COLD = (2, 3)


@dataclass(slots=True)
class Rules:
    """What a test may turn."""

    min_part: int = 1024 * 1024
    max_part: int = 1024**3
    max_parts: int = 10_000
    plain_headers: bool = False
    """Values of HTTP headers may have no other characters than those of other metadata."""
    empty_pages: bool = True
    """Each page of a listing that another one follows is followed by an empty one first."""
    fetches_held: bool = False
    """What is to be fetched stays in its queue."""
    fetch_faults: list[str] = field(default_factory=list)
    """What becomes of the next fetches: ``fail`` for good, ``late`` (only when it is tried again, by itself),
    ``spoil`` (other bytes are stored), ``lost`` (done, and its id is not known any more), or nothing."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object, never changed: writing replaces it. ``thawed`` is None, 1 while it is being thawed, or 2."""

    data: bytes = field(repr=False)
    hash: str
    mime: str
    type: int
    metas: Mapping[str, str]
    put_time: int
    md5: str | None = None
    thawed: int | None = None

    @property
    def frozen(self) -> bool:
        return self.type in _COLD and self.thawed != 2

    def told(self) -> dict[str, Any]:
        """What a question about it is answered with."""
        told: dict[str, Any] = {
            "fsize": len(self.data),
            "hash": self.hash,
            "mimeType": self.mime,
            "type": self.type,
            "putTime": self.put_time,
        }
        optional = {"md5": self.md5, "restoreStatus": self.thawed, "x-qn-meta": dict(self.metas)}
        return told | {name: value for name, value in optional.items() if value}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part that has arrived."""

    data: bytes = field(repr=False)
    etag: str
    md5: str
    put_time: int


@dataclass(frozen=True, slots=True)
class Pending:
    """An open upload."""

    name: str
    expires: int
    parts: dict[int, Piece] = field(default_factory=dict)


@dataclass(slots=True)
class Bucket:
    """Objects by name, and uploads by id. ``domain`` is where they can be downloaded."""

    name: str
    rules: Rules
    clock: Clock
    private: bool = True
    domain: str = ""
    bound: bool = True
    """Whether ``domain`` is one of the bucket's own; else it is the region's."""
    source: bool = True
    """Whether Kodo tells of the region's."""
    s3_name: str | None = None
    """What the bucket is called at the S3 endpoint, if Kodo tells of that."""
    region: str = "z0"
    objects: dict[str, Object] = field(default_factory=dict)
    uploads: dict[str, Pending] = field(default_factory=dict)

    def get(self, name: str) -> Object:
        found = self.objects.get(name)
        if found is None:
            raise Refusal(612, "no such file or directory")
        return found

    def write(self, name: str, made: Object, policy: Mapping[str, Any]) -> Object:
        """Make an object visible, where its policy lets it."""
        check_key(name)
        there = self.objects.get(name)
        only_new = policy.get("insertOnly") or ":" not in policy["scope"]
        if there is not None and only_new and (policy.get("insertOnly") or there.hash != made.hash):
            raise Refusal(614, "file exists")
        if len(made.data) > policy.get("fsizeLimit", len(made.data)):
            raise Refusal(413, "request entity too large")
        self.objects[name] = made
        return made

    def make(
        self, data: bytes, hash_: str, mime: str, metas: Mapping[str, str], policy: Mapping[str, Any], **more: Any
    ) -> Object:
        """An object as a policy shapes it, and its metadata is allowed to be."""
        check_mime(mime)
        check_metas(metas, self.rules)
        if policy.get("detectMime") != -1 and not mime:
            mime = "application/octet-stream"
        return Object(data, hash_, mime, int(policy.get("fileType", 0)), dict(metas), self.ticks(), **more)

    def put(
        self, name: str, data: bytes, mime: str, metas: Mapping[str, str], crc: str, policy: Mapping[str, Any]
    ) -> Object:
        """A form's object."""
        if crc and int(crc) != crc32(data):
            raise Refusal(406, "crc32 does not match the content")
        made = self.make(data, hash_of(data), mime, metas, policy, md5=md5(data).hexdigest())
        return self.write(name, made, policy)

    def begin(self, name: str) -> tuple[str, Pending]:
        check_key(name)
        upload_id = uuid.uuid4().hex
        self.uploads[upload_id] = Pending(name, int(self.clock.now().timestamp()) + _WEEK)
        return upload_id, self.uploads[upload_id]

    def pending(self, upload_id: str, name: str) -> Pending:
        found = self.uploads.get(upload_id)
        if found is None or found.name != name:
            raise Refusal(612, "no such uploadId")
        if found.expires <= self.clock.now().timestamp():
            raise Refusal(701, "upload has expired")
        return found

    def take(self, pending: Pending, number: int, data: bytes, claimed: str) -> Piece:
        """A part; its size is looked at in the end."""
        if not 1 <= number <= self.rules.max_parts or not data or len(data) > self.rules.max_part:
            raise Refusal(400, "invalid part")
        digest = md5(data).hexdigest()
        if claimed and claimed != digest:
            raise Refusal(406, "md5 does not match the content")
        pending.parts[number] = Piece(data, hash_of(data), digest, self.ticks())
        return pending.parts[number]

    def finish(
        self, upload_id: str, pending: Pending, document: Mapping[str, Any], policy: Mapping[str, Any]
    ) -> Object:
        """Make the object of the parts that are named, if they are just those that are here."""
        asked = [(part["partNumber"], part["etag"]) for part in document["parts"]]
        if not asked or [number for number, _ in asked] != sorted({number for number, _ in asked}):
            raise Refusal(400, "invalid parts: numbers must ascend")
        pieces = [pending.parts.get(number) for number, _ in asked]
        held = [piece for piece in pieces if piece is not None]
        if [piece.etag for piece in held] != [etag for _, etag in asked]:
            raise Refusal(400, "invalid part: etag does not match")
        if any(len(piece.data) < self.rules.min_part for piece in held[:-1]):
            raise Refusal(400, "invalid part: smaller than allowed")
        metas = {name.removeprefix(META): value for name, value in (document.get("metadata") or {}).items()}
        data = b"".join(piece.data for piece in held)
        whole = hash_of_parts([piece.data for piece in held])
        made = self.write(pending.name, self.make(data, whole, document.get("mimeType") or "", metas, policy), policy)
        del self.uploads[upload_id]
        return made

    def change(self, name: str, mime: str | None, metas: Mapping[str, str], condition: Mapping[str, str]) -> None:
        """New type and metadata; what is not named stays as it is."""
        found = self.get(name)
        if found.frozen:
            raise Refusal(403, "the file is archived, restore it first")
        if condition.get("hash", found.hash) != found.hash:
            raise Refusal(412, "the condition does not hold")
        merged = {**found.metas, **metas}
        check_mime(mime or "")
        check_metas(merged, self.rules)
        self.objects[name] = replace(found, mime=mime or found.mime, metas=merged)

    def thaw(self, name: str, days: int) -> None:
        found = self.get(name)
        if found.type not in _COLD or not 1 <= days <= 7:
            raise Refusal(400, "invalid argument")
        self.objects[name] = replace(found, thawed=found.thawed or 1)

    def ticks(self) -> int:
        """Now, in units of 100 ns."""
        return int(self.clock.now().timestamp() * 10_000_000)


def check_key(name: str) -> None:
    if not name or len(name.encode()) > _LONGEST_KEY:
        raise Refusal(400, "invalid key length")
    if "\0" in name:
        raise Refusal(400, "key must not contain null byte")


def check_mime(mime: str) -> None:
    if not _VALUE.fullmatch(mime):
        raise Refusal(400, "invalid mimeType")


def check_metas(metas: Mapping[str, str], rules: Rules) -> None:
    for name, value in metas.items():
        header = _HEADER_NAME.fullmatch(name) is not None
        allowed = _SHOWN if header and not rules.plain_headers else _VALUE
        if not (header or _NAME.fullmatch(name)) or not allowed.fullmatch(value):
            raise Refusal(400, f"invalid metadata {name}")
    if sum(len(name) + len(value) for name, value in metas.items()) > _METADATA_BYTES:
        raise Refusal(400, "metadata is too large")


def hash_of(data: bytes) -> str:
    """The hash of bytes that came in one piece."""
    blocks = [sha1(data[at : at + BLOCK]).digest() for at in range(0, len(data), BLOCK)] or [sha1(b"").digest()]
    raw = b"\x16" + blocks[0] if len(blocks) == 1 else b"\x96" + sha1(b"".join(blocks)).digest()
    return urlsafe_b64encode(raw).decode()


def hash_of_parts(parts: Sequence[bytes]) -> str:
    """As of one piece where the parts are its blocks; else another one, which starts with another byte."""
    if len(parts) == 1 or (all(len(part) == BLOCK for part in parts[:-1]) and len(parts[-1]) <= BLOCK):
        return hash_of(b"".join(parts))
    return urlsafe_b64encode(b"\x9e" + sha1(b"".join(sha1(part).digest() for part in parts)).digest()).decode()
