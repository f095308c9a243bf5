"""What a run asks of what it writes, held against what the places can do.

A run that was to encrypt, and can't, must not end as if it had.
"""

from __future__ import annotations

from transfer import fields
from transfer.errors import Misconfigured
from transfer.options import Options, Via
from transfer.plugin import Store

_ENCRYPTION = ("sse", "sse_kms_key_id", "sse_c_key_file")


def refuse_unmet(options: Options, target: Store, *, source: Store | None = None, backup: Store | None = None) -> None:
    """Raise Misconfigured for an option that shapes objects where it can have no effect."""
    stores = options.stores
    for name in _ENCRYPTION:
        for side, store in (("the target", target), ("--backup-dir", backup)):
            if getattr(stores, name) is not None and store is not None and not store.capabilities.encryption:
                raise _unmet(name, f"{side} {store.url} can't encrypt what is written there")
    if stores.acl is not None and not target.capabilities.acls:
        raise _unmet("acl", f"the target {target.url} has no ACLs")
    if options.storage_class is not None and not target.capabilities.storage_classes:
        raise _unmet("storage_class", f"the target {target.url} has no storage classes")
    if options.via is Via.FETCH:
        _refuse_fetch(target, source)
    for side, store in (("source", source), ("target", target)):
        if stores.tags and store is not None and not store.capabilities.tags:
            raise _unmet("tags", f"the {side} {store.url} keeps no tags")


def _refuse_fetch(target: Store, source: Store | None) -> None:
    """Raise Misconfigured where the target can't fetch, or can be given no address at the source."""
    if not target.capabilities.fetches:
        raise Misconfigured(f"--via fetch needs a target that fetches by itself, and {target.url} can't; leave it out.")
    if source is not None and not source.capabilities.signs:
        raise Misconfigured(
            f"--via fetch needs a source that gives signed addresses, and {source.url} gives none; leave it out."
        )


def _unmet(name: str, cause: str) -> Misconfigured:
    return Misconfigured(f"{fields.flag(name)} would have no effect, for {cause}; leave it out.")
