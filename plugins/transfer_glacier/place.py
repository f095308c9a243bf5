"""Which vault, and how it is named in addresses and sentences."""

from __future__ import annotations

from dataclasses import dataclass

from transfer.wire.quoting import quote_path


@dataclass(frozen=True, slots=True)
class Place:
    """A vault of an account, or without its name the account, and the folder that names are relative to.

    ``scheme`` is what people write before it: that of a remote is the remote's name. ``account`` is ``-`` for that
    of the credentials; ``prefix`` is empty, or ends in ``/``.
    """

    scheme: str
    account: str
    vault: str
    prefix: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.vault}/{self.prefix}" if self.vault else f"{self.scheme}://"

    @property
    def vaults_path(self) -> str:
        """Where the account's vaults are."""
        return f"/{quote_path(self.account)}/vaults"

    @property
    def path(self) -> str:
        """Where the vault is."""
        return f"{self.vaults_path}/{quote_path(self.vault)}"

    def subject(self, key: str | None) -> str:
        """What a sentence is about: the archive of this name, or the vault, in quotes."""
        return f"'{_printable(self.url + (key or ''))}'"


def _printable(name: str) -> str:
    """``name`` with control characters spelled out: it must not play tricks on a terminal."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
