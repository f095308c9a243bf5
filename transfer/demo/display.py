"""What the demo prints."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from transfer.demo.evidence import Again, Done, Left
from transfer.units import format_size

_WIDTH = 100
"""Columns where there is no terminal to tell."""


class Display:
    """Prints on stdout, in colour where that is a terminal."""

    def __init__(self) -> None:
        console = Console(highlight=False)
        self._console = console if console.is_terminal else Console(highlight=False, width=_WIDTH)

    def say(self, text: str, style: str = "") -> None:
        self._console.print(Text(text), style=style, soft_wrap=True)

    def step(self, text: str) -> None:
        self._console.print()
        self.say(text, "bold")

    def command(self, arguments: Sequence[str]) -> None:
        self.say(f"$ transfer {shlex.join(arguments)}", "cyan")

    def killed(self, when: str, left: Left) -> None:
        there, known = f"{len(left.objects):,} whole objects", f"{left.known_objects:,}"
        if left.parts:
            there, known = f"{there} and {len(left.parts)} parts of another", f"{known} and {left.known_parts}"
        self.say(f"Killed by SIGKILL {when}.", "yellow")
        self.say(f"The server has {there}; the checkpoint knows of {known}. The same command again:")

    def done(self, done: Done, seconds: float) -> None:
        self.say(f"{done.objects:,} objects, {format_size(done.bytes)}: {_ways(done.proofs)}. {seconds:.1f} s")

    def table(self, legs: Mapping[str, tuple[Done, float]]) -> None:
        table = Table(box=box.SIMPLE_HEAD, header_style="bold")
        for heading, width in {"leg": 9, "objects": 7, "bytes": 8, "seconds": 7}.items():
            table.add_column(heading, justify="left" if heading == "leg" else "right", min_width=width)
        table.add_column("how proven")
        table.add_column("sent again")
        for title, (done, seconds) in legs.items():
            table.add_row(
                title,
                f"{done.objects:,}",
                format_size(done.bytes),
                f"{seconds:.1f}",
                _ways(done.proofs, "\n"),
                _resent(done.again),
            )
        self._console.print()
        self._console.print(table)

    def verdict(self, objects: int, problems: Sequence[str]) -> None:
        if not problems:
            self.say(f"All {objects:,} came back the same: bytes, modes, times, links and empty folders.", "bold green")
            return
        self.say("It did not hold:", "bold red")
        for problem in problems:
            self.say(f"  {problem}", "red")


def _ways(proofs: Mapping[str, int], separator: str = ", ") -> str:
    return separator.join(f"{count:,} {way}" for way, count in sorted(proofs.items(), key=lambda item: -item[1]))


def _resent(again: Again | None) -> str:
    if again is None:
        return "not killed"
    return f"{again.objects_again:,} of {again.objects:,} objects\n{_sizes(again)}"


def _sizes(again: Again) -> str:
    return f"{format_size(again.bytes_again)} of {format_size(again.bytes)}"
