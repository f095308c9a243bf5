"""The values that every floor speaks of: entries, metadata, parts, receipts, proofs.

All of them are frozen and plain, so that they can be compared, written down and sent
to another process. A field that is ``None`` is *not known* (one more request would
tell), never "empty".
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType

from transfer.values import dataclass

NO_ITEMS: Mapping[str, str] = MappingProxyType({})


class Algorithm(StrEnum):
    """A checksum over all of an object's (or a part's) bytes."""

    CRC64NVME = "crc64nvme"
    CRC64XZ = "crc64xz"
    """CRC-64/XZ, also called CRC-64/ECMA-182 (reflected): what OSS and COS compute."""
    CRC32C = "crc32c"
    CRC32 = "crc32"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    TREE_SHA256 = "sha256-tree"
    """Glacier's: of pairs of SHA-256s, up from pieces of 1 MiB; what is left without a pair moves up as it is."""


Checksums = Mapping[Algorithm, bytes]
"""Digests in big-endian bytes, as the algorithm's specification prints them."""

NO_CHECKSUMS: Checksums = MappingProxyType({})


class Kind(StrEnum):
    """What an entry is. Object stores know only objects; disks know more."""

    OBJECT = "object"
    SYMLINK = "symlink"
    FOLDER = "folder"


class Cold(StrEnum):
    """How far an object in cold storage is from being readable."""

    FROZEN = "frozen"
    """It must be thawed first."""
    THAWING = "thawing"
    """That was asked for, and goes on."""
    THAWED = "thawed"
    """It can be read for some time."""


@dataclass(frozen=True, slots=True)
class Thaw:
    """One request to make a cold object, or a ``span`` of it, readable, as its store tells of it.

    ``size`` is how many bytes that makes readable, ``asked_ns`` when it was made, ``ready_ns`` when it was, or is
    expected to be, granted, ``until_ns`` when its bytes stop to be readable. What is None is not told.
    """

    key: str
    state: Cold
    size: int | None = None
    asked_ns: int | None = None
    ready_ns: int | None = None
    until_ns: int | None = None
    tier: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Posix:
    """What a file system keeps beside the bytes. ``mode`` includes the file type bits."""

    mtime_ns: int | None = None
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    link_target: str | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """What travels with the bytes. ``None``: absent, or for ``tags`` not asked for."""

    content_type: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    content_disposition: str | None = None
    cache_control: str | None = None
    expires: str | None = None
    website_redirect: str | None = None
    user: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] | None = None
    storage_class: str | None = None
    posix: Posix = Posix()


@dataclass(frozen=True, slots=True)
class Entry:
    """One object, as a listing, a HEAD or the headers of a GET tell of it.

    ``key`` is relative to its store's prefix. ``size`` is in bytes. ``mtime_ns`` is the
    time the content was last changed, as its owner says (a file's mtime, or the mtime kept
    in an object's metadata); ``modified_ns`` is when the store last wrote the object.
    ``identity`` is whatever else tells one state of the object from another (for files:
    ctime and inode). ``checksums`` cover the whole object. ``encrypted_etag`` says that the
    ETag is known not to be an MD5 (KMS, SSE-C). ``cold`` is None for what can be read as it is, and where
    a listing does not tell; ``thawed_until_ns`` is when a thawed object stops to be readable.
    """

    key: str
    size: int | None = None
    mtime_ns: int | None = None
    modified_ns: int | None = None
    etag: str | None = None
    version: str | None = None
    identity: str | None = None
    checksums: Checksums = field(default_factory=dict)
    metadata: Metadata | None = None
    storage_class: str | None = None
    kind: Kind = Kind.OBJECT
    encrypted_etag: bool = False
    cold: Cold | None = None
    thawed_until_ns: int | None = None


class Why(StrEnum):
    """Why a name that a listing met is not an entry."""

    SYMLINK = "symlink"
    SPECIAL = "special file"
    UNREADABLE = "unreadable"
    BAD_NAME = "bad name"
    TEMPORARY = "temporary file"
    OWN = "the run's own file"


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A name that a listing met and can't offer as an entry.

    ``key`` is printable and in key order with the entries. It covers ``key`` itself and
    everything below ``key + "/"``: none of that may be deleted at the target. ``failed``
    tells a failure (an unreadable folder) from something left out by rule (a socket).
    ``folder`` is False only where it is certain that no key lies below.
    """

    key: str
    why: Why
    detail: str
    failed: bool
    folder: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """A run of a listing. ``resume`` is an opaque value with which it goes on after this page."""

    items: tuple[Entry | Unlisted, ...]
    resume: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A byte range: ``size`` bytes from ``offset``."""

    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart upload. ``number`` counts from 1."""

    number: int
    offset: int
    size: int

    @property
    def span(self) -> Span:
        return Span(self.offset, self.size)


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload in progress; another process can take it up.

    ``size`` and ``part_size`` are the plan that it was begun with: part ``n`` starts at
    ``(n - 1) * part_size``. A stream of unknown length has ``size`` None and can't be resumed.
    With a ``part_size`` of 0 it has no parts: the provider fetches the object.
    ``extra`` is the plugin's own.
    """

    key: str
    id: str
    size: int | None
    part_size: int
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_fetch(self) -> bool:
        return self.part_size == 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What proves one part: its number, size, ETag and the checksums sent with it."""

    number: int
    size: int
    etag: str | None = None
    checksums: Checksums = field(default_factory=dict)


class Proven(StrEnum):
    """How an object was shown to be equal to the bytes that were read."""

    VERIFIED = "verified"
    READ_BACK = "read back"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Proof:
    """The verdict, and by what (``"crc64nvme"``, ``"md5"``, ``"etag"``, …)."""

    proven: Proven
    by: str = ""

    def __str__(self) -> str:
        return f"{self.proven} ({self.by})" if self.by else str(self.proven)


UNPROVEN = Proof(Proven.UNPROVEN)


@dataclass(frozen=True, slots=True)
class Stored:
    """An object just written: how it looks at the target now, and what that proves.

    ``lost`` names the metadata that the target could not hold.
    """

    entry: Entry
    proof: Proof
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of an object or a part, whole in memory, with the checksums taken of them.

    Always re-readable, so that a retry never touches the source again. The buffer is
    the caller's: a store must not keep it after its call returns.
    """

    data: bytes | bytearray | memoryview
    checksums: Checksums = field(default_factory=dict)
    pace: Callable[[int], Awaitable[int]] | None = field(default=None, repr=False, compare=False)
    """Where it is there, a store that sends bit by bit awaits it ahead of each bit, with the most bytes that the
    bit would have; it returns how many of them, at least 1, may be sent now."""

    @property
    def size(self) -> int:
        return len(self.data)


@dataclass(frozen=True, slots=True)
class LongBody:
    """The bytes of a part that is too large to be held, of which the checksums were taken when they were read before.

    ``pieces`` reads them once more each time that they are to be sent; a piece is good until the next one but one is
    asked for. It raises TransferError where they can't be read, and where they are not those of the checksums: ahead of
    the last piece, so that no store can have taken the part for whole. Such an error is to reach the caller.
    """

    size: int
    checksums: Checksums
    pieces: Callable[[], AsyncGenerator[memoryview, None]] = field(repr=False, compare=False)
    pace: Callable[[int], Awaitable[int]] | None = field(default=None, repr=False, compare=False)
    """As of a :class:`Body`."""
