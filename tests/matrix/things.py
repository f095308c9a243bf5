"""The tree of awkward objects that goes from each place to each other one."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field

from transfer.testing.checks.harness import noise

INFREQUENT = "infrequent"
"""A storage class, which each provider calls by another name."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An object: its bytes, and what belongs to them. Names of ``headers`` are in lower case."""

    data: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    user: Mapping[str, str] = field(default_factory=dict)
    tier: str = ""


Tree = Mapping[str, Thing]


def awkward(large: int) -> dict[str, Thing]:
    """Objects that are easily spoiled on the way; one is of ``large`` bytes."""
    return {
        # Unpacked on the way, it would be another object.
        "logs/app.log.gz": Thing(
            gzip.compress(b"line\n" * 2000, mtime=0), {"content-type": "text/plain", "content-encoding": "gzip"}
        ),
        # OSS packs this kind where it is let to, and then tells neither length nor ETag.
        "data.json": Thing(b'{"n": [' + b"1, " * 680 + b"2]}", {"content-type": "application/json"}),
        "empty": Thing(b""),
        "a b/grüße & 日本+%41~.txt": Thing(
            b"named oddly",
            {
                "content-type": "text/plain",
                "cache-control": "max-age=60",
                "content-disposition": 'attachment; filename="a b.txt"',
                "content-language": "de",
            },
        ),
        "described.bin": Thing(b"described", user={"who": "me", "note": "Grüße", "two-words": "a value"}),
        "seldom.bin": Thing(b"read seldom", tier=INFREQUENT),
        "large.bin": Thing(noise(large), {"content-type": "video/mp4"}, {"kind": "large"}),
    }
