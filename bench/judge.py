"""An independent look at what arrived: rclone compares it with the tree it was made from."""

from __future__ import annotations

import subprocess

from bench import programs
from bench.measure import Failed
from bench.rows import Load
from bench.stage import Place, Stage

_LAST_WORDS = 400


def judge(stage: Stage, load: Load, target: Place, *, bytewise: bool) -> None:
    """Raise Failed unless ``target`` has the load's files and nothing else.

    ``bytewise`` compares every byte; else sizes, and MD5s where the target's ETags are such.
    """
    place = f"{target.server}:{target.name}" if target.server else target.name
    flags = ["--download"] if bytewise else []
    command = [*stage.inside, programs.rclone(), "check", "--checkers=32", *flags, stage.tree(load).name, place]
    done = subprocess.run(command, cwd=stage.folder, env=stage.env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"rclone check found differences: {done.stderr[-_LAST_WORDS:].strip()}")
