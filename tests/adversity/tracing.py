"""Runs a command under strace, and reads the trace as calls with a beginning and an end."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_CALLS = (
    *("write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "fchmod", "utimensat"),
    *("rename", "renameat", "renameat2", "link", "linkat", "symlinkat", "unlinkat", "mkdir", "mkdirat"),
    *("sendto", "sendmsg", "recvfrom", "read"),  # uvloop writes to sockets, and reads
)
_SHOWN = 4200
"""Bytes of each buffer: a whole page of the checkpoint."""
_BEGINS = re.compile(r"(\d+) +(\w+)\((.*)")
_RESUMES = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)")
_RESULT = re.compile(r"\) += (-?\d+)(?: \w+ \(.*\))?$")
_UNFINISHED = " <unfinished ...>"
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_FILE = re.compile(r"(?:\d+|AT_FDCWD)<((?:[^>\\]|\\.)*)>")
_FRAME_HEADER = 24
_PAGE = 4096


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that succeeded. ``begins`` and ``ends`` count lines of the trace.

    ``file`` is the path of the first descriptor; ``texts`` are the buffers and names.
    """

    name: str
    begins: int
    ends: int
    file: str
    texts: tuple[bytes, ...]
    descriptor: str

    @property
    def data(self) -> bytes:
        return b"".join(self.texts)


class Trace:
    """The calls of one run, in the order in which they began."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.calls = tuple(sorted(_calls(lines), key=lambda call: call.begins))

    def of(self, *names: str, where: Callable[[Call], bool] = lambda call: True) -> list[Call]:
        return [call for call in self.calls if call.name in names and where(call)]

    def first(self, *names: str, where: Callable[[Call], bool]) -> Call:
        """The first such call. Raises AssertionError if there was none."""
        found = self.of(*names, where=where)
        assert found, f"no {' or '.join(names)} in the trace is what was looked for"
        return found[0]

    def first_after(self, call: Call, *names: str, where: Callable[[Call], bool]) -> Call:
        """The first such call that began when ``call`` had ended."""
        return self.first(*names, where=lambda later: later.begins > call.ends and where(later))

    def written(self, page: int, text: bytes, times: int = 1) -> Call:
        """The first write of a page of the checkpoint, by its number, that holds ``text`` so many times."""
        for header, body in pairwise(
            self.of("pwrite64", "write", where=lambda call: call.file.endswith(".sqlite-wal"))
        ):
            frame = len(header.data) == _FRAME_HEADER and len(body.data) == _PAGE
            if frame and int.from_bytes(header.data[:4], "big") == page and body.data.count(text) >= times:
                return header
        raise AssertionError(f"page {page} with {text!r} was never written to the checkpoint")

    def committed(self, page: int, text: bytes, times: int = 1) -> Call:
        """The fdatasync that made the first such page durable."""
        written = self.written(page, text, times)
        return self.first_after(written, "fdatasync", where=lambda call: call.file.endswith(".sqlite-wal"))


def why_not() -> str | None:
    """Why nothing can be traced here, if so."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return f"strace does not work here: {tried.stderr.strip()}" if tried.returncode else None


def traced(folder: Path, environment: Mapping[str, str], *arguments: str) -> Trace:
    """Run ``transfer`` with these arguments and see it succeed."""
    file = folder / "trace"
    strace = ["strace", "-f", "--seccomp-bpf", "-y", "-s", str(_SHOWN), "-e", f"trace={','.join(_CALLS)}"]
    command = [*strace, "-o", str(file), sys.executable, "-P", "-m", "transfer", *arguments]
    ran = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    return Trace(file.read_text(encoding="latin-1").splitlines())


def _calls(lines: Sequence[str]) -> Iterator[Call]:
    pending: dict[tuple[str, str], tuple[int, str]] = {}
    for number, line in enumerate(lines):
        if match := _RESUMES.match(line):
            process, name, rest = match.groups()
            begins, start = pending.pop((process, name))
            yield from _call(name, begins, number, start + rest)
        elif match := _BEGINS.match(line):
            process, name, rest = match.groups()
            if rest.endswith(_UNFINISHED):
                pending[process, name] = (number, rest.removesuffix(_UNFINISHED))
            else:
                yield from _call(name, number, number, rest)


def _call(name: str, begins: int, ends: int, text: str) -> Iterator[Call]:
    result = _RESULT.search(text)
    if result is None or int(result[1]) < 0:
        return
    file = _FILE.match(text)
    path = _bytes(file[1]).decode() if file else ""
    yield Call(name, begins, ends, path, tuple(map(_bytes, _TEXT.findall(text))), text.partition(",")[0])


def _bytes(escaped: str) -> bytes:
    """What strace wrote as the inside of a C string."""
    text: bytes = ast.literal_eval(f'b"{escaped}"')
    return text
