"""``dataclass`` for values that are made by the million.

Python sets each field of a frozen dataclass by a call, so that making one takes three times as long as
making another: a fifth of the time that a small object costs. Type checkers see that nobody changes
a value; with ``python -X dev`` the interpreter sees to it too.
"""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool, slots: bool):
        """:func:`dataclasses.dataclass`, hashable like what is frozen."""
        if sys.flags.dev_mode:
            return dataclasses.dataclass(frozen=frozen, slots=slots)
        return dataclasses.dataclass(unsafe_hash=frozen, slots=slots)
