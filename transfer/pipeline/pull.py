"""Has the target's provider get an object from an address at the source, so that no byte passes through this machine.

Such a provider tells when it has tried, and not how that went: so the object is looked for at the target, and proven
as any other. The request's id is in the checkpoint, as an upload's is, so that a later run goes on waiting for it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from transfer import killpoint
from transfer.checkpoint import Look
from transfer.decide import Step
from transfer.errors import Changed, NotFound, TransferError, Transient
from transfer.event import BytesMoved
from transfer.model import NO_CHECKSUMS, UNPROVEN, Algorithm, Checksums, Entry, Metadata, Span, Stored, Upload
from transfer.options import Via
from transfer.pipeline.carry import carried
from transfer.pipeline.moved import Moved
from transfer.pipeline.prove import settle_fetch
from transfer.pipeline.resume import drop_earlier, forget
from transfer.pipeline.route import Route

_NS = 1_000_000_000
_MD5 = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Patience:
    """All in seconds."""

    address: int = 24 * 3600
    """For which an address is good, and its fetch is waited for."""
    grace: float = 60.0
    """In which a provider that has tried in vain may try again by itself; and as long as :attr:`pace` allows it."""
    pace: float = 4.0 * 1024**2
    """Bytes of an object in a second: some say that they have tried when they have only begun."""
    first: float = 0.25
    """Until the provider is asked for the first time; the time grows by half each time, up to ``longest``."""
    longest: float = 15.0

    def for_late(self, size: int) -> float:
        """How long an object of ``size`` bytes may take after it was tried in vain."""
        return self.grace + size / self.pace

    def pauses(self) -> Iterator[float]:
        pause = self.first
        while True:
            yield pause
            pause = min(1.5 * pause, self.longest)


patience = Patience()


def possible(route: Route, entry: Entry) -> bool:
    """Whether the object is to be fetched. An empty one is written: that moves no byte either, and can't fail so."""
    return route.options.via is Via.FETCH and entry.size != 0


async def pull(route: Route, step: Step, entry: Entry, *, if_absent: bool) -> Moved:
    """Have ``entry``, of which all is known, fetched, prove it, and give it its metadata. Raises TransferError."""
    job = _Pull(route, step, entry, carried(entry, route.options, route.target.capabilities), if_absent)
    async with route.lanes.bare():
        stored, sure = await job.written()
    route.listener(BytesMoved(step.key, entry.size or 0, by_provider=True))
    try:
        await _see_unchanged(route, entry)
        proven = await settle_fetch(route, entry, stored, sure=sure)
        made = await route.target.update(proven.entry, job.metadata)
    except TransferError:
        forget(route, step.key)
        raise
    route.unfinished.discard(step.key)
    return Moved(entry, job.metadata, replace(made, proof=proven.proof), entry.checksums)


@dataclass(frozen=True, slots=True)
class _Pull:
    route: Route
    step: Step
    entry: Entry
    metadata: Metadata
    if_absent: bool

    async def written(self) -> tuple[Stored, bool]:
        """The object at the target, and whether the provider may have been sure of its checksum.

        An ETag that looks like an MD5 need not be one, and what is compared with it then is refused forever: so
        the object is asked for once more without.
        """
        resumed = await self._resumed()
        if resumed is not None:
            return resumed, True
        known = _known(self.entry)
        for checksums in (known, NO_CHECKSUMS) if known else (NO_CHECKSUMS,):
            url = await self.route.source.signed_url(self.entry, patience.address)
            asked = await self._ask(url, checksums)
            found = await _over(self.route, self.step.key, asked) or await self._after_all(asked)
            if found is not None:
                return found, checksums is known or not known
        forget(self.route, self.step.key)
        raise Transient(
            f"'{self.step.key}' was not fetched, and why is not told: see that the target can reach "
            f"{urlsplit(url).hostname}",
            key=self.step.key,
        )

    async def _resumed(self) -> Stored | None:
        """The object that an earlier run asked for. What was written while nobody watched may be somebody else's."""
        asked = await self._taken_up()
        if asked is None:
            return None
        try:
            found = await self.route.target.fetched(asked)
        except NotFound:
            return None
        return await _over(self.route, self.step.key, asked) if found is None else replace(found, proof=UNPROVEN)

    async def _taken_up(self) -> Upload | None:
        """What an earlier run asked for, if it fits; what does not is waited for, and forgotten."""
        route, key = self.route, self.step.key
        earlier = await route.journal.open_upload(key) if key in route.unfinished else None
        if earlier is None:
            return None
        asked = earlier.upload
        if asked is None or not asked.is_fetch:
            await drop_earlier(route, key)
            return None
        route.writing(key)
        same = earlier.shape == route.shape and earlier.source.same(Look.of(self.entry))
        if same and earlier.to == self.step.target_key:
            return asked
        await let_end(route, key)
        return None

    async def _ask(self, url: str, checksums: Checksums) -> Upload:
        """Asked for twice, if this is killed before it is written down: that does no harm."""
        route, step = self.route, self.step
        replacing = await _stat_or_none(route, step.target_key)
        if replacing is not None and self.if_absent:
            raise Changed(f"'{step.target_key}' exists at the target by now", key=step.key)
        route.writing(step.key)
        asked = await route.target.fetch(
            url,
            self.entry,
            step.target_key,
            self.metadata,
            checksums=checksums,
            replacing=replacing,
            if_absent=self.if_absent,
        )
        await route.journal.intend(step.key, Look.of(self.entry), route.shape, step.target_key)
        route.unfinished.add(step.key)
        await route.journal.begun(step.key, asked)
        killpoint.reach("fetch")
        return asked

    async def _after_all(self, asked: Upload) -> Stored | None:
        """The object, if a further try of the provider's own succeeds; raises what keeps the source from being read."""
        try:
            async with self.route.source.read(self.entry, Span(0, 1)):
                pass
        except TransferError:
            forget(self.route, self.step.key)
            raise
        ends = time.monotonic() + patience.for_late(self.entry.size or 0)
        for pause in patience.pauses():
            await asyncio.sleep(pause)
            found = await _look(self.route, asked)
            if found is not None or time.monotonic() > ends:
                return found
        raise AssertionError("pauses do not end")


async def let_end(route: Route, key: str) -> None:
    """Wait for what an earlier run asked for, and forget it: it would write over what comes before it."""
    earlier = await route.journal.open_upload(key) if key in route.unfinished else None
    if earlier is not None and earlier.upload is not None and earlier.upload.is_fetch:
        await _over(route, key, earlier.upload)
        forget(route, key)


async def _over(route: Route, key: str, asked: Upload) -> Stored | None:
    """The object once it is written; None where the provider has tried in vain.

    Raises Transient where its address has ended before that: with another one it is asked for again.
    """
    pauses = patience.pauses()
    while True:
        try:
            found = await route.target.fetched(asked)
        except NotFound:
            return None
        except Changed:
            forget(route, key)
            raise
        if found is not None:
            return found
        if _has_ended(asked, route.now_ns()):
            forget(route, key)
            raise Transient(f"'{asked.key}' was not fetched before its address ended", key=key)
        await asyncio.sleep(next(pauses))


def _has_ended(asked: Upload, now_ns: int) -> bool:
    begun = asked.extra.get("initiated_ns")
    return begun is not None and now_ns - int(begun) > patience.address * _NS


def _known(entry: Entry) -> Checksums:
    """What a provider may compare: checksums that are often kept, and an ETag that looks like one."""
    known: Checksums = {
        name: value for name, value in entry.checksums.items() if name in (Algorithm.MD5, Algorithm.SHA1)
    }
    if not known and entry.etag is not None and not entry.encrypted_etag and _MD5.fullmatch(entry.etag):
        return {Algorithm.MD5: bytes.fromhex(entry.etag)}
    return known


async def _look(route: Route, asked: Upload) -> Stored | None:
    try:
        return await route.target.fetched(asked)
    except NotFound:
        return None


async def _see_unchanged(route: Route, entry: Entry) -> None:
    """Raise Changed unless the source is still as it was looked at, where the address led to no version."""
    if entry.version is None and not Look.of(await route.source.stat(entry.key)).same(entry):
        raise Changed(f"'{entry.key}' changed while it was fetched", key=entry.key)


async def _stat_or_none(route: Route, key: str) -> Entry | None:
    try:
        return await route.target.stat(key)
    except NotFound:
        return None
