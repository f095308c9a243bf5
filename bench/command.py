"""The command line."""

from __future__ import annotations

import argparse
import fnmatch
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from bench import machine, programs, records
from bench.contestants import OURS, PEERS, Contestant
from bench.cores import Cores, divided
from bench.excuses import Unavailable
from bench.figures import Duel
from bench.ground import LINKS
from bench.race import Race
from bench.records import Record
from bench.results import render
from bench.rows import Row, Same, rows
from bench.staging import LIGHT, SEAWEEDFS, folder_for, staged
from transfer.errors import TransferError

_HERE = Path(__file__).parent
_PAIRS, _QUICK_PAIRS = 5, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns an exit status: 0 also where targets are missed, 1 where a run failed, 2 where none could begin."""
    chosen = _parser().parse_args(arguments)
    try:
        return _perform(chosen)
    except TransferError as error:
        sys.stderr.write(f"bench: {error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench", description="Measure transfer beside rclone, s5cmd and curl.")
    add = parser.add_argument
    add("--quick", action="store_true", help="a tenth of the load, one pair, tuned peers, nothing kept: a try")
    add("--full", action="store_true", help=f"also what takes very long, and links of {', '.join(LINKS)}")
    add("--pairs", type=int, metavar="N", help=f"pairs in each duel ({_PAIRS}; quick: {_QUICK_PAIRS})")
    add(
        "--rows", nargs="+", metavar="ROW", help="only these: numbers (1 to 14, 9b), or globs of the names --list tells"
    )
    add("--peers", nargs="+", metavar="GLOB", help="only these of the peers, by name")
    add("--server", choices=[LIGHT, SEAWEEDFS], default=LIGHT, help="whose S3 servers (light: our own)")
    add("--remark", action="append", default=[], metavar="TEXT", help="a sentence for the results")
    add("--results", type=Path, default=_HERE / "results", metavar="FOLDER", help="one file a row (bench/results)")
    add("--output", type=Path, default=_HERE / "RESULTS.md", metavar="FILE", help="the page (bench/RESULTS.md)")
    add("--render", action="store_true", help="measure nothing, write the page again from what is kept")
    add("--list", action="store_true", help="print the rows and their names")
    return parser


def _perform(chosen: argparse.Namespace) -> int:
    every = rows(quick=chosen.quick)
    if chosen.list:
        sys.stdout.writelines(f"{row.name:32} {row}{' (if asked for)' * row.asked}\n" for row in every)
        return 0
    measured: dict[str, Record] = {}
    if not chosen.render:
        for record in _measured(_chosen_rows(every, chosen), chosen):
            measured[record.row] = record
            if not chosen.quick:
                records.save(record, chosen.results)
                chosen.output.write_text(render(records.load(chosen.results), every))
    if chosen.quick:
        sys.stdout.write(render(measured, [row for row in every if row.name in measured]))
    else:
        chosen.output.write_text(render(records.load(chosen.results), every))
        _say(f"Written to {chosen.output}")
    return 1 if any(duel.failed for record in measured.values() for duel in record.duels) else 0


def _chosen_rows(every: Iterable[Row], chosen: argparse.Namespace) -> list[Row]:
    if chosen.rows:
        return [row for row in every if any(_is(row, wanted) for wanted in chosen.rows)]
    return [row for row in every if chosen.full or not row.asked]


def _is(row: Row, wanted: str) -> bool:
    """A number names the rows that are run unasked; a glob any."""
    return (row.number == wanted and not row.asked) or fnmatch.fnmatchcase(row.name, wanted)


def _measured(chosen_rows: Sequence[Row], chosen: argparse.Namespace) -> Iterable[Record]:
    """The rows one after the other; a stage is put up once for all that are on the same ground."""
    cores = divided(os.sched_getaffinity(0))
    largest = max((row.load.bytes for row in chosen_rows if row.load), default=0)
    with folder_for(largest) as folder:
        for ground in dict.fromkeys(row.ground for row in chosen_rows):
            together = [row for row in chosen_rows if row.ground == ground]
            try:
                with staged(ground, folder, cores, chosen.server) as stage:
                    race = Race(stage, chosen.pairs or (_QUICK_PAIRS if chosen.quick else _PAIRS), _say)
                    for row in together:
                        yield _record(race, row, cores, chosen)
            except Unavailable as missing:
                _say(f"{', '.join(row.name for row in together)}: {missing}")
                for row in together:
                    yield _excused(row, str(missing), cores, chosen)


def _record(race: Race, row: Row, cores: Cores, chosen: argparse.Namespace) -> Record:
    if isinstance(row.work, Same) and _server(row, chosen) != LIGHT:
        return _excused(row, "only the light server has so many objects", cores, chosen)
    peers = _peers(row, chosen)
    if chosen.pairs:
        row = replace(row, pairs=chosen.pairs)
    before = machine.circumstances()
    try:
        race.prepare(row, peers)
        duels = list(race.duels(row, peers))
        commands = race.commands(row, peers)
    except TransferError as error:
        duels, commands = [Duel("", excuse=str(error), failed=True)], []
    after = {**before, "load after": machine.load(), "server": _server(row, chosen)}
    return Record(row.name, duels, commands, machine.facts(cores), after, _versions(peers), chosen.remark)


def _server(row: Row, chosen: argparse.Namespace) -> str:
    server: str = "the tests' emulators" if row.ground.emulated else chosen.server
    return server


def _excused(row: Row, excuse: str, cores: Cores, chosen: argparse.Namespace) -> Record:
    duels = [Duel("", excuse=f"not run: {excuse}")]
    return Record(row.name, duels, (), machine.facts(cores), machine.circumstances(), _versions(()), chosen.remark)


def _peers(row: Row, chosen: argparse.Namespace) -> list[Contestant]:
    found = [peer for peer in PEERS if _named(peer.name, row.peers)]
    if chosen.peers and not row.ground.emulated:
        return [peer for peer in found if _named(peer.name, chosen.peers)]
    tuned = [peer for peer in found if not chosen.quick or "tuned" in peer.name]
    return tuned or found


def _versions(peers: Iterable[Contestant]) -> dict[str, str]:
    """Each program's, where it is there."""
    able = {one.name.partition(",")[0]: one for one in (OURS, *peers)}
    return {name: programs.version(*one.version()) for name, one in able.items()}


def _named(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, glob) for glob in globs)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
