"""A target that can't be believed: it checks nothing of what it gets, and may keep other bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.core.rig import Watched
from transfer.model import UNPROVEN, Body, Entry, Metadata, Proof, Stored
from transfer.plugin import Capabilities
from transfer_memory.bucket import bucket


class Doubtful(Watched):
    """A target that checks nothing of what it gets; ``spoil`` says what becomes of the bytes."""

    spoil: Callable[[bytes], bytes] = staticmethod(bytes)
    says: Proof = UNPROVEN

    @property
    def capabilities(self) -> Capabilities:  # type: ignore[override]
        return replace(super().capabilities, verifies=(), keeps=())

    async def put(
        self, key: str, body: Body, metadata: Metadata, *, if_absent: bool = False, read_back: bool = False
    ) -> Stored:
        stored = await super().put(key, Body(self.spoil(bytes(body.data))), metadata, if_absent=if_absent)
        return replace(stored, proof=self.says)

    async def finish(self, upload, receipts, metadata, **options):  # type: ignore[no-untyped-def]
        stored = await super().finish(upload, receipts, metadata, **options)
        held = bucket(self.origin.container).objects
        held[upload.key] = replace(held[upload.key], data=self.spoil(held[upload.key].data))
        return replace(stored, proof=self.says)

    async def stat(self, key: str) -> Entry:
        return replace(await super().stat(key), checksums={})


def spoiled(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])
