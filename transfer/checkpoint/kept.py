"""A last success as SQLite gives it: most are only held against two listings, which is less work than
making records of them."""

from __future__ import annotations

from transfer.checkpoint.codec import Columns, key_text, row_of
from transfer.checkpoint.records import Row, same_state
from transfer.errors import Misconfigured
from transfer.model import Entry, Proven

_IS_PROVEN = {proven.value: proven is not Proven.UNPROVEN for proven in Proven}


class Kept:
    """One row, not yet taken apart. ``key`` is that of its :attr:`row`."""

    __slots__ = ("_columns", "key")

    def __init__(self, columns: Columns) -> None:
        self.key = key_text(columns[0])
        self._columns = columns

    @property
    def row(self) -> Row:
        """Raises Misconfigured where it holds what no checkpoint writes."""
        try:
            return row_of(self._columns)
        except ValueError as error:
            raise Misconfigured(
                f"The checkpoint holds what it should not ({error}); move it away to start afresh"
            ) from error

    def still_holds(self, source: Entry, target: Entry, shape: str, run: int) -> bool | None:
        """Whether it was proven, if both sides surely look as they did then; None where that takes a closer look.

        It does where the options for the target are others than ``shape``, where the source can't be
        trusted to look otherwise after a change, and where this ``run`` itself wrote the row.
        """
        columns = self._columns
        _, _, proven, _, its_shape, _, racy, its_run = columns[13:]
        if racy or its_shape != shape or its_run == run:
            return None
        # Values that SQLite can't hold are kept as tagged bytes, which equal nothing: the closer look restores them.
        # Times of the stores' own clocks are not only compared, but reckoned with.
        if isinstance(columns[3], bytes) or isinstance(columns[9], bytes):
            return None
        if same_state(source, *columns[1:7]) and same_state(target, *columns[7:13]):
            return _IS_PROVEN.get(proven)
        return None
