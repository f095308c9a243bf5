"""How stores are opened: by a plugin, from a location and a run's options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from transfer import fields
from transfer.plugin.abilities import Capabilities, Limits
from transfer.plugin.store import Store


@dataclass(frozen=True, slots=True)
class Location:
    """A parsed URL: ``scheme://container/path`` and the settings of the remote it names.

    ``settings`` come from ``transfer.toml`` and the command line, references already
    resolved, so they may hold secrets: never print them.
    """

    url: str
    scheme: str
    container: str
    path: str
    settings: Mapping[str, object] = field(default_factory=dict, repr=False)
    given: frozenset[str] = frozenset()
    """The names of those from the command line: they go before what the file says to the contrary."""
    remote: str = ""
    """Where the others are written, for a sentence: the file, and the table in it."""


LINKS = ("skip", "follow", "keep")


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """The options of a run that stores themselves must know. Names as on the command line.

    Raises Misconfigured for what none of them may be.
    """

    links: str = "skip"
    """``skip``, ``follow`` or ``keep``: what a disk does with symlinks."""
    owner: bool = False
    empty_dirs: bool = False
    tags: bool = False
    acl: str | None = None
    sse: str | None = None
    sse_kms_key_id: str | None = None
    sse_c_key_file: str | None = None
    request_payer: bool = False
    connect_timeout: float = 10.0
    idle_timeout: float = 60.0
    request_timeout: float = 600.0
    connections: int = 512
    """Most connections to keep open at once."""
    shared: bool = False
    """Set by the engine: other processes of the same run work in the same place."""
    asked_class: str | None = None
    """Set by the engine: the storage class that the caller chose for all that is written."""

    def __post_init__(self) -> None:
        fields.settle(self, _CHECKS)


_CHECKS: Mapping[str, fields.Check] = {
    "links": fields.choice(LINKS),
    "sse_c_key_file": fields.optional(fields.path_text),
    "connections": fields.whole(1),
    **dict.fromkeys(("owner", "empty_dirs", "tags", "request_payer", "shared"), fields.switch),
    **dict.fromkeys(("acl", "sse", "sse_kms_key_id", "asked_class"), fields.optional(fields.text)),
    **dict.fromkeys(("connect_timeout", "idle_timeout", "request_timeout"), fields.positive),
}


class Plugin(Protocol):
    """What the entry point names."""

    schemes: tuple[str, ...]
    settings: Mapping[str, str]
    """The names that a remote of this type may have in ``transfer.toml``, each with one line of help."""
    capabilities: Capabilities
    """What its stores can do at best, for ``transfer plugins``."""
    limits: Limits

    async def open(self, location: Location, options: StoreOptions) -> Store:
        """Make a store; no request need be sent yet. Raises Misconfigured."""


@runtime_checkable
class Service(Protocol):
    """What a plugin is besides, if its provider can tell which containers there are."""

    async def open_all(self, location: Location, options: StoreOptions) -> Store:
        """Make a store without a container, for :meth:`Store.containers` alone. Raises Misconfigured."""
