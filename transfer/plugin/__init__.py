"""What a plugin must know: the store protocol, and how a store is opened.

A plugin is a module with a ``plugin`` object of type :class:`Plugin`, named by an entry
point in the group ``transfer.plugins``. Its stores derive from :class:`Store`, override
what they can do and declare it in ``capabilities`` and ``limits``; whatever is not declared
stays as it is here and raises :class:`~transfer.errors.Unsupported`.

All calls are stateless: values in, values out. All raise only
:class:`~transfer.errors.TransferError` and its kinds (and ``CancelledError``), never retry
(a layer does), and leave nothing visible or open behind when cancelled.
"""

from transfer.plugin.abilities import Capabilities, Limits
from transfer.plugin.meter import Meter
from transfer.plugin.opening import LINKS, Location, Plugin, Service, StoreOptions
from transfer.plugin.store import Origin, Prune, Reading, Store, Traffic

__all__ = [
    "LINKS",
    "Capabilities",
    "Limits",
    "Location",
    "Meter",
    "Origin",
    "Plugin",
    "Prune",
    "Reading",
    "Service",
    "Store",
    "StoreOptions",
    "Traffic",
]
