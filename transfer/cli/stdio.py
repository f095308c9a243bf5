"""Bytes from stdin and to stdout, without holding the loop up."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from io import BufferedReader
from typing import cast

import click

from transfer.cli.dropping import drop
from transfer.cli.problems import unwritable
from transfer.errors import TransferError

_CHUNK = 1024 * 1024


async def stdin_chunks() -> AsyncIterator[bytes]:
    """What stdin holds, up to its end. Stops reading at once when cancelled. Raises TransferError."""
    file = cast("BufferedReader", sys.stdin.buffer)
    waits_for = _waiting_descriptor(file)
    while True:
        try:
            if waits_for is None:
                chunk = await asyncio.to_thread(file.read1, _CHUNK)
            else:
                await _readable(waits_for)
                chunk = file.read1(_CHUNK)
        except OSError as error:
            raise TransferError(f"Standard input can't be read: {error.strerror}.") from None
        if not chunk:
            return
        yield chunk


def show(text: str) -> None:
    """Print it for people, now. Raises BrokenPipeError where nobody reads, TransferError where it can't be held."""
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        drop(sys.stdout)
        raise TransferError(unwritable(error)) from None


async def write_stdout(data: bytes | str) -> None:
    """Write all of it, now. Raises BrokenPipeError where nobody reads, TransferError where it can't be held."""
    try:
        await asyncio.to_thread(write_now, data)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise TransferError(unwritable(error)) from None


def write_now(data: bytes | str) -> None:
    """Write all of it to stdout, which may be unbuffered and take only a piece at a time. Raises OSError."""
    left = memoryview(data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data)
    try:
        sys.stdout.flush()
        while left:
            left = left[sys.stdout.buffer.write(left) :]
        sys.stdout.buffer.flush()
    except OSError:
        drop(sys.stdout)
        raise


def _waiting_descriptor(file: BufferedReader) -> int | None:
    """The descriptor of a pipe, socket or terminal: reading may take forever, and the loop can tell when it won't."""
    try:
        descriptor = file.fileno()
    except OSError:
        return None
    mode = os.fstat(descriptor).st_mode
    return descriptor if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor) else None


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
