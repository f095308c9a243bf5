"""The bench measures what it says, and hides no defeat."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))  # the bench is not installed; what is comes first

from bench import gaps, records
from bench.cores import divided
from bench.figures import Duel
from bench.gaps import gap
from bench.measure import MIB, Failed, Sample, measure
from bench.records import Record
from bench.results import render
from bench.rows import Row, rows
from bench.sockets import busy
from bench.targets import Most, Ratio, Share

_ROW = rows(quick=True)[0]
_CORES = os.sched_getaffinity(0)
_SECOND = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
_HUNDRED_MIB = "import time\nheld = bytearray(b'x') * 100_000_000\ntime.sleep(0.2)\n"


def run(code: str, folder: Path, *, limit: float = 60.0, may_be_cut: bool = False) -> Sample:
    command = [sys.executable, "-S", "-c", code]
    env = dict(os.environ)
    return measure(command, folder=folder, env=env, limit=limit, cores=_CORES, may_be_cut=may_be_cut)


def duel(peer: str, *pairs: tuple[Sample, Sample]) -> Duel:
    return Duel(peer, [ours for ours, _ in pairs], [theirs for _, theirs in pairs])


def record(row: Row, duels: Sequence[Duel]) -> Record:
    return Record(row.name, duels, ["a command"], {"Kernel": "x"}, {"date": "today"}, {"peer": "1.0"}, ["busy"])


def page(row: Row, *duels: Duel) -> str:
    return render({row.name: record(row, duels)}, [row])


def test_cpu_of_children_counts(tmp_path: Path) -> None:
    """A process that leaves its work to another one gains nothing by it."""
    sample = run(f"import subprocess, sys\nsubprocess.run([sys.executable, '-S', '-c', {_SECOND!r}])", tmp_path)
    assert 0.3 <= sample.cpu <= sample.wall + 0.2


def test_memory_is_the_clients_own(tmp_path: Path) -> None:
    """The peak is that of the process measured, not that of whoever started it."""
    ballast = bytearray(b"x") * (300 * MIB)
    small, large = run("import time; time.sleep(0.2)", tmp_path), run(_HUNDRED_MIB, tmp_path)
    assert len(ballast) > small.memory > 0
    assert 95 * MIB < large.memory - small.memory < 110 * MIB


def test_failed_runs_are_no_figures(tmp_path: Path) -> None:
    """A run that ends with an error, or not at all, raises with its last words."""
    with pytest.raises(Failed, match="status 3: no such bucket"):
        run("import sys; print('no such bucket'); sys.exit(3)", tmp_path)
    with pytest.raises(Failed, match="too long"):
        run("import time; time.sleep(60)", tmp_path, limit=0.1)


def test_slow_peers_are_cut(tmp_path: Path) -> None:
    """One that may be ended at a limit is known to have been, and its time is printed as a bound."""
    sample = run("import time; time.sleep(60)", tmp_path, limit=0.2, may_be_cut=True)
    assert sample.cut
    assert 0.2 <= sample.wall < 30
    text = page(_ROW, duel("peer", (Sample(1.0, 1.0, MIB), Sample(150.0, 2.0, MIB, cut=True))))
    assert "| peer | 1.00 | > 150.00 | < 0.01 | 1.00 | 2.00 | 0.50 |" in text


def test_clients_run_where_they_are_put(tmp_path: Path) -> None:
    """A client runs on its cores, and the bench itself goes on with all."""
    one = {min(_CORES)}
    code = f"import os, sys; sys.exit(os.sched_getaffinity(0) != {one})"
    measure([sys.executable, "-c", code], folder=tmp_path, env={}, limit=60, cores=one)
    assert os.sched_getaffinity(0) == _CORES


def test_cores_are_divided() -> None:
    """Servers have the last core and clients the others; where there is but one, that is said."""
    assert (divided({0, 1, 2}).servers, divided({0, 1, 2}).clients) == ({2}, {0, 1})
    assert str(divided({0, 1})) == "servers on core 1, clients on 0"
    assert "share one core" in str(divided({5}))


def test_ratios_are_taken_pair_by_pair() -> None:
    """One slow moment of the machine, which meets both of a pair, does not decide a row."""
    quick, slow = Sample(1.0, 1.0, MIB), Sample(9.0, 9.0, MIB)
    half = Sample(2.0, 0.5, MIB)
    fought = duel("peer", (quick, half), (slow, Sample(18.0, 4.5, MIB)), (quick, half))
    assert (fought.ratio("wall"), fought.ratio("CPU"), fought.ratio("memory")) == (0.5, 2.0, 1.0)
    assert fought.lost == ["CPU"]


def test_the_better_peer_counts() -> None:
    """A target is met only if the hardest of the peers that it names is beaten by as much."""
    ours = Sample(1.0, 1.0, MIB)
    duels = [duel("rclone", (ours, Sample(4.0, 4.0, MIB))), duel("s5cmd", (ours, Sample(2.0, 1.25, MIB)))]
    verdict = Ratio("CPU", 0.6).judge(duels)
    assert str(verdict) == "CPU <= 0.6 of the better peer: 0.80 (s5cmd), **missed by 33%**"
    assert Ratio("CPU", 0.6, "rclone*").judge(duels).met
    assert not Ratio("CPU", 0.6, "curl").judge(duels).met
    assert str(Ratio("CPU", 0.6, "curl").judge(duels)) == "CPU <= 0.6 of curl: not measured"


def test_bounds_are_of_all_our_runs() -> None:
    """An absolute bound holds for the median of our runs, whoever ran beside."""
    duels = [Duel("", [Sample(1.0, 1.0, 100 * MIB)] * 2), duel("a", (Sample(9.0, 9.0, 300 * MIB), Sample(1, 1, 1)))]
    assert Most("memory", 120 * MIB).judge(duels).met
    assert str(Most("wall", 0.5).judge(duels)) == "wall <= 0.5 s: 1.00 s, **missed by 100%**"


def test_shares_of_a_link() -> None:
    """The share of a link counts bytes by the clock; with lanes, only what so many connections could carry."""
    ours = [Sample(10.0, 1.0, MIB, moved=800, lanes=4) for _ in range(5)]
    duels = [Duel("", ours), duel("one", (ours[0], Sample(2.0, 0.1, MIB, moved=50)))]
    assert str(Share(0.85, 100.0).judge(duels)) == (">= 85% of the link: 80% (80% to 80% in 6 runs), **missed by 6%**")
    capped = Share(0.8, 1000.0, lanes="one").judge(duels)
    assert capped.met
    assert "80% (80% to 80%" in str(capped)
    assert Share(0.8, 1000.0, lanes="other").judge(duels).found is None


def test_defeats_and_excuses_are_printed() -> None:
    """Each lost figure is named in its row and in the list; a peer that can't says so, and so does a failure."""
    lost = duel("peer", (Sample(2.0, 3.0, MIB), Sample(1.0, 1.0, 2 * MIB)))
    text = page(_ROW, lost, Duel("other", excuse="can't: one endpoint"))
    assert "| peer | 2.00 | 1.00 | 2.00 | 3.00 | 1.00 | 3.00 | 1 | 2 | 0.50 | wall, CPU |" in text
    assert f"- {_ROW}, against peer: wall 2.00 times theirs, CPU 3.00 times theirs" in text
    assert "can't: one endpoint |" in text
    assert "Of 1 duels lost: wall 1, CPU 1, memory 0." in text
    assert "of rclone | not measured |" in text


def test_rows_not_run_are_named() -> None:
    """No row is left out of the page because nobody measured it."""
    missing = [row for row in rows() if not row.asked]
    text = render({}, rows())
    assert all(f"| {row} |  | not run |  |" in text for row in missing)
    assert {row.number for row in rows()} == {*map(str, range(1, 15)), "9b"}


def test_a_missed_row_tells_what_is_known_of_it() -> None:
    """Where its time goes stands beside what it misses, and only there; each text is some row's."""
    row = next(row for row in rows() if row.name == "curl")
    slow, quick = Sample(1.0, 3.0, MIB), Sample(1.0, 1.0, MIB)
    known = gap("curl")
    assert known is not None
    assert known in page(row, duel("curl", (slow, quick)))
    assert known not in page(row, duel("curl", (quick, slow)))
    texts = {path.stem for path in Path(gaps.__file__).parent.glob("*.md")}
    assert texts <= {row.name for row in rows()}


def test_a_mixed_load_has_one_large_file_in_its_midst() -> None:
    """Its files make up its bytes, and the large one is neither the first nor the last by name."""
    load = next(row.load for row in rows() if row.name == "mixed")
    assert load is not None
    files = list(load.files())
    assert sum(size for _, size in files) == load.bytes
    place = sorted(name for name, _ in files).index(max(files, key=lambda file: file[1])[0])
    assert len(files) * 0.4 < place < len(files) * 0.6


def test_measurements_can_be_put_together(tmp_path: Path) -> None:
    """Rows measured at different times are read back as they were, into one page."""
    sides = (Sample(1.0, 2.0, MIB, 5, 3.0), Sample(3.0, 4.0, MIB, cut=True))
    kept = {row.name: record(row, [duel("rclone", sides), Duel("x", [], [], "can't")]) for row in rows()[:2]}
    for one in kept.values():
        records.save(one, tmp_path)
    assert records.load(tmp_path) == kept
    assert render(records.load(tmp_path), rows()) == render(kept, rows())


def test_connections_with_bytes_to_send_are_counted() -> None:
    """A part in flight is a connection to the server whose bytes are not yet acknowledged."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client, server.accept()[0]:
            assert busy(os.getpid(), port) == 0
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while client.send(bytes(MIB)):
                    pass
            assert busy(os.getpid(), port) == 1
