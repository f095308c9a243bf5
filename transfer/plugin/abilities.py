"""What a store says of itself: what it can do, and the numbers that bound it."""

from __future__ import annotations

from dataclasses import dataclass

from transfer.model import Algorithm


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What is real in a store. Some of it is known only after :meth:`Store.check`."""

    ordered: bool = False
    """Lists in the order of the keys' UTF-8 bytes. The engine checks every key all the same."""
    multipart: bool = False
    long_parts: bool = False
    """:meth:`Store.put_long_part`: parts need not fit into memory."""
    copy: bool = False
    """:meth:`Store.copy` and, with ``multipart`` and where ``max_copy`` limits it, :meth:`Store.copy_part`."""
    update: bool = False
    """:meth:`Store.update`: new metadata without sending the bytes again."""
    if_absent: bool = False
    """Writes can be made to fail (:class:`~transfer.errors.Changed`) where the key exists."""
    versions: bool = False
    folders: bool = False
    """Keys are paths; a key ending in ``/`` is a folder and holds no bytes."""
    posix: bool = False
    """Mode, owner, symlinks are real here, not just kept as metadata."""
    dated: bool = False
    """Every object has a time at which it was last changed, as a file has, even where nothing else is kept of it."""
    staged: bool = False
    """``read_back=True`` is honoured: what was written is read again before it becomes visible."""
    user_metadata: bool = False
    headers: bool = False
    """HTTP headers (Content-Type, …) are kept."""
    tags: bool = False
    acls: bool = False
    """``acl`` of the options is heeded."""
    storage_classes: bool = False
    class_names: tuple[str, ...] = ()
    """What its storage classes are called; empty where that is not known, and any name may be one."""
    encryption: bool = False
    """``sse`` of the options and its kin are heeded."""
    thaw: bool = False
    """:meth:`Store.thaw`; entries of :meth:`Store.stat` have ``cold`` where it applies."""
    thaws: bool = False
    """:meth:`Store.thaws`: the provider keeps a list of what was asked for, by whomever."""
    tells_thawed: bool = False
    """:meth:`Store.thawed`: word comes when something has thawed."""
    thaw_tiers: tuple[str, ...] = ()
    """The words for how fast, the cheapest first; empty where there is no choice."""
    cold_classes: tuple[str, ...] = ()
    """The storage classes whose objects must be thawed before they are read."""
    lists_cold: bool = False
    """Listings tell ``cold`` of all entries that :meth:`Store.stat` tells it of."""
    charges: bool = False
    """:meth:`Store.meter` and :meth:`Store.spent`: it is known what is charged for."""
    signs: bool = False
    """:meth:`Store.signed_url`: anybody can be given the leave to read an object."""
    fetches: bool = False
    """:meth:`Store.fetch` and :meth:`Store.fetched`, beside ``update``: the provider gets objects from addresses."""
    verifies: tuple[Algorithm, ...] = ()
    """Checksums that the store checks on writing, or returns after computing them itself, so
    that a :class:`~transfer.model.Stored` is *verified*; the preferred one first."""
    sends: tuple[Algorithm, ...] = ()
    """Checksums that every put and part is sent with besides: they are taken in the same pass over the bytes."""
    keeps: tuple[Algorithm, ...] = ()
    """Whole-object checksums that :meth:`Store.stat` may tell."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The provider's numbers, in bytes unless named otherwise. ``None``: no limit known."""

    min_part: int = 1
    doubling_parts: bool = False
    """Parts, but the last, must be of one size: ``min_part`` times a power of two.

    Of a store that is read from, that is how its checksums combine.
    """
    max_part: int | None = None
    max_parts: int = 10_000
    max_put: int | None = None
    max_object: int | None = None
    max_copy: int | None = None
    """Largest object for one :meth:`Store.copy` and largest span for one copied part."""
    max_key: int | None = None
    no_start: str = ""
    """Characters with which no object's name may start."""
    refused: frozenset[str] = frozenset()
    """Characters that no object's name may have."""
    max_user_metadata: int | None = None
    delete_batch: int = 1
    """Keys."""
    thaw_span: int | None = None
    """What the offset and size of a span to thaw must be a multiple of; None where only whole objects can be thawed."""
    max_thaw_days: int | None = None
    """For how long a thaw can be asked for; None where the store decides that. It is given 1 day then."""
