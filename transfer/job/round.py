"""One look at what is parked: what of it can be read by now, and requests for what nobody has asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from transfer.checkpoint import Asked, Checkpoint, Parked
from transfer.errors import Misconfigured, TransferError
from transfer.job.allowed import Allowed, allowance_of
from transfer.job.asking import Answer, Asker, Request
from transfer.job.coldness import Coldness, State
from transfer.job.measured import Measured
from transfer.job.spans import Piece, Pieces, pieces_of
from transfer.model import Cold, Span
from transfer.pipeline.route import Route
from transfer.thaw.polls import next_poll
from transfer.thaw.waves import Held
from transfer.thaw.waves import Parked as Wanted
from transfer.units import format_size

_NEARER = (Cold.FROZEN, Cold.THAWING, Cold.THAWED)


@dataclass(slots=True)
class Round:
    """Goes through pages of parked objects, and keeps in the checkpoint how far each is.

    ``since_ns`` is when the run began to wait, ``look_ns`` when to look again, which is given at the latest.
    ``refused`` are objects that can't be thawed, and why; ``made`` is told the size of each request. ``held`` says that
    the rest may not be asked for now.
    """

    route: Route
    checkpoint: Checkpoint
    coldness: Coldness
    asker: Asker
    allowed: Allowed
    measured: Measured
    made: Callable[[int], None]
    since_ns: int
    look_ns: int
    refused: list[tuple[Parked, TransferError]] = field(default_factory=list)
    held: Held | None = None
    _kept: dict[str, Parked] = field(default_factory=dict)
    """The page's rows, as far as they were changed."""

    async def look(self, page: Sequence[Parked]) -> None:
        """Look after a page of objects, none of which is being moved."""
        self._kept.clear()
        rows = {parked.key: parked for parked in page}
        asked: dict[str, list[Asked]] = defaultdict(list)
        for each in await self.checkpoint.asked_of(list(rows)):
            asked[each.key].append(each)
        states = await self.coldness.of(page, self._sure(page, asked))
        wanted: list[tuple[Parked, State, Piece]] = []
        for key, parked in rows.items():  # in key order, which is kept
            wanted += [(parked, states[key], piece) for piece in await self._judged(parked, states[key], asked[key])]
        await self._ask(wanted)

    def _sure(self, page: Sequence[Parked], asked: Mapping[str, Collection[Asked]]) -> Mapping[str, Cold]:
        """What is known without a look: by the listing, and of what we have asked for ourselves not long ago."""
        now_ns = self.route.now_ns()
        known: dict[str, Cold] = {}
        for parked in page:
            if parked.cold is Cold.THAWED or (parked.cold is Cold.FROZEN and not asked.get(parked.key)):
                known[parked.key] = parked.cold
            elif parked.ready_ns is None and any(_goes_on(each, now_ns) for each in asked.get(parked.key, ())):
                known[parked.key] = Cold.THAWING
        return known

    async def _judged(self, parked: Parked, state: State, asked: Sequence[Asked]) -> Sequence[Piece]:
        """Write down how far an object is; returns the pieces of it that nobody has asked for."""
        if state.error is not None:
            if not state.error.retryable:
                self.refused.append((parked, state.error))
            return ()
        try:
            pieces = await self._pieces(parked, state, asked)
        except TransferError as error:
            self.refused.append((parked, error))
            return ()
        for each in pieces.copied:
            self.checkpoint.asked(replace(each, copied=True))
        colds = {piece: _cold(piece, state) for piece in pieces.missing}
        going = [piece for piece, cold in colds.items() if cold is Cold.THAWING]
        if going:
            self._goes_on(parked, state, asked, going)
        self._keep(parked, Cold.THAWED if Cold.THAWED in colds.values() else Cold.FROZEN)
        return [piece for piece, cold in colds.items() if cold is Cold.FROZEN]

    async def _pieces(self, parked: Parked, state: State, asked: Sequence[Asked]) -> Pieces:
        if state.thaws is not None and state.cold is not Cold.FROZEN:
            return Pieces((None,))  # somebody has asked for all of it
        allowance = allowance_of(self.route.options)
        return await pieces_of(self.route, self.checkpoint, parked, asked, allowance, self.measured.goodput)

    def _goes_on(self, parked: Parked, state: State, asked: Sequence[Asked], going: Sequence[Piece]) -> None:
        """Pieces of it are being thawed, whoever has asked for them."""
        now_ns = self.route.now_ns()
        told = [thaw for thaw in state.thaws or () if thaw.span in going and thaw.state is Cold.THAWING]
        times = [(thaw.asked_ns or self.since_ns, thaw.ready_ns) for thaw in told]
        times += [(each.since_ns, each.ready_ns) for each in asked if each.span in going and not told]
        for asked_ns, ready_ns in times or [(self.since_ns, None)]:
            self._look_at(next_poll(now_ns, asked_ns, ready_ns))
        ready = [ready_ns for _, ready_ns in times if ready_ns is not None]
        self._keep(parked, Cold.THAWING, max(ready, default=None))

    async def _ask(self, wanted: Sequence[tuple[Parked, State, Piece]]) -> None:
        """Ask for as much as may be asked for now."""
        if self.held is not None or not wanted:
            return
        by_name = {(parked.key, piece): (parked, state) for parked, state, piece in wanted}
        sized = [Wanted(parked.key, _size(parked, piece), piece) for parked, _, piece in wanted]
        wave = self.allowed.wave(sized, self.route.now_ns())
        self.held = wave.held
        self._look_at(wave.again_ns)
        for each in wave.never:
            self.refused.append((by_name[each.key, each.span][0], _too_large(each.size)))
        requests = [Request(by_name[each.key, each.span][1].entry, each.size, each.span) for each in wave.ask]
        for answer in await self.asker.ask(requests):
            self._answered(by_name[answer.request.entry.key, answer.request.span][0], answer)

    def _answered(self, parked: Parked, answer: Answer) -> None:
        thaw, now_ns = answer.thaw, self.route.now_ns()
        if answer.refused is not None:
            self.refused.append((parked, answer.refused))
        elif thaw is not None and thaw.state is Cold.THAWED:
            self._keep(parked, Cold.THAWED)
        elif thaw is not None:
            self.made(answer.request.size)
            self._look_at(next_poll(now_ns, now_ns, thaw.ready_ns))
            self._keep(parked, Cold.THAWING, thaw.ready_ns)

    def _keep(self, parked: Parked, cold: Cold, ready_ns: int | None = None) -> None:
        """The object is that far, or further where another of its pieces is; all that goes on is ready when this is."""
        before = self._kept.get(parked.key) or replace(parked, cold=Cold.FROZEN, ready_ns=None)
        ready_ns = max((each for each in (before.ready_ns, ready_ns) if each is not None), default=None)
        kept = replace(before, cold=max(before.cold or cold, cold, key=_NEARER.index), ready_ns=ready_ns)
        self._kept[parked.key] = kept
        if kept != parked:
            self.checkpoint.park(kept)

    def _look_at(self, moment_ns: int | None) -> None:
        if moment_ns is not None:
            self.look_ns = min(self.look_ns, moment_ns)


def _goes_on(asked: Asked, now_ns: int) -> bool:
    """Whether all of an object was asked for, and can't be ready yet."""
    return asked.sure and asked.span is None and asked.ready_ns is not None and now_ns < asked.ready_ns


def _cold(piece: Piece, state: State) -> Cold:
    """How far a piece is."""
    if piece is None or state.thaws is None:
        return state.cold or Cold.FROZEN
    found = {thaw.state for thaw in state.thaws if thaw.span is None or _holds(thaw.span, piece)}
    return next((cold for cold in (Cold.THAWED, Cold.THAWING) if cold in found), Cold.FROZEN)


def _holds(span: Span, piece: Span) -> bool:
    return span.offset <= piece.offset and piece.offset + piece.size <= span.offset + span.size


def _size(parked: Parked, piece: Piece) -> int:
    return (parked.size or 0) if piece is None else piece.size


def _too_large(size: int) -> TransferError:
    return Misconfigured(
        f"its {format_size(size)} are more than may be asked for at once; raise --retrieval-rate or --retrieval-quota"
    )
