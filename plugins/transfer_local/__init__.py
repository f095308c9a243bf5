"""Folders on disk: ``file:///path`` and plain paths.

Three rules hold everywhere here. A blocking call happens on a thread of the store's own
(``threads``), one hop for as much work as belongs together. A path is never handed to the
system whole where something is written: folders are opened one by one, through no symlink
(``folders``). A file gets its name only when it is whole and safe on disk (``publish``).
"""

from transfer_local.config import LocalPlugin

__all__ = ["plugin"]

plugin = LocalPlugin()
