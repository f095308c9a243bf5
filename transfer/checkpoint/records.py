"""What a checkpoint keeps, as plain values."""

from __future__ import annotations

from collections.abc import Sequence

from transfer.model import Algorithm, Cold, Entry, Proof, Receipt, Span, Upload
from transfer.values import dataclass

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Look:
    """How one side of an object looked. ``None`` is not known, as in :class:`~transfer.model.Entry`."""

    size: int | None = None
    mtime_ns: int | None = None
    modified_ns: int | None = None
    etag: str | None = None
    version: str | None = None
    identity: str | None = None

    @classmethod
    def of(cls, entry: Entry) -> Look:
        return cls(entry.size, entry.mtime_ns, entry.modified_ns, entry.etag, entry.version, entry.identity)

    def same(self, other: Look | Entry) -> bool:
        """Whether both show one state of the object; see :func:`same_state`."""
        return same_state(other, self.size, self.mtime_ns, self.modified_ns, self.etag, self.version, self.identity)


def same_state(
    other: Look | Entry,
    size: int | None,
    mtime_ns: int | None,
    modified_ns: int | None,
    etag: str | None,
    version: str | None,
    identity: str | None,
) -> bool:
    """Whether ``other`` and a look, told field by field, show one state of the object, as far as can be
    told without reading it.

    Sizes must be known and equal, at least one more field must be known on both sides,
    and all of those must agree. (Spelled out: it is asked twice for every object of a sync.)
    """
    if size is None or size != other.size:
        return False
    agreed = False
    if etag is not None and other.etag is not None:
        if etag != other.etag:
            return False
        agreed = True
    if version is not None and other.version is not None:
        if version != other.version:
            return False
        agreed = True
    if identity is not None and other.identity is not None:
        if identity != other.identity:
            return False
        agreed = True
    if mtime_ns is not None and other.mtime_ns is not None:
        if mtime_ns != other.mtime_ns:
            return False
        agreed = True
    if modified_ns is not None and other.modified_ns is not None:
        return _same_time(modified_ns, other.modified_ns)
    return agreed


def _same_time(one: int, other: int) -> bool:
    """For the store's own clock.

    A header tells it in whole seconds, cut off, where a listing may tell milliseconds.
    """
    if one == other:
        return True
    if one % _SECOND == 0 or other % _SECOND == 0:
        return one // _SECOND == other // _SECOND
    return False


@dataclass(frozen=True, slots=True)
class Row:
    """An object's last success.

    ``shape`` is a fingerprint of the options that shape the target, ``metadata`` one of the
    metadata that was carried. ``racy``: the source changed so shortly before it was read
    that its look can't be trusted to tell a later change. ``run`` is the number of the run that
    wrote the object (see :meth:`Checkpoint.start_run`), 0 where it was only found to be the same.
    """

    key: str
    source: Look
    target: Look
    checksum: tuple[Algorithm, bytes] | None
    proof: Proof
    shape: str
    metadata: str
    racy: bool
    run: int = 0


@dataclass(frozen=True, slots=True)
class Alike:
    """Objects that were found to be the same on both sides, source and target of each, all for one reason.

    What is kept of each is a :class:`Row` with these fields, no checksum and no metadata.
    """

    pairs: Sequence[tuple[Entry, Entry]]
    proof: Proof
    shape: str
    racy: bool


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload that was begun and neither finished nor aborted, as far as is known.

    ``upload`` is None where only the intent is known: the process may have ended before or
    after the provider began it. ``since_ns`` is when the intent was written, ``to`` the
    object's key at the target.
    """

    key: str
    source: Look
    shape: str
    since_ns: int
    upload: Upload | None
    receipts: tuple[Receipt, ...]
    to: str

    @property
    def is_fetch(self) -> bool:
        """Whether the target gets the object by itself."""
        return self.upload is not None and self.upload.is_fetch


@dataclass(frozen=True, slots=True)
class Failure:
    """An object that could not be done in the last run, and why. ``action`` is what was tried."""

    key: str
    error: str
    retryable: bool
    action: str


@dataclass(frozen=True, slots=True)
class Backup:
    """Where the target's object ``to`` was backed up, before it was to be overwritten.

    ``place`` is the backup's, as one text, and ``name`` the object's key there. ``look`` is how
    the object looked at the target then.
    """

    to: str
    place: str
    name: str
    look: Look


@dataclass(frozen=True, slots=True)
class Parked:
    """An object of this run that waits in cold storage, and is to be named ``to`` at the target if that is not None.

    ``cold`` is how far it is, None where that is yet to be looked at; ``ready_ns`` when it should be readable.
    """

    key: str
    size: int | None
    to: str | None = None
    storage_class: str | None = None
    cold: Cold | None = None
    ready_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """All that is parked: objects, their bytes, how many of them were asked for, and when these should be readable."""

    objects: int = 0
    bytes: int = 0
    asked: int = 0
    ready_ns: int | None = None


NOTHING_WAITS = Waiting()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to thaw ``size`` bytes: all of an object, or a span of it. Kept over runs, done or not.

    ``since_ns`` is when the request was about to be made; it is ``sure`` once the store has answered. ``ready_ns``
    and ``until_ns`` are as in :class:`~transfer.model.Thaw`. ``copied``: what it made readable is at the target.
    """

    key: str
    size: int
    since_ns: int
    tier: str = ""
    span: Span | None = None
    sure: bool = False
    ready_ns: int | None = None
    until_ns: int | None = None
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """The two sides, as canonical texts that hold no secret."""

    source: str
    target: str
