"""The limit on open files, as it bounds what is done at once."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from transfer.descriptors import calls_within_limit


@pytest.mark.parametrize(
    ("allowed", "calls"),
    [(20, 1), (64, 4), (256, 28), (1024, 64), (1 << 20, 64), (resource.RLIM_INFINITY, 64)],
)
def test_calls_fit_the_limit(monkeypatch: pytest.MonkeyPatch, allowed: int, calls: int) -> None:
    """As many as are wanted where the limit is the usual one, fewer below, one at least."""
    monkeypatch.setattr(resource, "getrlimit", lambda which: (allowed, allowed))
    assert calls_within_limit(64) == calls


def test_the_command_takes_what_it_may() -> None:
    """The soft limit becomes the hard one."""
    code = """if True:
        import resource, transfer.descriptors
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 200))
        transfer.descriptors.raise_limit()
        print(resource.getrlimit(resource.RLIMIT_NOFILE))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "(200, 200)\n"
