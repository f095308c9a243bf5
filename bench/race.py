"""Runs the rows: ours, theirs, ours, theirs …, each run into an empty target."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import reduce

from bench import programs
from bench.contestants import OURS, Contestant, Task
from bench.figures import Duel
from bench.judge import judge
from bench.measure import Failed, Sample, measure
from bench.rows import Load, Move, Row, Same, Way
from bench.stage import Place, Stage
from transfer.errors import TransferError

_LIMIT_SECONDS = 1800.0
Say = Callable[[str], None]


class Race:
    """All runs on one stage. ``pairs`` are those in a duel whose row does not say; ``say`` is told how it goes."""

    def __init__(self, stage: Stage, pairs: int, say: Say) -> None:
        self._stage = stage
        self._pairs = pairs
        self._say = say
        self._numbers = itertools.count(1)
        self._filled: set[Place] = set()

    def prepare(self, row: Row, peers: Sequence[Contestant]) -> None:
        """Make what the row is read from. Raises TransferError."""
        loads = {load for load in (row.load, *(peer.load for peer in peers)) if load is not None}
        for load in loads:
            self._stage.make_tree(load)
        if isinstance(row.work, Move):
            ways = {row.work.way, *(peer.way for peer in peers if peer.way is not None)} - {Way.UP}
            for source in {self._stage.source(row.work.load, way) for way in ways} - self._filled:
                self._say(f"Filling a bucket with {row.work.load}")
                self._fill(row, row.work.load, source)
                self._filled.add(source)

    def duels(self, row: Row, peers: Sequence[Contestant]) -> Iterator[Duel]:
        """One after the other. A run that fails ends its duel, not the race."""
        warm: set[str] = set()
        pairs = row.pairs or self._pairs
        if row.alone or not peers:
            yield self._duel(row, None, pairs, warm)
        for peer in peers:
            excuse = peer.cannot(row)
            if excuse:
                yield Duel(peer.name, excuse=excuse)
            else:
                yield self._duel(row, peer, min(pairs, row.peer_pairs or pairs), warm)

    def commands(self, row: Row, peers: Sequence[Contestant]) -> list[str]:
        """What is run, with the names of a first target."""
        able = [one for one in (OURS, *peers) if one.cannot(row) is None]
        tasks = [(one, self._task(one, row, "target-1")) for one in able]
        return [programs.shown(command) for one, task in tasks for command in one.commands(task)]

    def _duel(self, row: Row, peer: Contestant | None, pairs: int, warm: set[str]) -> Duel:
        contestants = [OURS, peer] if peer else [OURS]
        self._say(f"{row}: {' and '.join(one.name for one in contestants)}")
        name = peer.name if peer else ""
        samples: list[list[Sample]] = [[] for _ in contestants]
        try:
            for one in contestants:
                if row.warm and one.name not in warm:
                    self._run(one, row)
                    warm.add(one.name)
            for number in range(pairs):
                for one, taken in zip(contestants, samples, strict=True):
                    taken.append(self._run(one, row, check=True, bytewise=number == 0))
        except Failed as failure:
            self._say(f"  {failure}")
            return Duel(name, excuse=str(failure), failed=True)
        ours, theirs = samples if peer else (samples[0], [])
        return Duel(name, ours, theirs)

    def _task(self, contestant: Contestant, row: Row, name: str) -> Task:
        load = contestant.load or row.load
        match row.work:
            case Move(way, _) if load is not None:
                way = contestant.way or way
                return Task(row, self._stage.source(load, way), self._stage.target(way, name), load, name)
            case Same():
                one, other = (self._stage.generated(row.work, which) for which in "ab")
                return Task(row, one, other, None, name)
        return Task(row, Place(""), Place(""), None, name)

    def _run(self, contestant: Contestant, row: Row, *, check: bool = False, bytewise: bool = False) -> Sample:
        """One run, measured; making, checking and clearing its target are not."""
        task = self._task(contestant, row, f"target-{next(self._numbers)}")
        load = task.load
        if load is not None:
            self._stage.make(task.target)
        self._stage.settle()
        try:
            samples = [
                self._measure(command, row, may_be_cut=contestant is not OURS) for command in contestant.commands(task)
            ]
            sample = reduce(Sample.then, samples)
            if check and load is not None and not sample.cut:
                judge(self._stage, load, task.target, bytewise=bytewise or load.large)
        except Failed as failure:
            raise Failed(f"{contestant.name}: {failure}") from failure
        finally:
            self._clear(task)
        self._say(f"  {contestant.name}: {sample}")
        return replace(sample, moved=load.bytes) if load is not None and not sample.cut else sample

    def _clear(self, task: Task) -> None:
        """Drop what a run made. Many small files stay until the end: where files were deleted,
        ext4 makes whoever creates some in the next minutes pay for it."""
        if task.load is not None and (task.target.server or task.load.large):
            self._stage.clear(task.target)

    def _fill(self, row: Row, load: Load, source: Place) -> None:
        """We fill the buckets ourselves, so that every object has the full-object CRC64NVME that AWS gives to all.

        Where only an MD5 proves, large objects are put in one piece, or no ETag would be one.
        """
        stage = self._stage
        stage.make(source)
        up = replace(row, work=Move(Way.UP, load))
        command = list(OURS.commands(Task(up, stage.tree(load), source, load, "fill"))[0])
        if row.ground.md5_only:
            place = f"{source.server}:{source.name}"
            flags = ["--s3-upload-cutoff=4G", "--multi-thread-streams=0"]
            command = [programs.rclone(), "copy", *flags, stage.tree(load).name, place]
        try:
            self._measure(command, row, inside=True)
            judge(stage, load, source, bytewise=True)
        except Failed as failure:
            raise TransferError(f"The bucket to read from could not be filled: {failure}") from failure

    def _measure(self, command: Sequence[str], row: Row, *, may_be_cut: bool = False, inside: bool = False) -> Sample:
        stage, limited = self._stage, row.limit is not None and may_be_cut
        return measure(
            [*(stage.inside if inside else stage.outside), *command],
            folder=stage.folder,
            env=stage.env,
            limit=row.limit if row.limit is not None and limited else _LIMIT_SECONDS,
            cores=stage.cores.clients,
            port=stage.port if stage.outside and isinstance(row.work, Move) and row.work.way is Way.UP else None,
            may_be_cut=limited,
        )
