"""What the figures were taken on."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.cores import Cores
from transfer.units import format_size

_ROOT = Path(__file__).parent.parent


def facts(cores: Cores) -> Mapping[str, str]:
    """What does not change from row to row: names and values, in the order in which they are printed."""
    return {
        "Processor": f"{os.cpu_count()} cores, {_processor()}",
        "Placement": str(cores),
        "Memory": format_size(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")),
        "Kernel": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}, {_loop()}",
    }


def circumstances() -> Mapping[str, str]:
    """When a row was measured, of which sources, and how busy the machine was before."""
    return {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "load before": load(),
    }


def _loop() -> str:
    try:
        return f"uvloop {version('uvloop')}"
    except PackageNotFoundError:
        return "asyncio's own loop"


def load() -> str:
    """Processes that wanted a processor, over 1, 5 and 15 minutes."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    """Of the source tree; marked when files that belong to the tool differ from it."""
    try:
        return _git("rev-parse", "--short", "HEAD") + (
            " and changes" if _git("status", "--porcelain", "transfer", "plugins") else ""
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, check=True, text=True).stdout.strip()
