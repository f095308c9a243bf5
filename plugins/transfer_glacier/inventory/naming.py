"""Which name an archive of an inventory gets in a journal. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from transfer_glacier.archive import Archive
from transfer_glacier.inventory.listed import Listed
from transfer_glacier.journal import fault_of

NO_NAMES: Mapping[str, str] = MappingProxyType({})


class Described(Protocol):
    """What a description tells."""

    @property
    def name(self) -> str: ...

    @property
    def mtime(self) -> int | None: ...


def archive_of(
    listed: Listed, describe: Callable[[str], Described | None], names: Mapping[str, str] = NO_NAMES
) -> Archive:
    """The archive, as a journal is to know it.

    Its name is the one that ``names`` has for its id, or else the one that its description tells, if a journal can have
    it; ``describe`` reads descriptions and gives None for those that it can make nothing of. Without any the name is
    the id, as mtglacier has it.
    """
    described = describe(listed.description)
    name = names.get(listed.archive_id)
    if name is None and described is not None and fault_of(described.name) is None:
        name = described.name
    return Archive(
        listed.archive_id,
        listed.archive_id if name is None else name,
        listed.size,
        None if described is None else described.mtime,
        listed.tree_hash,
        listed.created,
    )
