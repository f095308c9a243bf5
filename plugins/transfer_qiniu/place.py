"""A bucket and a folder in it, and how names are spelled in addresses."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass

from transfer.errors import Unsupported
from transfer_qiniu.config import LIMITS


@dataclass(frozen=True, slots=True)
class Place:
    """``prefix`` is empty, or ends in ``/``; keys are relative to it. A remote's name is its ``scheme``."""

    scheme: str
    bucket: str
    prefix: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.prefix}"

    def name(self, key: str) -> str:
        """The object's full name. Raises Unsupported for a key that can't be one."""
        name = self.prefix + key
        try:
            size = len(name.encode())
        except UnicodeEncodeError:
            raise Unsupported(f"The key {key!a} is not valid Unicode", key=key) from None
        if not key or "\0" in key or size > (LIMITS.max_key or size):
            message = f"The key {key!r} can't be kept: Kodo takes 1 to {LIMITS.max_key} bytes, none of them zero"
            raise Unsupported(message, key=key)
        return name

    def entry(self, key: str) -> str:
        """The object as addresses of the object service name it."""
        return encoded(f"{self.bucket}:{self.name(key)}")

    def subject(self, key: str | None) -> str:
        """What a sentence is about: the object, or the bucket, in quotes; control characters spelled out."""
        shown = self.url + (key or "")
        if not shown.isprintable():
            shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
        return f"'{shown}'"


def encoded(text: str) -> str:
    """``text`` in URL-safe base64, as parts of Kodo's addresses are."""
    return urlsafe_b64encode(text.encode()).decode()
