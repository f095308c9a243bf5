"""Starts and ends the processes of workers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress

from transfer.errors import TransferError
from transfer.processes.channel import Channel

_BEGIN = "import sys; sys.path[:] = sys.argv[2:]; from transfer.processes.worker import main; main(int(sys.argv[1]))"
"""Modules are to be found where they are found here, however this process was started."""
_PATIENCE = 1.0
"""Seconds that a process has for its end once it has closed its channel."""


async def start(folder: str | None) -> tuple[subprocess.Popen[bytes], Channel]:
    """A worker's process, working in ``folder``, and our end of its channel. Raises TransferError.

    Not in a thread, where a cancellation would leave it behind: it takes a millisecond or two.
    """
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            process = _run(theirs.fileno(), folder)
    except OSError as error:
        ours.close()
        raise TransferError(f"No worker process can be started: {error.strerror}.") from error
    try:
        return process, await Channel.over(ours)
    except BaseException:
        ours.close()
        process.kill()
        process.wait()
        raise


def _run(descriptor: int, folder: str | None) -> subprocess.Popen[bytes]:
    """In a session of its own: the Ctrl-C of a terminal is its crew's alone."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", _BEGIN, str(descriptor), *sys.path],
        pass_fds=(descriptor,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,
    )


def here() -> str | None:
    """The current folder, in which a worker started later has to work too; None where it is gone."""
    with suppress(OSError):
        return os.getcwd()
    return None


async def reap(process: subprocess.Popen[bytes]) -> str:
    """Wait for a process that is about to end, and see that it does. Returns how it ended, in words."""
    try:
        status = await asyncio.to_thread(process.wait, _PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        status = await asyncio.to_thread(process.wait)
    if status >= 0:
        return f"ended with exit status {status}"
    return f"was killed ({signal.Signals(-status).name})"
