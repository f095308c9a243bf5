"""Asks a store to thaw objects: each request is written down before it is made, so that none is ever made twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from transfer import killpoint
from transfer.checkpoint import Asked, Checkpoint
from transfer.errors import Throttled, TransferError, Unsupported
from transfer.event import Notice
from transfer.job.allowed import Allowed
from transfer.job.coldness import State
from transfer.model import Cold, Thaw
from transfer.pipeline.route import Route
from transfer.tasks import for_each

DAYS = 7
"""For which thawed copies stay readable, unless told otherwise."""
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: what the store says, or why it was refused.

    With neither it is for another time: from ``again_ns`` on, if that is known.
    """

    state: State
    thaw: Thaw | None = None
    refused: TransferError | None = None
    again_ns: int | None = None


class Asker:
    """Asks ``route.source``, as fast as the options want it, or slower where that can't be had now."""

    def __init__(self, route: Route, checkpoint: Checkpoint) -> None:
        self._route = route
        self._checkpoint = checkpoint
        most = route.source.limits.max_thaw_days
        self.days = 1 if most is None else min(route.options.thaw_days or DAYS, most)
        self._tiers = _tiers(route)
        self._full: set[str] = set()
        """Tiers for which the provider had no room."""

    def begin(self) -> None:
        """A new round: there may be room again."""
        self._full.clear()

    async def ask(self, states: Sequence[State], allowed: Allowed) -> list[Answer]:
        """Make a request for each that may be asked for now. Raises nothing but what the checkpoint meets."""
        now_ns = self._route.now_ns()
        answers: list[Answer] = []
        intents = {}
        for state in states:
            size = state.entry.size or 0
            try:
                if allowed.takes(size, now_ns):
                    intents[state.entry.key] = (state, Asked(state.entry.key, size, now_ns))
                else:
                    answers.append(Answer(state, again_ns=allowed.again(size, now_ns)))
            except Unsupported as error:
                answers.append(Answer(state, refused=error))
        await self._checkpoint.ask([intent for _, intent in intents.values()])

        async def ask(intent: tuple[State, Asked]) -> None:
            answers.append(await self._ask(*intent))

        await for_each(intents.values(), ask, width=_AT_ONCE)
        return answers

    async def _ask(self, state: State, intent: Asked) -> Answer:
        refused: TransferError | None = None
        for tier in self._tiers:
            if tier in self._full:
                continue
            try:
                thaw = await self._route.source.thaw(state.entry, self.days, tier)
            except Throttled as error:
                self._note_full(tier, error)
            except Unsupported as error:
                refused = refused or error
            except TransferError as error:
                self._checkpoint.not_asked(intent)
                return Answer(state, refused=error)
            else:
                return self._granted(state, intent, thaw)
        self._checkpoint.not_asked(intent)
        return Answer(state, refused=refused)

    def _granted(self, state: State, intent: Asked, thaw: Thaw) -> Answer:
        killpoint.reach("thaw")
        if thaw.state is Cold.THAWED:
            self._checkpoint.not_asked(intent)
        else:
            ready, until = thaw.ready_ns, thaw.until_ns
            self._checkpoint.asked(replace(intent, tier=thaw.tier, sure=True, ready_ns=ready, until_ns=until))
        return Answer(state, thaw)

    def _note_full(self, tier: str, error: Throttled) -> None:
        if tier in self._full:
            return
        self._full.add(tier)
        slower = next((each for each in self._tiers if each not in self._full), None)
        instead = f"'{slower}' is asked for instead" if slower else "what is left is asked for another time"
        named = f"the tier '{tier}'" if tier else "thawing more"
        self._route.listener(Notice(f"The provider has no room for {named} now, so {instead}: {error}"))


def _tiers(route: Route) -> tuple[str, ...]:
    """The tiers to ask for, one after the other: the one that was chosen, and then those that are slower."""
    chosen = route.options.tier
    if chosen is None:
        return ("",)
    known = route.source.capabilities.thaw_tiers
    at = next(number for number, tier in enumerate(known) if tier.casefold() == chosen.casefold())
    return tuple(reversed(known[: at + 1]))
