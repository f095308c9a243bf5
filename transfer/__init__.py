"""transfer: moves trees of objects between clouds, disks and cold vaults, and proves that they arrived.

Everything that a program needs is imported from here::

    import transfer

    result = transfer.run(transfer.sync("./data", "s3://bucket/data", transfer.Options(delete=True)))
"""

from __future__ import annotations

from transfer.version import __version__ as __version__

TYPE_CHECKING = False  # as type checkers know it: importing ``typing`` takes longer than all else here
if TYPE_CHECKING:
    from transfer.controls import Controls as Controls
    from transfer.engine import copy as copy
    from transfer.engine import events as events
    from transfer.engine import run as run
    from transfer.engine import sync as sync
    from transfer.engine import verify as verify
    from transfer.errors import TransferError as TransferError
    from transfer.event import Result as Result
    from transfer.event import Totals as Totals
    from transfer.filters import Filter as Filter
    from transfer.filters import Rule as Rule
    from transfer.objects import cat as cat
    from transfer.objects import list_containers as list_containers
    from transfer.objects import list_objects as list_objects
    from transfer.objects import remove as remove
    from transfer.options import Compare as Compare
    from transfer.options import Options as Options
    from transfer.options import Verify as Verify
    from transfer.options import Via as Via
    from transfer.plugin import Store as Store
    from transfer.plugin import StoreOptions as StoreOptions
    from transfer.streams import copy_stream as copy_stream

_HOMES = {
    "transfer.controls": ("Controls",),
    "transfer.engine": ("copy", "events", "run", "sync", "verify"),
    "transfer.errors": ("TransferError",),
    "transfer.event": ("Result", "Totals"),
    "transfer.filters": ("Filter", "Rule"),
    "transfer.objects": ("cat", "list_containers", "list_objects", "remove"),
    "transfer.options": ("Compare", "Options", "Verify", "Via"),
    "transfer.plugin": ("Store", "StoreOptions"),
    "transfer.streams": ("copy_stream",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a name when it is first used, so that ``transfer --version`` loads next to nothing."""
    from importlib import import_module  # noqa: PLC0415 - nor is this needed to begin

    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'transfer' has no attribute {name!r}")
    return getattr(import_module(home), name)
