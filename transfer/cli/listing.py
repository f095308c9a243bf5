"""What ``ls`` and ``size`` have in common: the entries below a URL, and what is said of the rest."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing

import transfer
from transfer.cli.problems import say
from transfer.location import DISK, parse_url
from transfer.model import Entry, Page, Unlisted
from transfer.options import Options
from transfer.secrets import Redactor


class Listing:
    """The listing of a URL, to be read once."""

    def __init__(self, url: str, options: Options, redactor: Redactor) -> None:
        self.status = 0
        """The exit status so far: 1 where something can't be listed, or nothing is there."""
        self._url = url
        self._options = options
        self._redactor = redactor

    async def pages(self) -> AsyncGenerator[Sequence[Entry], None]:
        """The entries that the filters let through. What can't be listed is said on stderr."""
        found = False
        async with aclosing(transfer.list_objects(self._url, self._options)) as pages:
            async for page in pages:
                found = found or bool(page.items)
                yield list(_passing(page, self._options))
                for item in page.items:
                    if isinstance(item, Unlisted) and item.failed:
                        self._fail(f"'{item.key}' can't be listed: {item.detail}")
        if not found and _names_prefix(self._url):
            self._fail(f"Nothing is under '{self._url}'; look for a typing error.")

    def _fail(self, sentence: str) -> None:
        say(sentence, self._redactor)
        self.status = 1


def _passing(page: Page, options: Options) -> Iterator[Entry]:
    passes = options.filter
    for item in page.items:
        if isinstance(item, Entry) and passes.passes_key(item.key) and passes.passes_entry(item):
            yield item


def _names_prefix(url: str) -> bool:
    """Whether it is more than a bucket's: a prefix is there only as long as something is below it."""
    address = parse_url(url)
    return address.scheme != DISK and bool(address.path.strip("/"))
