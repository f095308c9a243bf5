"""The pages under docs/ as programs: their shell sessions are run, and must print what the page says.

In a ``console`` block, lines that begin with ``$`` are commands (one that ends in a backslash goes on in the
next line) and the others what they print, stdout and stderr together. ``…`` stands for anything within a line,
alone in a line for any number of lines. Blank lines, durations and rates are not compared.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
_MARK = "\x1e"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ALIKE = (
    (re.compile(r"\b\d+\.\ds\b|\b\d+m\d\ds\b"), "0.0s"),
    (re.compile(r"[\d.]+ [KMGT]?i?B/s"), "0 B/s"),
    (re.compile(r"request \w+"), "request 0"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:8333"),
)
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a page, and what the page says that it prints."""

    text: str
    printed: str


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of ``docs/page`` in a language, in order."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [code for found, code in _BLOCK.findall(text) if found == language]


def commands(page: str) -> list[Command]:
    """All commands of the page's sessions."""
    return [command for session in blocks(page, "console") for command in _commands(session)]


def _commands(session: str) -> Iterator[Command]:
    for piece in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        lines = piece.splitlines()
        last = next(number for number, line in enumerate(lines) if not line.endswith("\\"))
        yield Command("\n".join(lines[: last + 1]), "\n".join(lines[last + 1 :]))


def run_all(given: Sequence[Command], folder: Path, environment: Mapping[str, str]) -> list[str]:
    """What each prints, one after the other in one shell."""
    script = "".join(f"{command.text}\n__status=$?; printf '{_MARK}'; (exit $__status)\n" for command in given)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_SECONDS,
        check=False,
    )
    printed = done.stdout.decode("utf-8", "backslashreplace").replace(str(folder), "/home/me")
    return printed.split(_MARK)[: len(given)]


def differences(given: Sequence[Command], printed: Sequence[str]) -> list[str]:
    """One text for each command that printed something else than its page says."""
    return [
        f"$ {command.text}\n{text}\n--- but the page says\n{command.printed}"
        for command, text in zip(given, printed, strict=True)
        if not re.fullmatch(_pattern(command.printed), _comparable(text))
    ]


def _pattern(printed: str) -> str:
    lines = _comparable(printed).splitlines(keepends=True)
    return "".join("(?:.*\n)*" if line == "…\n" else re.escape(line).replace("…", ".*") for line in lines)


def _comparable(printed: str) -> str:
    for pattern, one in _ALIKE:
        printed = pattern.sub(one, printed)
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines() if line.strip())
