"""Makes two network namespaces and lays the link between them; all of it is gone afterwards."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.excuses import Unavailable
from bench.ground import Link
from transfer.testing.processes import NotStarted, running

_SOURCE = Path(__file__).with_name("wanlink.c")
_NAMESPACES = Path("/run/netns")
_ALLOWED = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")
_CLIENT, _SERVER = "10.77.0.1", "10.77.0.2"
_QUEUE_KIB = 4096
_UP = "wanlink: up"


@dataclass(frozen=True, slots=True)
class Ends:
    """What goes ahead of a command line to run it at either end, and the server's address."""

    client: Sequence[str]
    server: Sequence[str]
    address: str = _SERVER


@contextlib.contextmanager
def linked(link: Link, folder: Path) -> Iterator[Ends]:
    """Lay the link, with a log in ``folder``. Raises Unavailable where that can't be done."""
    _refuse_unable()
    _remove_orphans()
    with ExitStack() as stack:
        names = [stack.enter_context(_namespace(f"bench-{os.getpid()}-{end}")) for end in "ab"]
        stack.enter_context(_allowed(link.control))
        for name in names:
            _run("ip", "netns", "exec", name, "sysctl", "-qw", f"net.ipv4.tcp_congestion_control={link.control}")
        command = [str(_compiled(folder)), names[0], _CLIENT, names[1], _SERVER, *_figures(link)]
        log = folder / "log"
        try:
            up = running(lambda _: command, lambda _: _UP in log.read_text(), ports=0, folder=folder, env={})
            stack.enter_context(up)
        except NotStarted as error:
            raise Unavailable(f"the link did not come up: {error}") from error
        client, server = (("ip", "netns", "exec", name) for name in names)
        yield Ends(client, server)


def _figures(link: Link) -> Sequence[str]:
    """One-way delay, rate, loss and the queue's size, as the program wants them."""
    return [f"{link.rtt_ms / 2:g}", f"{link.rate_mbit:g}", f"{link.loss_percent:g}", str(_QUEUE_KIB)]


def _refuse_unable() -> None:
    if os.geteuid() != 0:
        raise Unavailable("network namespaces need root")
    for program in ("ip", "cc", "sysctl"):
        if shutil.which(program) is None:
            raise Unavailable(f"'{program}' is not installed")
    if not os.path.exists("/dev/net/tun"):
        raise Unavailable("there is no /dev/net/tun")


def _remove_orphans() -> None:
    """Namespaces of benches that were killed."""
    for name in os.listdir(_NAMESPACES) if _NAMESPACES.exists() else ():
        found = re.fullmatch(r"bench-(\d+)-[ab]", name)
        if found and not os.path.exists(f"/proc/{found[1]}"):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@contextlib.contextmanager
def _namespace(name: str) -> Iterator[str]:
    _run("ip", "netns", "add", name)
    try:
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@contextlib.contextmanager
def _allowed(control: str) -> Iterator[None]:
    """A namespace may only choose what the machine allows to everyone; afterwards that is as it was."""
    before = _ALLOWED.read_text().split()
    if control in before:
        yield
        return
    try:
        _ALLOWED.write_text(" ".join((*before, control)))
    except OSError:
        raise Unavailable(f"this kernel does not have the congestion control {control}") from None
    try:
        yield
    finally:
        _ALLOWED.write_text(" ".join(before))


def _compiled(folder: Path) -> Path:
    program = folder / "wanlink"
    _run("cc", "-O2", "-o", str(program), str(_SOURCE))
    return program


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"{' '.join(command)} failed: {done.stderr.strip()}")
