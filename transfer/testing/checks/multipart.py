"""Multipart uploads: parts in any order, again, by another process; nothing visible before the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, replace

from transfer.checksums import digest
from transfer.errors import Changed, Corrupt, NotFound, TransferError, Unsupported
from transfer.model import Algorithm, Body, Entry, LongBody, Part, Proven, Receipt, Upload
from transfer.plugin import Capabilities, Store
from transfer.testing.checks.harness import (
    PLAIN,
    TOLD_AFTERWARDS,
    Stores,
    check,
    checksums,
    exists,
    fetch,
    keys,
    noise,
    part_size,
    put,
    refused,
    send,
    split,
    upload,
)


def _multipart(able: Capabilities) -> bool:
    return able.multipart


def _long(able: Capabilities) -> bool:
    return able.long_parts


async def _begin(store: Store, key: str = "k", count: int = 2) -> tuple[Upload, bytes, Sequence[Part]]:
    """An open upload, the bytes that are to go there and their parts, the last one short."""
    size = part_size(store)
    data = noise((count - 1) * size + 500)
    opened = await store.begin(key, PLAIN, size=len(data), part_size=size)
    return opened, data, split(data, size)


@check(_multipart)
async def check_parts_in_any_order(stores: Stores) -> None:
    """Parts that arrive out of order make the object in the order of their numbers."""
    store = await stores()
    opened, data, parts = await _begin(store, count=3)
    receipts = [await send(store, opened, part, data) for part in reversed(parts)]
    receipts.sort(key=lambda receipt: receipt.number)
    assert [(r.number, r.size) for r in receipts] == [(p.number, p.size) for p in parts]
    stored = await store.finish(opened, receipts, PLAIN, checksums=checksums(store, data))
    assert stored.entry.size == len(data)
    assert await fetch(store, await store.stat("k")) == data, "the parts were put together wrongly"


@check(_multipart)
async def check_parts_at_once(stores: Stores) -> None:
    """Parts can be sent all at once."""
    store = await stores()
    opened, data, parts = await _begin(store, count=3)
    async with asyncio.TaskGroup() as group:
        sending = [group.create_task(send(store, opened, part, data)) for part in parts]
    await store.finish(opened, [task.result() for task in sending], PLAIN, checksums=checksums(store, data))
    assert await fetch(store, await store.stat("k")) == data


@check(_multipart)
async def check_part_sent_again(stores: Stores) -> None:
    """A part that is sent again replaces the earlier one."""
    store = await stores()
    opened, data, (first, last) = await _begin(store)
    await send(store, opened, last, noise(len(data), seed=1))
    receipts = [await send(store, opened, part, data) for part in (first, last)]
    await store.finish(opened, receipts, PLAIN, checksums=checksums(store, data))
    assert await fetch(store, await store.stat("k")) == data


@check(_long)
async def check_long_part(stores: Stores) -> None:
    """A part that is read while it is sent is one like any other; sent again, it is read again."""
    store = await stores()
    opened, data, parts = await _begin(store)
    bodies = [_Read(store, data, part) for part in parts]
    for _ in range(2):
        receipts = [
            await store.put_long_part(opened, part, body.long) for part, body in zip(parts, bodies, strict=True)
        ]
    assert all(body.times >= 2 for body in bodies), "the bytes were kept from the first time"
    assert [(r.number, r.size) for r in receipts] == [(p.number, p.size) for p in parts]
    assert [(r.number, r.size) for r in await store.parts(opened)] == [(p.number, p.size) for p in parts]
    await store.finish(opened, receipts, PLAIN, checksums=checksums(store, data))
    assert await fetch(store, await store.stat("k")) == data


@check(_long)
async def check_long_part_that_breaks_off(stores: Stores) -> None:
    """What reading it raises comes out as it is, and no part is there."""
    store = await stores()
    opened, data, (first, _) = await _begin(store)
    broken = _Read(store, data, first, error=Unsupported("broken on purpose"))
    async with refused(Unsupported) as raised:
        await store.put_long_part(opened, first, broken.long)
    assert raised == [broken.error], f"another error came out: {raised}"
    assert not await store.parts(opened)
    await store.abort(opened)


class _Read:
    """A part's bytes, read in pieces; ``error`` comes ahead of the last one. ``times`` counts the readings."""

    def __init__(self, store: Store, data: bytes, part: Part, *, error: TransferError | None = None) -> None:
        self.data = data[part.offset : part.offset + part.size]
        self.error = error
        self.times = 0
        able = store.capabilities
        wanted = {Algorithm.CRC64NVME, *able.verifies[:1], *able.sends}
        self.long = LongBody(part.size, digest(self.data, wanted), self._pieces)

    async def _pieces(self) -> AsyncGenerator[memoryview, None]:
        self.times += 1
        halves = [bytearray(-(-len(self.data) // 5)) for _ in range(2)]
        for number, start in enumerate(range(0, len(self.data), len(halves[0]))):
            piece = self.data[start : start + len(halves[0])]
            if self.error is not None and start + len(piece) == len(self.data):
                raise self.error
            view = memoryview(halves[number % 2])[: len(piece)]
            view[:] = piece
            yield view


@check(_multipart)
async def check_single_part(stores: Stores) -> None:
    """One part, of any size, is enough; the object's size need not be known at the beginning."""
    store = await stores()
    opened = await store.begin("k", PLAIN, size=None, part_size=part_size(store))
    receipt = await send(store, opened, Part(1, 0, 3), b"abc")
    await store.finish(opened, [receipt], PLAIN, checksums=checksums(store, b"abc"))
    assert await fetch(store, await store.stat("k")) == b"abc"


@check(_multipart)
async def check_nothing_before_finish(stores: Stores) -> None:
    """An upload shows nothing before it is finished; what was there before stays until then."""
    store = await stores()
    await put(store, "old", b"as it was")
    for key in ("old", "new/k"):
        opened, data, parts = await _begin(store, key)
        receipts = [await send(store, opened, part, data) for part in parts]
        assert await keys(store) == ["old"], f"a listing tells of {await keys(store)} before finish"
        assert not await exists(store, "new/k"), "stat tells of an unfinished object"
        assert await fetch(store, Entry("old")) == b"as it was"
        if key == "old":
            await store.abort(opened)
        else:
            await store.finish(opened, receipts, PLAIN, checksums=checksums(store, data))
    assert sorted(await keys(store)) == ["new/k", "old"]


@check(_multipart)
async def check_resume(stores: Stores) -> None:
    """Another process takes an upload up from what was written down, and learns which parts are there."""
    store = await stores()
    opened, data, (first, last) = await _begin(store)
    sent = await send(store, opened, first, data)
    written = json.dumps(asdict(opened) | {"extra": dict(opened.extra)})
    await store.aclose()

    store = await stores()
    again = Upload(**json.loads(written))
    assert again == opened, "the upload is more than its fields"
    _same_part(sent, await store.parts(again))
    receipts = [sent, await send(store, again, last, data)]
    await store.finish(again, receipts, PLAIN, checksums=checksums(store, data))
    assert await fetch(store, await store.stat("k")) == data


def _same_part(sent: Receipt, held: Sequence[Receipt]) -> None:
    assert [(r.number, r.size) for r in held] == [(sent.number, sent.size)], f"parts() tells {held}"
    assert _alike(sent, held[0]), "parts() tells of another part than the receipt"


def _alike(one: Receipt, other: Receipt) -> bool:
    """Whether two receipts are of the same bytes, by whatever both of them tell."""
    common = one.checksums.keys() & other.checksums.keys()
    etags = one.etag is not None and other.etag is not None
    assert etags or common, "nothing tells one part from another"
    return (not etags or one.etag == other.etag) and all(one.checksums[a] == other.checksums[a] for a in common)


@check(_multipart)
async def check_parts_tell_replaced(stores: Stores) -> None:
    """parts() tells in order what is there now, so that a part replaced by another is noticed."""
    store = await stores()
    opened, data, parts = await _begin(store)
    assert list(await store.parts(opened)) == []
    receipts = [await send(store, opened, part, data) for part in reversed(parts)]
    late = await send(store, opened, parts[1], noise(len(data), seed=1))
    held = await store.parts(opened)
    assert [(r.number, r.size) for r in held] == [(p.number, p.size) for p in parts], f"parts() tells {held}"
    assert _alike(held[1], late), "parts() does not tell of the later part"
    assert not _alike(held[1], receipts[0]), "parts() can't tell the later part from the earlier"
    await store.abort(opened)


@check(_multipart)
async def check_uploads(stores: Stores) -> None:
    """uploads() tells the open uploads of exactly this key, and none once they are finished, or is Unsupported."""
    store = await stores()
    opened, data, parts = await _begin(store)
    other, _, _ = await _begin(store, "k2")
    try:
        found = await store.uploads("k")
    except Unsupported:
        await store.abort(opened)
        await store.abort(other)
        return
    assert [(u.key, u.id) for u in found] == [("k", opened.id)], f"uploads('k') tells {found}"
    assert int(found[0].extra["initiated_ns"]) > 0
    receipts = [await send(store, opened, part, data) for part in parts]
    await store.finish(opened, receipts, PLAIN, checksums=checksums(store, data))
    assert list(await store.uploads("k")) == []
    await store.abort(other)


@check(_multipart)
async def check_abort(stores: Stores) -> None:
    """An aborted upload is gone with its parts; aborting it again is no error."""
    store = await stores()
    opened, data, parts = await _begin(store)
    receipts = [await send(store, opened, part, data) for part in parts]
    await store.abort(opened)
    await store.abort(opened)
    async with refused(NotFound):
        await store.parts(opened)
    async with refused(NotFound):
        await send(store, opened, parts[0], data)
    async with refused(NotFound):
        await store.finish(opened, receipts, PLAIN)
    assert await keys(store) == []


@check(_multipart)
async def check_finish_again(stores: Stores) -> None:
    """After a finish whose reply got lost, another is NotFound, or says the same; the object stays."""
    store = await stores()
    opened, data, parts = await _begin(store)
    receipts = [await send(store, opened, part, data) for part in parts]
    first = await store.finish(opened, receipts, PLAIN, checksums=checksums(store, data))
    try:
        again = await store.finish(opened, receipts, PLAIN, checksums=checksums(store, data))
        assert again.entry.etag == first.entry.etag
    except NotFound:
        pass
    assert await fetch(store, await store.stat("k")) == data


@check(_multipart)
async def check_finish_is_there(stores: Stores) -> None:
    """When finish has returned, the object is there, whole, as finish told of it."""
    store = await stores()
    size = 2 * part_size(store) + 17
    stored = await upload(store, "k", noise(size))
    known = await store.stat("k")
    assert known.size == stored.entry.size == size
    assert (stored.entry.etag, stored.entry.version) == (known.etag, known.version)


@check(_multipart)
async def check_finish_checks_parts(stores: Stores) -> None:
    """An object is never made of other parts than those that the receipts tell of."""
    store = await stores()
    opened, data, parts = await _begin(store)
    receipts = [await send(store, opened, part, data) for part in parts]
    await send(store, opened, parts[1], noise(len(data), seed=1))
    staged = store.capabilities.staged
    try:
        await store.finish(opened, receipts, PLAIN, checksums=checksums(store, data), read_back=staged)
    except TransferError:
        assert not await exists(store, "k"), "refused, and made all the same"
        return
    assert await fetch(store, await store.stat("k")) == data, "made of a part without receipt"


@check(lambda able: able.multipart and able.if_absent)
async def check_finish_if_absent(stores: Stores) -> None:
    """With ``if_absent`` an upload does not replace what came into being meanwhile."""
    store = await stores()
    await upload(store, "k", noise(1500), if_absent=True)
    # Behind a layer that tried again the upload may be gone by now: then its caller looks at the key.
    async with refused(Changed, NotFound):
        await upload(store, "k", noise(1400, seed=1), if_absent=True)
    assert await fetch(store, await store.stat("k")) == noise(1500)


@check(lambda able: able.multipart and bool(able.verifies))
async def check_wrong_part_checksum(stores: Stores) -> None:
    """A part whose checksum is wrong is refused, and where the server itself refuses it not kept."""
    store = await stores()
    opened, data, parts = await _begin(store)
    other = checksums(store, b"something else")
    verified = {algorithm: other[algorithm] for algorithm in store.capabilities.verifies[:1]}
    async with refused(Corrupt):
        await store.put_part(opened, parts[1], Body(data[-parts[1].size :], verified))
    if TOLD_AFTERWARDS.isdisjoint(verified):
        assert list(await store.parts(opened)) == []
    await store.abort(opened)


@check(lambda able: able.multipart and Algorithm.CRC64NVME in able.verifies)
async def check_wrong_whole_checksum(stores: Stores) -> None:
    """An upload is refused when the checksum of the whole is wrong, and shows nothing."""
    store = await stores()
    opened, data, parts = await _begin(store)
    receipts = [await send(store, opened, part, data) for part in parts]
    async with refused(Corrupt):
        await store.finish(opened, receipts, PLAIN, checksums=checksums(store, b"something else"))
    assert not await exists(store, "k")
    await store.abort(opened)


@check(_multipart)
async def check_proof_of_finish(stores: Stores) -> None:
    """An upload is *verified* where the store verifies what was sent, and only there."""
    store = await stores()
    stored = await upload(store, "k", noise(2500))
    expected = bool(store.capabilities.verifies)
    assert (stored.proof.proven is Proven.VERIFIED) == expected, f"the proof is: {stored.proof}"
    opened, data, parts = await _begin(store, "bare")
    receipts = [await store.put_part(opened, part, Body(data[part.offset :][: part.size])) for part in parts]
    bare = [replace(receipt, checksums={}) for receipt in receipts]
    stored = await store.finish(opened, bare, PLAIN)
    assert stored.proof.proven is not Proven.VERIFIED, "verified without any checksum"


@check(_multipart)
async def check_cancelled_part(stores: Stores) -> None:
    """A part that is cancelled can be sent again, and the upload goes on."""
    store = await stores()
    opened, data, parts = await _begin(store)
    for wait in (0.0, 0.002):
        sending = asyncio.create_task(send(store, opened, parts[0], data))
        await asyncio.sleep(wait)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    receipts = [await send(store, opened, part, data) for part in parts]
    await store.finish(opened, receipts, PLAIN, checksums=checksums(store, data))
    assert await fetch(store, await store.stat("k")) == data
