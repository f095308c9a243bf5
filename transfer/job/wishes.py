"""What a run asks of what it writes, held against what the places can do.

A run that was to encrypt, and can't, must not end as if it had.
"""

from __future__ import annotations

from collections.abc import Iterable

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
    _refuse_classes(options, target, source)
    if source is not None:
        refuse_thaw(options, source)
    places = [store for store in (source, target) if store is not None]
    if options.max_cost is not None and not any(store.capabilities.charges for store in places):
        named = " and ".join(store.url for store in places)
        raise _unmet("max_cost", f"nothing is known of what is charged for at {named}")
    if options.via is Via.FETCH:
        _refuse_fetch(target, source)
    for side, store in (("source", source), ("target", target)):
        if stores.tags and store is not None and not store.capabilities.tags:
            raise _unmet("tags", f"the {side} {store.url} keeps no tags")


def _refuse_classes(options: Options, target: Store, source: Store | None) -> None:
    """Raise Misconfigured for storage classes where there are none, or no such ones."""
    if options.storage_class is not None and not target.capabilities.storage_classes:
        raise _unmet("storage_class", f"the target {target.url} has no storage classes")
    if options.map_class:
        _refuse_unknown_classes("target", target, options.map_class.values())
    if options.map_class and source is not None:
        _refuse_unknown_classes("source", source, options.map_class)


def _refuse_unknown_classes(side: str, store: Store, named: Iterable[str]) -> None:
    """Raise Misconfigured where a class that ``--map-class`` names is none of the store's."""
    if not store.capabilities.storage_classes:
        raise _unmet("map_class", f"the {side} {store.url} has no storage classes")
    known = store.capabilities.class_names
    for name in named:
        if known and name not in known:
            raise Misconfigured(
                f"--map-class names '{name}', which is no storage class of the {side} {store.url}; "
                f"name one of {', '.join(known)}."
            )


def _refuse_fetch(target: Store, source: Store | None) -> None:
    """Raise Misconfigured where the target can't fetch, or can be given no address at the source."""
    if not target.capabilities.fetches:
        raise Misconfigured(f"--via fetch needs a target that fetches by itself, and {target.url} can't; leave it out.")
    if source is not None and not source.capabilities.signs:
        raise Misconfigured(
            f"--via fetch needs a source that gives signed addresses, and {source.url} gives none; leave it out."
        )


def refuse_thaw(options: Options, source: Store) -> None:
    """Raise Misconfigured for wishes about thawing that the source can't meet; ``--wait`` is one for any."""
    able, most = source.capabilities, source.limits.max_thaw_days
    for name in ("tier", "thaw_days", "retrieval_rate", "retrieval_quota"):
        if getattr(options, name) is not None and not able.thaw:
            raise _unmet(name, f"nothing is in cold storage at the source {source.url}")
    if options.tier is not None:
        if not able.thaw_tiers:
            raise _unmet("tier", f"the source {source.url} thaws at one speed only")
        if options.tier.casefold() not in map(str.casefold, able.thaw_tiers):
            known = ", ".join(able.thaw_tiers)
            raise Misconfigured(f"--tier '{options.tier}' is not one that {source.url} knows; name one of {known}.")
    if options.thaw_days is not None:
        if most is None:
            raise _unmet("thaw_days", f"the source {source.url} decides for how long things stay readable")
        if options.thaw_days > most:
            raise Misconfigured(f"--thaw-days can be {most:,} at most at the source {source.url}.")


def _unmet(name: str, cause: str) -> Misconfigured:
    return Misconfigured(f"{fields.flag(name)} would have no effect, for {cause}; leave it out.")
