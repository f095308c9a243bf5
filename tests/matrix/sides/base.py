"""What a test must know of each place: how ``transfer`` reaches it, and how its vendor's own client does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.header import Header, decode_header

from tests.matrix.things import Thing, Tree

HEADERS = (
    "content-type",
    "content-encoding",
    "content-language",
    "content-disposition",
    "cache-control",
)
PREFIX = "tree"
UNNAMED = "?"
"""In place of an object's key, where a request has it in its body."""
STORM = 10_000
"""Requests; more than there are in any test."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a server got: its method, and the object that it is about, if it is about one."""

    method: str
    key: str


class Side(ABC):
    """One place with a tree in it, which is looked at and written with other code than ours."""

    part: int
    """Bytes of the smallest part that it is sent, which is a whole number of MiB."""

    @property
    @abstractmethod
    def url(self) -> str:
        """Where the tree is."""

    @property
    def settings(self) -> Mapping[str, str]:
        """With which ``transfer`` reaches it."""
        return {}

    def named(self, remote: str) -> str:
        """The same, where ``transfer.toml`` has its settings under this name."""
        return f"{remote}://{self.url.partition('://')[2]}" if self.settings else self.url

    @abstractmethod
    def write(self, key: str, thing: Thing) -> Thing:
        """Put an object into the tree; returns it as far as this place can hold it."""

    @abstractmethod
    def read(self, key: str) -> Thing:
        """The object as it is there."""

    @abstractmethod
    def keys(self) -> set[str]:
        """The keys of all that is in the tree."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """Remove an object from the tree."""

    def asked(self) -> Sequence[Asked]:
        """The requests since this was asked last, as far as a server counts them."""
        return ()

    def asked_of_tree(self) -> list[str]:
        """Those of them that are about an object of the tree, or may be, one a line.

        The upload that is begun and dropped to see whether this may be written to is none.
        """
        about = [f"{each.method} {each.key}" for each in self.asked() if each.key.startswith((f"{PREFIX}/", UNNAMED))]
        return [each for each in about if f" {PREFIX}/.transfer-probe-" not in each]

    def open_uploads(self) -> int:
        """How many uploads in parts are open."""
        return 0

    def close(self) -> None:
        """Let go of connections."""

    # What only emulators do.

    def throttle(self) -> None:
        """Have requests answered by asking to slow down, until :meth:`calm`."""
        raise NotImplementedError

    def calm(self) -> None:
        """Have them answered again."""
        raise NotImplementedError

    def allow_parts_of(self, size: int) -> None:
        """Take parts that small."""
        raise NotImplementedError

    def archive(self, key: str) -> None:
        """Put an object of the tree into cold storage."""
        raise NotImplementedError

    def let_thaw(self) -> None:
        """Have so much time go by that what is being thawed is."""
        raise NotImplementedError

    def fill(self, tree: Tree) -> dict[str, Thing]:
        """Write all of them; returns them as far as this place can hold them."""
        return {key: self.write(key, thing) for key, thing in tree.items()}


def word(text: str) -> str:
    """A text in a header, as S3 and its kin want what is not ASCII."""
    return text if text.isascii() else Header(text, "utf-8").encode()


def text(value: str) -> str:
    """The text that a header holds."""
    pieces = decode_header(value)
    return "".join(piece if isinstance(piece, str) else piece.decode(charset or "ascii") for piece, charset in pieces)
