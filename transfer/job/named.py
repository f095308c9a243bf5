"""Sources that are not listed: ``--files-from``, and a single object."""

from __future__ import annotations

import asyncio
import codecs
import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from transfer.decide import Do, Step
from transfer.errors import Misconfigured
from transfer.options import Options

_RUN = 1000
_BLOCK = 1 << 16


def see_names(origin: tuple[str, ...] | Path | None, *, nul: bool = False) -> None:
    """Raise Misconfigured, before anything is begun, where ``--files-from`` is no file of keys. Blocking.

    What is no plain file can be read only once, and shows what is in it when its turn comes.
    """
    if not isinstance(origin, Path) or str(origin) == "-":
        return
    if not os.access(origin, os.R_OK) or origin.is_dir():
        cause = "is a folder" if origin.is_dir() else "can't be read" if origin.exists() else "is not there"
        raise Misconfigured(f"--files-from: '{origin}' {cause}; name a file of keys, one a line, or - for stdin.")
    if origin.is_file() and not _is_text(origin):
        for _ in _names(origin, nul=nul):  # which raises, and knows where
            pass


def _is_text(file: Path) -> bool:
    """Whether all of it is UTF-8, looked at far faster than name by name."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with file.open("rb") as blocks:
        try:
            while block := blocks.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


async def named_steps(options: Options) -> AsyncGenerator[Sequence[Step], None]:
    """A step for each name in ``--files-from``, in runs, read in a thread. Raises Misconfigured."""
    assert options.files_from is not None
    names = _names(options.files_from, nul=options.files_from_nul)
    try:
        while run := await asyncio.to_thread(_take, names):
            yield [Step(Do.LOOK_UP, name, "named") for name in run]
    finally:
        with suppress(ValueError):  # a thread that nobody waits for any more is still reading
            names.close()


def _take(names: Iterator[str]) -> list[str]:
    run = []
    for name in names:
        run.append(name)
        if len(run) == _RUN:
            break
    return run


def _names(origin: tuple[str, ...] | Path, *, nul: bool) -> Generator[str, None, None]:
    if isinstance(origin, tuple):
        yield from origin
        return
    try:
        with open(0 if str(origin) == "-" else origin, "rb", closefd=str(origin) != "-") as file:
            for number, raw in enumerate(_pieces(file, b"\0" if nul else b"\n"), 1):
                name = raw if nul else raw.rstrip(b"\r")
                if name:
                    yield _decoded(name, f"{'name' if nul else 'line'} {number} of '{origin}'")
    except OSError as error:
        raise Misconfigured(f"--files-from {origin}: {error.strerror}.") from error


def _decoded(name: bytes, where: str) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        shown = name.decode(errors="backslashreplace")
        raise Misconfigured(
            f"--files-from: {where} is not UTF-8: {shown}; rename the file, or take the line out."
        ) from None


def _pieces(file: BinaryIO, separator: bytes) -> Iterator[bytes]:
    rest = b""
    while block := file.read(_BLOCK):
        *whole, rest = (rest + block).split(separator)
        yield from whole
    yield rest


async def only(keys: Iterable[str], to: str | None = None) -> AsyncIterator[Sequence[Step]]:
    """A run of steps for these keys; ``to`` is the target's name for a single one."""
    yield [Step(Do.LOOK_UP, key, "named", to=to) for key in keys]
