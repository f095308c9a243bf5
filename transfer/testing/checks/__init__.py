"""The checks of the conformance suite, each a plain coroutine function, and :data:`CHECKS`, all by name."""

from __future__ import annotations

from transfer.testing.checks import addresses, bounds, copies, fetches, guards, listings, metadata, multipart, objects
from transfer.testing.checks.harness import CHECKS, Check, MakeStore, Stores

__all__ = [
    "CHECKS",
    "Check",
    "MakeStore",
    "Stores",
    "addresses",
    "bounds",
    "copies",
    "fetches",
    "guards",
    "listings",
    "metadata",
    "multipart",
    "objects",
]
