"""The limits of a run as a worker keeps them: it asks the crew, which deals out what all processes share."""

from __future__ import annotations

from functools import partial

from transfer.bucket import Bucket
from transfer.controls import Controls
from transfer.location import is_disk
from transfer.plugin import Origin
from transfer.processes.correspondence import Correspondence
from transfer.processes.messages import DOWN, UP, Limits, Spend


class RemoteBucket(Bucket):
    """Knows the rate, and asks for all that passes while there is one."""

    def __init__(self, crew: Correspondence, what: str | Origin, rate: float | None = None) -> None:
        super().__init__(rate)
        self._crew = crew
        self._what = what

    async def spend(self, units: float) -> None:
        if self.rate is not None:
            await self._crew.ask(partial(Spend, what=self._what, units=units))


class RemoteControls(Controls):
    """What :class:`~transfer.controls.Controls` are in a single process."""

    def __init__(self, crew: Correspondence, limits: Limits) -> None:
        super().__init__()
        self._crew = crew
        self._limits = limits
        self._endpoints: dict[str, RemoteBucket] = {}
        self.transfers = limits.transfers
        self.up = RemoteBucket(crew, UP, limits.up)
        self.down = RemoteBucket(crew, DOWN, limits.down)

    def told(self, limits: Limits) -> None:
        """The run's limits were changed."""
        self._limits = limits
        self.transfers = limits.transfers
        self.up.change(limits.up)
        self.down.change(limits.down)
        for bucket in self._endpoints.values():
            bucket.change(limits.calls)

    def calls(self, origin: Origin) -> Bucket:
        if is_disk(origin):
            return Bucket()
        fresh = RemoteBucket(self._crew, origin, self._limits.calls)
        return self._endpoints.setdefault(origin.endpoint, fresh)
