"""How many connections a process is sending on: its parts in flight."""

from __future__ import annotations

from pathlib import Path

_ESTABLISHED = "01"


def busy(pid: int, port: int) -> int:
    """Connections to ``port``, in the network namespace of the process, that hold bytes not yet acknowledged."""
    try:
        lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    except OSError:
        return 0
    return sum(_sends(line, port) for line in lines)


def _sends(line: str, port: int) -> bool:
    """Whether a line of the kernel's table is such a connection: ``sl local remote state sending:receiving …``"""
    _, _, remote, state, queues, *_ = line.split()
    sending = int(queues.partition(":")[0], 16)
    return state == _ESTABLISHED and int(remote.rpartition(":")[2], 16) == port and sending > 0
