"""The number of lanes finds itself, on paths of all kinds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.goodput.links import BLIND, LARGE, LINKS, SMALL, Link, best, found
from tests.goodput.plot import PICTURE, picture
from tests.goodput.simulator import Path, Simulation, goodput, run
from transfer.goodput import FEWEST, FIRST, MOST, REQUEST, Phase, Sample, State, begin, step

LINK_NAMES = [link.name for link in LINKS]


@pytest.mark.parametrize("size", [LARGE, SMALL], ids=["parts", "100 KiB"])
@pytest.mark.parametrize("link", [*LINKS, BLIND], ids=[*LINK_NAMES, "blind"])
def test_within_a_tenth_of_the_best_fixed_setting_after_ten_seconds(link: Link, size: float) -> None:
    """For parts of large objects and for small objects; near and far, clean and lossy."""
    assert goodput(found(link, size), 10.0, 24.0) >= 0.9 * best(link, size)


def test_a_short_path_keeps_few_lanes() -> None:
    """Where few lanes carry all there is, no more than twice the first number is tried in the first ten seconds."""
    local = Path(0.0003, 800e6, lane_rate=200e6, answer=0.002)
    history = run(Simulation(local, LARGE), 10.0)
    assert max(moment.lanes for moment in history) <= 2 * FIRST
    assert goodput(history, 1.0, 10.0) >= 0.9 * 800e6


def test_a_noisy_path_neither_collapses_nor_runs_away() -> None:
    """With a rate that swings by a tenth: on average nine tenths of it, and never fewer lanes than suffice for half."""
    noisy = replace(LINKS[1].path, noise=0.1)
    for seed in (1, 2):
        history = run(Simulation(noisy, SMALL, seed=seed), 40.0)
        assert goodput(history, 10.0, 40.0) >= 0.85 * noisy.rate
        assert min(moment.lanes for moment in history[100:]) >= 24


def test_what_a_server_refuses_is_not_asked_for_again_and_again() -> None:
    """It bears 300 requests a second: nearly all of them are used, and one in twenty is refused at most."""
    history = run(Simulation(Path(0.05, 50e6, refuses=300), SMALL), 30.0)
    assert goodput(history, 5.0, 30.0) >= 0.85 * 300 * SMALL
    assert history[-1].refused <= history[-1].units / 20


def test_a_path_that_becomes_another_is_found_again() -> None:
    """One that suddenly loses more needs more lanes, and gets them."""
    simulation = Simulation(Path(0.1, 25e6, loss=0.0002), LARGE / 16)
    run_state, sent = begin(), []
    for tick in range(1_600):
        if tick == 800:
            simulation.path = replace(simulation.path, loss=0.01)
        if tick % 4 == 0:
            moved = simulation.crossed + REQUEST * simulation.units
            run_state = step(run_state, Sample(simulation.now, moved, len(simulation.lanes), latency=0.11))
            sent.append(simulation.crossed)
        simulation.advance(run_state.lanes)
    before, after = sent[199] - sent[120], sent[399] - sent[320]
    assert after >= 0.8 * before


def climbing(*, last: float = 0.0, doubted: bool = False) -> State:
    """A state that has measured 16 lanes at 100 bytes a second and is about to judge 32."""
    rung = State(32, MOST, Phase.CLIMB, kept=16, goodput=100.0, moved=0.0)
    return replace(rung, last=last, doubted=doubted)


def test_refusals_take_off_three_tenths_once() -> None:
    """Those that follow at once belong to the same crowd."""
    refused = step(climbing(), Sample(1.0, 0, 32, throttled=True))
    assert refused.lanes == 22
    assert step(refused, Sample(1.5, 0, 32, throttled=True)).lanes == 22
    assert step(refused, Sample(2.5, 0, 32, throttled=True)).lanes == 15


def test_a_gain_is_kept_and_a_loss_undone() -> None:
    """Half as much again is worth twice the lanes; the same is not, after a second look."""
    assert step(climbing(last=150.0), Sample(1.0, 150, 32)).lanes == 64
    doubted = step(climbing(last=100.0), Sample(1.0, 100, 32))
    assert (doubted.lanes, doubted.doubted) == (32, True)
    assert step(doubted, Sample(3.0, 300, 32)).lanes == 16


def test_small_gains_are_not_bought_with_scarce_memory() -> None:
    """A tenth more is worth twice the lanes while memory is plenty, and not once most of it is in use."""
    doubted = climbing(doubted=True)
    assert step(doubted, Sample(10.0, 1100, 32)).lanes == 64
    assert step(doubted, Sample(10.0, 1100, 32, crowded=True)).lanes == 16


def test_empty_lanes_tell_nothing() -> None:
    """While work lacks, no measurement is made; a trial that can't be filled is ended."""
    idle = step(climbing(), Sample(0.1, 0, 3))
    assert (idle.lanes, idle.moved) == (32, None)
    assert step(idle, Sample(5.0, 0, 3)).lanes == 16


def test_the_bounds_hold() -> None:
    """Never more than may be, never fewer than the fewest."""
    for link, most in ((LINKS[3], 100), (LINKS[0], 2)):
        simulation, state = Simulation(link.path, SMALL), begin(most)
        for tick in range(400):
            if tick % 2 == 0:
                moved = simulation.crossed + REQUEST * simulation.units
                state = step(state, Sample(simulation.now, moved, len(simulation.lanes), latency=link.path.rtt))
            assert min(FEWEST, most) <= state.lanes <= most <= MOST
            simulation.advance(state.lanes)


def test_the_picture_in_the_docs_is_what_the_simulator_gives() -> None:
    """Else draw it anew: ``python -m tests.goodput.plot``."""
    assert PICTURE.read_text() == picture()
