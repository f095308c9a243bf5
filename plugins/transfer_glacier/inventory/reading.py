"""Reads an inventory from chunks of bytes, in whichever form it is, never holding more than one of them."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

from transfer.errors import Corrupt
from transfer_glacier.inventory.csv_form import CsvForm
from transfer_glacier.inventory.json_form import JsonForm
from transfer_glacier.inventory.listed import Head, Listed

_STEP = 64 * 1024
"""Bytes that are understood at a time: about 200 archives, so that an event loop is never held up."""
_BEFORE = b"\xef\xbb\xbf \t\r\n"
"""What may be ahead of the first sign."""


class Reader:
    """Takes bytes, gives archives, in either form: JSON begins with a brace."""

    def __init__(self) -> None:
        self._form: JsonForm | CsvForm | None = None
        self._begun = b""

    @property
    def head(self) -> Head:
        """What the inventory says of itself, as far as it was read; empty for CSV."""
        return self._form.head if self._form else Head()

    def feed(self, data: bytes) -> list[Listed]:
        """The archives that end in ``data``. Raises Corrupt for what is no inventory."""
        if self._form is None:
            self._begun += data
            first = self._begun.lstrip(_BEFORE)
            if not first:
                return []
            self._form = JsonForm() if first.startswith(b"{") else CsvForm()
            data, self._begun = self._begun, b""
        return self._form.feed(data)

    def end(self) -> list[Listed]:
        """To be called after the last bytes. Raises Corrupt if something is missing."""
        if self._form is None:
            raise Corrupt("The inventory is empty; fetch it again.")
        return self._form.end()


def archives(chunks: Iterable[bytes], reader: Reader | None = None) -> Iterator[Listed]:
    """The archives of an inventory in the order in which it lists them; ``reader`` learns its head. Raises Corrupt."""
    reader = reader or Reader()
    for chunk in chunks:
        for step in _steps(chunk):
            yield from reader.feed(step)
    yield from reader.end()


async def archives_async(chunks: AsyncIterable[bytes], reader: Reader | None = None) -> AsyncIterator[Listed]:
    """As :func:`archives`."""
    reader = reader or Reader()
    async for chunk in chunks:
        for step in _steps(chunk):
            for archive in reader.feed(step):
                yield archive
    for archive in reader.end():
        yield archive


def _steps(chunk: bytes) -> Iterator[bytes]:
    return (chunk[offset : offset + _STEP] for offset in range(0, len(chunk), _STEP))
