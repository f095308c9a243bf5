"""Finds how many lanes fill a path: one controller for a read and its write together. Pure.

It is fed samples of what crossed so far, and answers with a number of lanes. Each number is
tried for as long as the path needs to show what it makes of it, and is kept if it brought
enough; see :func:`step`. Why it is as it is: docs/adr/0008.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

FEWEST = 4
"""Fewer could not keep a disk, a processor and a network busy at once."""
MOST = 512
FIRST = 6
_REQUESTS_A_SECOND = 640
"""That the first number of lanes is to make possible: a long path begins with more of them."""
_MOST_AT_FIRST, _PARTS_AT_FIRST = 128, 64
"""Small objects need the more lanes the longer the path; large ones perhaps, and they have time to find out."""
_SMALL_AT_FIRST = 32
"""Small objects take no memory to speak of, and disks and event loops do many of them together for less."""
REQUEST = 64 * 1024
"""Bytes that a finished unit counts for beside its own, so that small objects have a goodput too."""

_SETTLE, _MEASURE = 3.0, 2.5
"""Latencies for a new number to show effect, and for which it is then measured, again and again."""
_SHORTEST_SETTLE, _SHORTEST_MEASURE = 0.1, 0.4
"""Seconds."""
_FULL = 0.75
"""Share of the lanes that must be in use for a measurement to tell anything about their number."""
_SHRUNK = 1.1
"""More than so many times as many in use: lanes that are to end have not ended yet."""
_CLIMB, _TRIAL = 2.0, 1.5
"""What the number is multiplied by (or divided) while climbing, and in later trials."""
_GROWING = 1.2
"""Times the goodput of the measurement before: connections still gather speed, and a rung is not judged yet."""
_MOST_OF_IT, _MUCH, _LITTLE = 0.7, 0.25, 0.08
"""Shares of the proportional gain: what more lanes must bring to be kept at once; once the connections have gathered
speed; and after a longer look."""
_MISSED = 0.03
"""Share of the goodput that fewer lanes may cost."""
_FALLEN, _FADING = 0.85, 0.99
"""Share of the best goodput (which fades by each measurement) below which a trial does not wait."""
_BACK_OFF = 0.7
_REST, _LONGEST_REST = 5.0, 50.0
"""Measurements to hold still before the next trial, the longer the more trials were in vain."""
_LONGER = 3.0
"""The longer look, times the short one."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What there is to see at ``time`` (monotonic seconds).

    ``moved`` are the bytes that crossed so far, with :data:`REQUEST` for each finished unit;
    ``busy`` the lanes in use; ``throttled`` says that a provider refused calls since the last
    sample, ``crowded`` that most of the memory is in use, ``large`` that most lanes hold parts of
    large objects; ``latency`` is the shortest that a call
    ever took, in seconds.
    """

    time: float
    moved: float
    busy: int
    throttled: bool = False
    crowded: bool = False
    large: bool = False
    latency: float = 0.0


class Phase(Enum):
    """What the present number of lanes is: a rung of a climb, kept, or a trial."""

    BEGIN = "begin"
    CLIMB = "climb"
    HOLD = "hold"
    MORE = "more"
    FEWER = "fewer"


@dataclass(frozen=True, slots=True)
class State:
    """``lanes`` is the answer. ``kept`` lanes gave ``goodput`` bytes a second, by the last measurement of them.

    ``since`` is when the present measurement began or will begin, ``moved`` what had crossed
    then (None: it has not begun); ``last`` is what the one before gave, of the same
    lanes, ``best`` what any gave lately; ``doubted``: it gave too little once and is being repeated.
    """

    lanes: int
    most: int
    phase: Phase = Phase.BEGIN
    kept: int = 0
    goodput: float = 0.0
    since: float = 0.0
    moved: float | None = None
    last: float = 0.0
    best: float = 0.0
    doubted: bool = False
    rest: float = _REST
    rested: float = 0.0
    fewer_next: bool = False
    calm_until: float = 0.0


def begin(most: int = MOST) -> State:
    """Before the first sample, with at most ``most`` lanes ever."""
    return State(min(FIRST, most), most)


def step(state: State, sample: Sample) -> State:
    """The state after one more sample.

    - *Climb*: once connections have gathered speed, double, as long as each doubling brings a quarter
      of what it would in proportion, or, looked at for longer and while memory is plenty, a twelfth;
      else go back and hold.
    - *Hold*, and now and then try half as many more, or a third less, by turns: as long as it pays.
      A goodput that has fallen is a reason to try at once.
    - A refusal takes off three tenths at once.
    - Lanes that stand empty tell nothing: no measurement is made while work lacks.
    """
    if state.phase is Phase.BEGIN:
        return _first(state, sample) if sample.busy else state
    if sample.throttled:
        return _throttled(state, sample)
    if not _telling(state, sample):
        return _untold(state, sample)
    if state.moved is None:
        return _again(state, sample) if sample.time >= state.since else state
    seconds = sample.time - state.since
    if seconds < _duration(state, sample):
        return state
    goodput = (sample.moved - state.moved) / seconds
    return _JUDGES[state.phase](replace(state, best=max(state.best * _FADING, goodput)), sample, goodput)


def _first(state: State, sample: Sample) -> State:
    least, at_first = (FIRST, _PARTS_AT_FIRST) if sample.large else (_SMALL_AT_FIRST, _MOST_AT_FIRST)
    wanted = min(at_first, max(least, int(_REQUESTS_A_SECOND * sample.latency)))
    return _now(replace(state, lanes=min(wanted, state.most), phase=Phase.CLIMB), sample)


def _telling(state: State, sample: Sample) -> bool:
    """Whether as many lanes are in use as are to be measured."""
    if state.phase is Phase.FEWER and sample.busy > 1 + state.lanes * _SHRUNK:
        return False
    return sample.busy >= state.lanes * _FULL


def _untold(state: State, sample: Sample) -> State:
    """Wait with the measurement; but lanes that a trial can't fill, for lack of work or memory, are no use."""
    if state.phase not in (Phase.CLIMB, Phase.MORE) or sample.time < state.since + _duration(state, sample):
        return replace(state, moved=None)
    if state.kept == 0:
        return _back(replace(state, kept=state.lanes), sample)
    if sample.busy <= state.kept * _SHRUNK:
        return _back(state, sample)
    return _now(replace(state, lanes=sample.busy), sample)


def _now(state: State, sample: Sample) -> State:
    """Measure anew, once the number of lanes has had time to show effect."""
    settle = max(_SHORTEST_SETTLE, _SETTLE * sample.latency)
    return replace(state, since=sample.time + settle, moved=None, doubted=False, last=0.0)


def _again(state: State, sample: Sample, *, doubted: bool | None = None) -> State:
    """Measure the same, from now on."""
    doubted = state.doubted if doubted is None else doubted
    return replace(state, since=sample.time, moved=sample.moved, doubted=doubted)


def _duration(state: State, sample: Sample) -> float:
    once = max(_SHORTEST_MEASURE, _MEASURE * sample.latency)
    return once if state.phase is Phase.CLIMB and not state.doubted else once * _LONGER


def _throttled(state: State, sample: Sample) -> State:
    if sample.time < state.calm_until:
        return _now(state, sample)
    fewer = max(_least(state), int(state.lanes * _BACK_OFF))
    calm = sample.time + max(1.0, _SETTLE * sample.latency)
    held = replace(state, lanes=fewer, kept=fewer, goodput=0.0, best=0.0, phase=Phase.HOLD, calm_until=calm)
    return _now(_in_vain(replace(held, fewer_next=False)), sample)


def _least(state: State) -> int:
    return max(1, min(FEWEST, state.most))


def _judge_climb(state: State, sample: Sample, goodput: float) -> State:
    little = _MUCH if sample.crowded or not state.doubted else _LITTLE
    if (
        goodput > _GROWING * state.last
        and not state.doubted
        and not (state.kept and goodput >= _wanted(state, _MOST_OF_IT))
    ):
        return _again(replace(state, last=goodput), sample)
    if state.kept == 0:
        return _higher(replace(state, kept=state.lanes, goodput=goodput), sample)
    if goodput >= _wanted(state, little):
        return _higher(replace(state, kept=state.lanes, goodput=goodput), sample)
    return _back(state, sample) if state.doubted else _again(state, sample, doubted=True)


def _wanted(state: State, share: float) -> float:
    """The goodput with which the lanes bring ``share`` of what they would in proportion."""
    return state.goodput * (1 + share * (state.lanes / state.kept - 1))


def _higher(state: State, sample: Sample) -> State:
    """The next rung, or a rest where there is none."""
    lanes = min(state.most, int(state.kept * _CLIMB))
    if lanes == state.kept:
        return _back(state, sample)
    return _now(replace(state, lanes=lanes, phase=Phase.CLIMB), sample)


def _back(state: State, sample: Sample) -> State:
    """Hold what was kept."""
    return _now(replace(state, lanes=state.kept, phase=Phase.HOLD, rested=0.0), sample)


def _judge_hold(state: State, sample: Sample, goodput: float) -> State:
    if goodput < _FALLEN * state.best:
        return _fallen(state, sample, goodput)
    rested = state.rested + _LONGER
    held = replace(state, goodput=goodput, rested=rested)
    return _again(held, sample, doubted=False) if rested < state.rest else _try(held, sample)


def _fallen(state: State, sample: Sample, goodput: float) -> State:
    """Seen twice, the path is another: try at once whether it wants more or fewer."""
    if not state.doubted:
        return _again(state, sample, doubted=True)
    return _try(replace(state, goodput=goodput, best=goodput, rest=_REST, fewer_next=False), sample)


def _try(state: State, sample: Sample) -> State:
    tried = replace(state, fewer_next=not state.fewer_next)
    if state.fewer_next:
        return _fewer(tried, sample)
    kept = max(state.lanes, min(sample.busy, state.most))
    lanes = min(state.most, round(kept * _TRIAL))
    return (
        _now(replace(tried, kept=kept, lanes=lanes, phase=Phase.MORE), sample) if lanes > kept else _back(tried, sample)
    )


def _fewer(state: State, sample: Sample) -> State:
    least = _least(state) if sample.large else min(_SMALL_AT_FIRST, state.most)
    lanes = max(least, int(state.kept / _TRIAL))
    return _now(replace(state, lanes=lanes, phase=Phase.FEWER), sample) if lanes < state.kept else _back(state, sample)


def _judge_more(state: State, sample: Sample, goodput: float) -> State:
    if goodput >= _wanted(state, _MUCH if sample.crowded else _LITTLE):
        return _higher(replace(state, kept=state.lanes, goodput=goodput, rest=_REST), sample)
    return _back(_in_vain(state), sample)


def _judge_fewer(state: State, sample: Sample, goodput: float) -> State:
    if goodput >= state.goodput * (1 - _MISSED):
        return _fewer(replace(state, kept=state.lanes), sample)
    return _back(_in_vain(state), sample)


def _in_vain(state: State) -> State:
    return replace(state, rest=min(_LONGEST_REST, 1.5 * state.rest))


_JUDGES = {
    Phase.CLIMB: _judge_climb,
    Phase.HOLD: _judge_hold,
    Phase.MORE: _judge_more,
    Phase.FEWER: _judge_fewer,
}
