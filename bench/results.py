"""The results as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.contestants import OURS, PEERS
from bench.figures import FIGURES, Duel
from bench.gaps import gap
from bench.measure import MIB
from bench.records import Record
from bench.rows import Row
from bench.targets import Verdict

_HEADINGS = ("against", "wall s", "theirs", "ratio", "CPU s", "theirs", "ratio", "peak MiB", "theirs", "ratio", "lost")
GIB = 1024 * MIB
_UNITS = {"wall": 1.0, "CPU": 1.0, "memory": float(MIB)}
_READING = """\
Each line of a row is a duel: ours, theirs, ours, theirs …, every run into an empty bucket or folder, after one
warm-up each (not over links). The figures are medians; a ratio is the median of ours divided by theirs, pair by pair,
so below 1 is better for us, and what is above 1 is named as lost. CPU is user and system time of the client's
processes, memory the most that they had resident. After every run `rclone check` compared what had arrived, byte by
byte (`--download`) in each duel's first pair and for all large objects; emulators tell the MD5s of what they got.
A peer that was ended at a limit has `>` before its time.
"""


def render(records: Mapping[str, Record], rows: Iterable[Row]) -> str:
    """The whole page: all rows that were measured, in the order of ``rows``, and which were not."""
    chosen = list(rows)
    measured = [(row, records[row.name]) for row in chosen if row.name in records]
    missing = [row for row in chosen if row.name not in records and not row.asked]
    return "\n".join(_lines(measured, missing)) + "\n"


def _lines(measured: Sequence[tuple[Row, Record]], missing: Sequence[Row]) -> Iterator[str]:
    yield from ("# Results", "", _READING)
    yield from _targets(measured, missing)
    yield from _machines([record for _, record in measured])
    for row, record in measured:
        yield from _section(row, record)
    yield from _lost(measured)
    yield from _notes([record for _, record in measured])


def _targets(measured: Sequence[tuple[Row, Record]], missing: Sequence[Row]) -> Iterator[str]:
    yield from ("## Targets", "", "| row | target | found | |", "| --- | --- | --- | --- |")
    verdicts = [(row, target.judge(record.duels)) for row, record in measured for target in row.targets]
    for row, verdict in verdicts:
        yield _line([str(row), verdict.wanted, verdict.found or "not measured", _word(verdict)])
    for row in missing:
        yield _line([str(row), "", "not run", ""])
    met = sum(verdict.met for _, verdict in verdicts)
    yield f"\n{met} of {len(verdicts)} targets are met.\n"


def _word(verdict: Verdict) -> str:
    if verdict.found is None:
        return ""
    return "met" if verdict.met else f"**missed by {verdict.short:.0%}**"


def _machines(records: Sequence[Record]) -> Iterator[str]:
    """What is the same for all rows, as it should be; else all that was found."""
    yield from ("## Machine and versions", "")
    found: dict[str, dict[str, None]] = {}
    for record in records:
        for name, value in {**record.facts, **record.versions}.items():
            found.setdefault(name, {})[value] = None
    yield from (f"- {name}: {'; or '.join(values)}" for name, values in found.items())
    yield ""


def _section(row: Row, record: Record) -> Iterator[str]:
    yield from (f"## {row}", "", f"`{row.name}`: {', '.join(map(' '.join, record.circumstances.items()))}", "")
    yield from (f"{remark}\n" for remark in record.remarks)
    verdicts = [target.judge(record.duels) for target in row.targets]
    yield from (f"- {verdict}" for verdict in verdicts)
    yield ""
    known = gap(row.name)
    if known is not None and any(verdict.found is not None and not verdict.met for verdict in verdicts):
        yield f"{known}\n"
    yield _line(_HEADINGS)
    yield _line(["---", *["---:"] * (len(_HEADINGS) - 2), "---"])
    yield from (_line([duel.peer or "(alone)", *_cells(duel)]) for duel in record.duels)
    yield from ("", *_spread(record.duels), *_unit_costs(row, record.duels), "```", *record.commands, "```", "")


def _cells(duel: Duel) -> Iterator[str]:
    if duel.excuse:
        yield from [*[""] * (len(_HEADINGS) - 2), _one_line(duel.excuse)]
        return
    for figure, unit in _UNITS.items():
        digits = 2 if unit == 1 else 0
        yield f"{duel.our(figure) / unit:.{digits}f}"
        if duel.theirs:
            yield f"{'> ' * (duel.cut and figure == 'wall')}{duel.their(figure) / unit:.{digits}f}"
            yield f"{'< ' * (duel.cut and figure == 'wall')}{duel.ratio(figure):.2f}"
        else:
            yield from ("", "")
    yield ", ".join(duel.lost)


def _spread(duels: Sequence[Duel]) -> Iterator[str]:
    samples = [sample for duel in duels for sample in duel.ours]
    if samples:
        spans = {name: sorted(take(sample) / _UNITS[name] for sample in samples) for name, take in FIGURES.items()}
        told = (f"{name} {values[0]:.3g} to {values[-1]:.3g}" for name, values in spans.items())
        yield f"All our runs, {len(samples)}: {', '.join(told)}.\n"


def _unit_costs(row: Row, duels: Sequence[Duel]) -> Iterator[str]:
    """What a GiB, or an object, costs; of rows with emulators, whose loads others do not have."""
    load = row.load
    if load is None or not row.ground.emulated:
        return
    unit, per = ("s a GiB", load.bytes / GIB) if load.large else ("ms an object", load.count / 1000)
    for duel in duels:
        if duel.theirs:
            ours, theirs = duel.our("CPU") / per, duel.their("CPU") / per
            yield f"CPU of the client: {ours:.3g} {unit}, {theirs:.3g} {unit} with {duel.peer}.\n"


def _lost(measured: Sequence[tuple[Row, Record]]) -> Iterator[str]:
    yield from ("## Lost", "")
    contested = [(row, duel) for row, record in measured for duel in record.duels if duel.theirs]
    for row, duel in contested:
        ratios = [f"{figure} {duel.ratio(figure):.2f} times theirs" for figure in duel.lost]
        if ratios:
            yield f"- {row}, against {duel.peer}: {', '.join(ratios)}"
    counts = ", ".join(f"{figure} {sum(figure in duel.lost for _, duel in contested)}" for figure in FIGURES)
    yield f"\nOf {len(contested)} duels lost: {counts}.\n"


def _notes(records: Sequence[Record]) -> Iterator[str]:
    yield from ("## What each of them proves", "")
    seen = {OURS.name, *(duel.peer for record in records for duel in record.duels)}
    notes: dict[str, str] = {}
    for one in (OURS, *PEERS):
        if one.name in seen:
            notes.setdefault(one.proves, one.name.removesuffix(", tuned"))
    yield from (f"- **{name}**: {proves}" for proves, name in notes.items())
    yield ""
    yield "Addresses and credentials come from `transfer.toml`, from `RCLONE_CONFIG_…` and from `AWS_…`; over TLS the"
    yield "servers' certificate from `ca_bundle` there, from `RCLONE_CA_CERT` and `AWS_CA_BUNDLE`."


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
