"""Which name an archive of an inventory gets in a journal. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from transfer_glacier.archive import Archive
from transfer_glacier.descriptions import named
from transfer_glacier.inventory.listed import Listed

NO_NAMES: Mapping[str, str] = MappingProxyType({})


def archive_of(listed: Listed, names: Mapping[str, str] = NO_NAMES) -> Archive:
    """The archive, as a journal is to know it.

    Its name is the one that ``names`` has for its id, or else the one that its description tells; without either it is
    the id, as mtglacier has it.
    """
    described = named(listed.description, listed.archive_id)
    return Archive(
        listed.archive_id,
        names.get(listed.archive_id, described.name),
        listed.size,
        described.mtime,
        listed.tree_hash,
        listed.created,
    )
