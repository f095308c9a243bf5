"""What a vault costs here: ``hashes`` of its parts, and a ``journal`` of a million archives."""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from transfer.checksums import digest
from transfer.model import Algorithm
from transfer_glacier.journal import Journal

ARCHIVES = 1_000_000
PART = 64 * 1024**2


def main() -> None:
    """Print the figures of what is named."""
    {"hashes": hashes, "journal": journal}[sys.argv[1]]()


def hashes() -> None:
    """Both of a part, against one SHA-256; and of two parts in two threads, against one after the other."""
    data = os.urandom(PART)

    def both() -> None:
        digest(data, [Algorithm.TREE_SHA256, Algorithm.SHA256])

    def two_at_once() -> None:
        threads = [threading.Thread(target=both) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    alone, together = best(lambda: hashlib.sha256(data).digest()), best(both)
    show("one SHA-256", f"{PART / alone / 1024**2:,.0f} MiB/s")
    show("both", f"{together / alone:.2f} times as long")
    show("in two threads", f"{2 * together / best(two_at_once):.2f} times as fast")


def journal() -> None:
    """Read first, opened again, searched, and listed as a plan does."""
    with tempfile.TemporaryDirectory() as name:
        path, index = Path(name) / "journal", Path(name) / "index"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(map(line, range(ARCHIVES)))
        for what in ("read first", "opened again"):
            began = time.perf_counter()
            opened = Journal(path, index=index)
            assert opened.totals().archives == ARCHIVES
            show(what, f"{time.perf_counter() - began:.1f} s")
        began = time.perf_counter()
        for number in range(0, ARCHIVES, ARCHIVES // 1000):
            assert opened.versions(named(number))
        show("a name found", f"{time.perf_counter() - began:.3f} ms")
        began, after = time.perf_counter(), None
        while page := opened.page("", after, 1000):
            after = page[-1][0]
        show("listed", f"{time.perf_counter() - began:.1f} s")
        show("memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


def line(number: int) -> str:
    """A record of an archive."""
    return (
        f"B\t{1700000000 + number}\tCREATED\t{number:0138}\t{number + 1}\t1600000000\t{number:064x}\t{named(number)}\n"
    )


def named(number: int) -> str:
    """An archive's name."""
    return f"folder/{number % 1000:03}/file {number:07}"


def best(work: Callable[[], object], tries: int = 7) -> float:
    """Seconds, where least was in the way."""
    times: list[float] = []
    for _ in range(tries):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def show(what: str, figure: str) -> None:
    """A line of the results."""
    sys.stdout.write(f"{what:20} {figure}\n")


if __name__ == "__main__":
    main()
