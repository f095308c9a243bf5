"""What COS tells of copies; the rest of them is in ``test_native_copies.py``."""

from __future__ import annotations

from dataclasses import replace

from tests.core.rig import MIB
from tests.plugins.cosplace import CosPlace
from transfer.model import Algorithm, Body, Metadata, Part, Proven


async def test_the_document_tells_what_was_copied(cos: CosPlace) -> None:
    """Its CRC, of the whole and of parts, so that nothing has to be asked afterwards."""
    store = await cos.open()
    await store.put("k", Body(bytes(MIB)), Metadata())
    entry = await store.stat("k")
    made = await store.copy(store.origin, replace(entry, etag=None), "copy", Metadata())
    assert (made.proof.proven, made.proof.by) == (Proven.VERIFIED, Algorithm.CRC64XZ)
    upload = await store.begin("parts", Metadata(), size=MIB, part_size=MIB)
    receipt = await store.copy_part(upload, Part(1, 0, MIB), store.origin, entry)
    assert receipt.checksums == entry.checksums
    assert cos.calls["head_object"] == 1
