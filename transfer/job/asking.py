"""Asks a store to thaw objects: each request is written down before it is made, so that none is ever made twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from transfer import killpoint
from transfer.checkpoint import Asked, Checkpoint
from transfer.errors import Throttled, TransferError, Unsupported
from transfer.event import Notice
from transfer.model import Cold, Entry, Span, Thaw
from transfer.options import Options
from transfer.pipeline.route import Route
from transfer.plugin import Capabilities, Limits
from transfer.tasks import for_each

DAYS = 7
"""For which thawed copies stay readable, unless told otherwise."""
_AT_ONCE = 16
_BATCH = 100
"""Requests that are written down together, ahead of being made."""


@dataclass(frozen=True, slots=True)
class Request:
    """For ``size`` bytes: all of an object, or a span of it."""

    entry: Entry
    size: int
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: what the store says, or why it was refused. With neither, it had no room for it."""

    request: Request
    thaw: Thaw | None = None
    refused: TransferError | None = None


class Asker:
    """Asks ``route.source``, as fast as the options want it, or slower where that can't be had now."""

    def __init__(self, route: Route, checkpoint: Checkpoint) -> None:
        self._route = route
        self._checkpoint = checkpoint
        self.days = days_of(route.options, route.source.limits)
        self._tiers = tiers_of(route.options.tier, route.source.capabilities)
        self._full: set[str] = set()
        """Tiers for which the provider had no room."""

    def begin(self) -> None:
        """A new round: there may be room again."""
        self._full.clear()

    async def ask(self, requests: Sequence[Request]) -> list[Answer]:
        """Make them all. Raises nothing but what the checkpoint meets."""
        answers: list[Answer] = []

        async def ask(pair: tuple[Request, Asked]) -> None:
            answers.append(await self._ask(*pair))

        for start in range(0, len(requests), _BATCH):
            now_ns = self._route.now_ns()
            some = requests[start : start + _BATCH]
            intents = [Asked(each.entry.key, each.size, now_ns, span=each.span) for each in some]
            await self._checkpoint.ask(intents)
            await for_each(zip(some, intents, strict=True), ask, width=_AT_ONCE)
        return answers

    async def _ask(self, request: Request, intent: Asked) -> Answer:
        refused: TransferError | None = None
        for tier in self._tiers:
            if tier in self._full:
                continue
            try:
                thaw = await self._route.source.thaw(request.entry, self.days, tier, request.span)
            except Throttled as error:
                self._note_full(tier, error)
            except Unsupported as error:
                refused = refused or error
            except TransferError as error:
                return self._in_vain(request, intent, error)
            else:
                return self._granted(request, intent, thaw)
        return self._in_vain(request, intent, refused)

    def _granted(self, request: Request, intent: Asked, thaw: Thaw) -> Answer:
        killpoint.reach("thaw")
        if thaw.state is Cold.THAWED:
            self._checkpoint.not_asked(intent)
        else:
            ready, until = thaw.ready_ns, thaw.until_ns
            self._checkpoint.asked(replace(intent, tier=thaw.tier, sure=True, ready_ns=ready, until_ns=until))
        return Answer(request, thaw)

    def _in_vain(self, request: Request, intent: Asked, error: TransferError | None) -> Answer:
        """One that may have been heard, though its reply is lost, stays written down."""
        if error is not None and error.retryable:
            return Answer(request)
        self._checkpoint.not_asked(intent)
        return Answer(request, refused=error)

    def _note_full(self, tier: str, error: Throttled) -> None:
        if tier in self._full:
            return
        self._full.add(tier)
        slower = next((each for each in self._tiers if each not in self._full), None)
        instead = f"'{slower}' is asked for instead" if slower else "what is left is asked for another time"
        named = f"the tier '{tier}'" if tier else "thawing more"
        self._route.listener(Notice(f"The provider has no room for {named} now, so {instead}: {error}"))


def days_of(options: Options, limits: Limits) -> int:
    """For how many days to ask."""
    return 1 if limits.max_thaw_days is None else min(options.thaw_days or DAYS, limits.max_thaw_days)


def tiers_of(chosen: str | None, capabilities: Capabilities) -> tuple[str, ...]:
    """The tiers to ask for, one after the other: the one that was chosen, and then those that are slower."""
    if chosen is None:
        return ("",)
    known = capabilities.thaw_tiers
    at = next(number for number, tier in enumerate(known) if tier.casefold() == chosen.casefold())
    return tuple(reversed(known[: at + 1]))
