"""What is a provider's own, it copies by itself."""

from __future__ import annotations

from dataclasses import replace

import transfer
from tests.core.rig import MIB, Heard, Watched, contents, fill, memory, pattern, quick, raising
from transfer.errors import Denied, Transient
from transfer.layers.layer import Layer
from transfer.model import Metadata
from transfer.plugin import Limits

PARTS = 4
DATA = pattern(PARTS * MIB - 3)


class Narrow(Layer):
    """A provider whose copies take at most 1 MiB."""

    @property
    def limits(self) -> Limits:  # type: ignore[override]
        return replace(super().limits, max_copy=MIB)


async def test_no_byte_passes_here() -> None:
    """Small objects are copied in one call, large ones in parts; the proof is the checksums'."""
    source, inner, heard = Watched(memory(endpoint="one:")), Watched(memory(endpoint="one:")), Heard()
    await fill(source, {"small": b"s", "k": DATA}, Metadata(cache_control="c"))
    result = await transfer.sync(source, Narrow(inner), quick(), listener=heard)
    assert result.ok
    assert contents(inner) == contents(source)
    assert (inner.count("copy small"), inner.count("copy part"), inner.count("put")) == (1, PARTS, 0)
    assert source.count("read") == 0
    assert result.totals.sent_bytes == 0
    assert {str(outcome.proof) for outcome in heard.outcomes.values()} == {"verified (crc64nvme)"}


async def test_streaming_can_be_asked_for() -> None:
    """Then every byte passes here."""
    source, target = memory(endpoint="one:"), Watched(memory(endpoint="one:"))
    await fill(source, {"k": DATA})
    result = await transfer.sync(source, target, quick(server_copy=False))
    assert result.totals.sent_bytes == len(DATA)
    assert target.count("copy") == 0


async def test_a_copy_in_parts_goes_on() -> None:
    """Parts that were copied are not copied again."""
    source, target = Watched(memory(endpoint="two:")), Watched(Narrow(memory(endpoint="two:")))
    await fill(source, {"k": DATA})
    target.before = raising(Transient("connection reset"), "finish", times=1)
    heard = Heard()
    assert (await transfer.sync(source, target, quick(transfers=1), listener=heard)).ok
    assert target.count("copy part") == PARTS
    assert heard.outcomes["k"].resumed == len(DATA)
    assert contents(target) == {"k": DATA}


async def test_what_the_provider_does_not_prove_is_compared() -> None:
    """By checksums that both sides keep; else by reading both."""
    for unread in (True, False):
        source, target = Watched(memory(endpoint="three:")), Watched(Unproven(memory(endpoint="three:")))
        await fill(source, {"k": b"data"})
        if unread:
            source.before = target.before = raising(Denied("no"), "read")
        else:
            source, target = NoChecksums(source), NoChecksums(target)
        result = await transfer.sync(source, target, quick())
        assert result.ok
        assert result.proofs == ((("verified (crc64nvme)" if unread else "read back (crc64nvme)"), 1),)


class Unproven(Watched):
    """A provider whose replies to a copy prove nothing."""

    async def copy(self, *args, **options):  # type: ignore[no-untyped-def]
        return replace(await super().copy(*args, **options), proof=transfer.model.UNPROVEN)


class NoChecksums(Watched):
    """A provider that tells no checksum, and an ETag that changes with each copy."""

    async def stat(self, key):  # type: ignore[no-untyped-def]
        return replace(await super().stat(key), checksums={}, etag=None)
