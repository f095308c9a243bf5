"""Sources that are not listed: ``--files-from``, and a single object."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from transfer.decide import Do, Step
from transfer.errors import Misconfigured
from transfer.options import Options

_RUN = 1000


def see_names(origin: tuple[str, ...] | Path | None) -> None:
    """Raise Misconfigured, before anything is begun, where ``--files-from`` is no file to read. Blocking."""
    if not isinstance(origin, Path) or str(origin) == "-":
        return
    if not os.access(origin, os.R_OK) or origin.is_dir():
        cause = "is a folder" if origin.is_dir() else "can't be read" if origin.exists() else "is not there"
        raise Misconfigured(f"--files-from: '{origin}' {cause}; name a file of keys, one a line, or - for stdin.")


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
            for raw in _pieces(file, b"\0" if nul else b"\n"):
                name = raw if nul else raw.rstrip(b"\r")
                if name:
                    yield name.decode()
    except OSError as error:
        raise Misconfigured(f"--files-from {origin}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Misconfigured(f"--files-from {origin} holds a name that is not UTF-8: {error.object!r}.") from error


def _pieces(file: BinaryIO, separator: bytes) -> Iterator[bytes]:
    rest = b""
    while block := file.read(1 << 16):
        *whole, rest = (rest + block).split(separator)
        yield from whole
    yield rest


async def only(keys: Iterable[str], to: str | None = None) -> AsyncIterator[Sequence[Step]]:
    """A run of steps for these keys; ``to`` is the target's name for a single one."""
    yield [Step(Do.LOOK_UP, key, "named", to=to) for key in keys]
