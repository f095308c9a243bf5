"""An independent look at what arrived: rclone compares it with the tree it was made from.

An emulator tells by itself what it got; not all of them speak what rclone does.
"""

from __future__ import annotations

import hashlib
import subprocess

from bench import emulators, programs
from bench.measure import Failed
from bench.rows import Load
from bench.stage import Place, Stage

_LAST_WORDS = 400


def judge(stage: Stage, load: Load, target: Place, *, bytewise: bool) -> None:
    """Raise Failed unless ``target`` has the load's files and nothing else.

    ``bytewise`` compares every byte; else sizes, and MD5s where the target's ETags are such.
    """
    if stage.emulated and target.server:
        _compare(stage, load, target)
        return
    place = f"{target.server}:{target.name}" if target.server else target.name
    flags = ["--download"] if bytewise else []
    command = [*stage.inside, programs.rclone(), "check", "--checkers=32", *flags, stage.tree(load).name, place]
    done = subprocess.run(command, cwd=stage.folder, env=stage.env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"rclone check found differences: {done.stderr[-_LAST_WORDS:].strip()}")


def _compare(stage: Stage, load: Load, target: Place) -> None:
    """By the MD5s that the emulator computed of the bytes that it got."""
    found, root = emulators.held(target.endpoint, target.name), stage.folder / stage.tree(load).name
    names = {name for name, _ in load.files()}
    wrong = names ^ found.keys()
    for name in names & found.keys():
        with (root / name).open("rb") as file:
            if hashlib.file_digest(file, "md5").hexdigest() != found[name]:
                wrong.add(name)
    if wrong:
        raise Failed(f"{len(wrong)} of {load.count} objects are missing or differ, '{min(wrong)}' among them")
