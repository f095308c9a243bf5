"""Accounts at the clouds themselves, for the tests that may use them: those that the environment names."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from transfer.plugin import Location, Plugin, StoreOptions

OPTIONS = StoreOptions(tags=True)


@dataclass(frozen=True, slots=True)
class Account:
    """What ``TRANSFER_TEST_<NAME>_URL`` and ``…_OPTIONS`` say, and the variables of the vendor's own that go with it.

    ``excuse`` is why it is not used; empty where it is.
    """

    variable: str
    url: str
    settings: Mapping[str, str]
    environment: Mapping[str, str] = field(repr=False)
    excuse: str

    @property
    def folder(self) -> str:
        """The folder that the tests have for themselves; empty where the URL names none."""
        return urlsplit(self.url).path.strip("/")

    def location(self, place: str) -> Location:
        """A place below that folder."""
        found = urlsplit(self.url)
        path = f"{self.folder}/{place}"
        return Location(f"{found.scheme}://{found.netloc}/{path}", found.scheme, found.netloc, path, self.settings)


def named(name: str, *prefixes: str) -> Account:
    """The account that the environment names now; a test finds the vendor's variables gone.

    They begin with one of ``prefixes``.
    """
    variable = f"TRANSFER_TEST_{name}_URL"
    url = os.environ.get(variable, "")
    words = shlex.split(os.environ.get(f"TRANSFER_TEST_{name}_OPTIONS", ""))
    settings = dict(word.partition("=")[::2] for word in words)
    environment = {name: value for name, value in os.environ.items() if name.startswith(prefixes)}
    excuse = "" if url else f"{variable} names no account"
    if url and os.environ.get("CI"):
        excuse = "accounts are nothing for CI"
    return Account(variable, url, settings, environment, excuse)


async def sweep(plugin: Plugin, location: Location) -> None:
    """Delete what a test has left in its place."""
    store = await plugin.open(location, OPTIONS)
    try:
        keys = [item.key async for page in store.list() for item in page.items]
        for start in range(0, len(keys), store.limits.delete_batch):
            failed = await store.delete(keys[start : start + store.limits.delete_batch])
            assert not failed, f"Could not be deleted at the account: {failed}"
    finally:
        await store.aclose()
