"""Who moves it, with which flags, and what each of them proves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench import programs
from bench.rows import MIB, Load, Move, Row, Same, Version, Way
from bench.stage import Place

Command = list[str]


@dataclass(frozen=True, slots=True)
class Task:
    """One run. ``fresh`` is a name that no other run has."""

    row: Row
    source: Place
    target: Place
    load: Load | None
    fresh: str


@dataclass(frozen=True, slots=True)
class Contestant:
    """``commands`` spells a run, one command after the other; ``version`` is a command whose first line tells it.

    One with a ``load`` or a ``way`` of its own moves that, or that way, instead of the row's.
    """

    name: str
    commands: Callable[[Task], Sequence[Command]]
    version: Callable[[], Command]
    proves: str
    cannot: Callable[[Row], str | None] = lambda _: None
    """Why it has no part in a row; None where it does."""
    load: Load | None = None
    way: Way | None = None


def _ours(task: Task) -> Sequence[Command]:
    if isinstance(task.row.work, Version):
        return [[programs.ours(), "--version"]]
    before = ["env", "TRANSFER_LOOP=asyncio"] if task.row.stock_loop else []
    flags: Command = []
    if isinstance(task.row.work, Move) and task.row.work.way.between:
        flags = ["--no-server-copy"]
    if isinstance(task.row.work, Same) and task.row.work.first:
        flags = [f"--checkpoint={task.fresh}.checkpoint"]
    return [[*before, programs.ours(), "sync", _remote(task.source, "://"), _remote(task.target, "://"), *flags]]


def _ours_tenth(task: Task) -> Sequence[Command]:
    """The same with a tenth of the objects."""
    assert isinstance(task.row.work, Same)
    many, few = (f"-{count}-" for count in (task.row.work.count, task.row.work.count // 10))
    places = [replace(place, name=place.name.replace(many, few)) for place in (task.source, task.target)]
    return _ours(replace(task, source=places[0], target=places[1]))


def _rclone(task: Task) -> Sequence[Command]:
    if isinstance(task.row.work, Version):
        return [[programs.rclone(), "version"]]
    verb = "copy" if isinstance(task.row.work, Move) else "sync"
    return [[programs.rclone(), verb, _remote(task.source, ":"), _remote(task.target, ":")]]


def _rclone_tuned(task: Task) -> Sequence[Command]:
    flags = ["--transfers=32", "--checkers=64", "--fast-list"]
    work = task.row.work
    if isinstance(work, Version):
        return _rclone(task)
    if isinstance(work, Same):
        flags.append("--checksum")
    elif work.way is not Way.DOWN:
        flags += ["--s3-no-check-bucket", "--s3-no-head"]
        if work.load.large:
            flags += ["--s3-upload-cutoff=16M", "--s3-chunk-size=16M", "--s3-upload-concurrency=8"]
            flags += ["--s3-disable-checksum"]
    if isinstance(work, Move) and work.way is not Way.UP and work.load.large:
        flags += ["--multi-thread-cutoff=16M", "--multi-thread-chunk-size=16M", "--multi-thread-streams=8"]
    return [[*_rclone(task)[0], *flags]]


def _s5cmd(task: Task) -> Sequence[Command]:
    return _s5cmd_with([], [], task)


def _s5cmd_tuned(task: Task) -> Sequence[Command]:
    large = task.load is not None and task.load.large
    return _s5cmd_with(["--numworkers=64"], ["--concurrency=8", "--part-size=16"] if large else [], task)


def _s5cmd_with(before: Command, behind: Command, task: Task) -> Sequence[Command]:
    if isinstance(task.row.work, Version):
        return [[programs.s5cmd(), "version"]]
    source, target = task.source, task.target
    verb = "cp" if isinstance(task.row.work, Move) else "sync"
    places = [f"s3://{source.name}/*" if source.server else f"{source.name}/"]
    places.append(f"s3://{target.name}/" if target.server else f"{target.name}/")
    endpoint = f"--endpoint-url={source.endpoint or target.endpoint}"
    return [[programs.s5cmd(), endpoint, *before, verb, *behind, *places]]


def _curl(task: Task) -> Sequence[Command]:
    """Down and up, one file after the other over one connection; the bytes that go up are the tree's."""
    assert task.load is not None
    down: Command = []
    for name, _ in task.load.files():
        down += ["-o", "/dev/null", f"{task.source.endpoint}/{task.source.name}/{name}"]
    return [_curl_with(down), *_curl_up(task)]


def _curl_up(task: Task) -> Sequence[Command]:
    assert task.load is not None
    up: Command = []
    for name, _ in task.load.files():
        up += ["-T", f"tree-{task.load.name}/{name}", f"{task.target.endpoint}/{task.target.name}/{name}"]
    return [_curl_with(up)]


def _curl_with(arguments: Command) -> Command:
    return ["curl", "--silent", "--show-error", "--fail", *arguments]


def _remote(place: Place, separator: str) -> str:
    return f"{place.server}{separator}{place.name}" if place.server else place.name


def _one_endpoint(row: Row) -> str | None:
    across = isinstance(row.work, Move) and row.work.way is Way.ACROSS
    return "can't: it speaks to one endpoint in a run" if across else None


def _no_curl(_: Row) -> str | None:
    return "curl is not installed" if shutil.which("curl") is None else None


_RCLONE_PROVES = (
    "Up and across, an MD5 ahead of each object or part, which the server checks; a small object's ETag is compared "
    "with it too. Down, the ETag's MD5 where it is one; of a large object that was sent in parts the size alone. "
    "Keeps mtime. Lists both sides. A file gets its name when it is whole; no fsync. "
    "Tuned, it does not read a large file once more for an MD5 of the whole (`--s3-disable-checksum`) and does not ask "
    "again how an upload looks (`--s3-no-head`); what is proven of the bytes stays the same. Where there is nothing to "
    "do, tuned it compares size and ETag from the listings (`--checksum`), by default size and the mtime that it "
    "keeps in the metadata, for which it asks about every object."
)
_S5CMD_PROVES = (
    "Up, an MD5 and over plain http a SHA-256 ahead of each object or part. Down, nothing but the length. "
    "Keeps no mtime. Does not look at the target first. A file gets its name when it is whole; no fsync. "
    "Where there is nothing to do it compares size and the time of last change from the listings. "
    "Its package's command is a Python script; the program that it starts is measured without it."
)
_OURS_PROVE = (
    "Up and across, a CRC64NVME ahead of each object or part, and of the whole of a large object, which the server "
    "checks. Down, the checksum that the server keeps, or the ETag's MD5, compared before the file gets its name. "
    "Keeps mtime and mode. Lists both sides, keeps a checkpoint. Files and folders are fsynced. Where there is nothing "
    "to do, on the first run size and ETag from the listings are compared, later also with the checkpoint. No flags: "
    "it is to be fast by itself."
)


def _curl_version() -> Command:
    return ["curl", "--version"]


OURS = Contestant("transfer", _ours, lambda: [programs.ours(), "--version"], _OURS_PROVE)
PEERS = (
    Contestant("rclone, tuned", _rclone_tuned, lambda: [programs.rclone(), "version"], _RCLONE_PROVES),
    Contestant("s5cmd, tuned", _s5cmd_tuned, lambda: [programs.s5cmd(), "version"], _S5CMD_PROVES, _one_endpoint),
    Contestant("rclone", _rclone, lambda: [programs.rclone(), "version"], _RCLONE_PROVES),
    Contestant("s5cmd", _s5cmd, lambda: [programs.s5cmd(), "version"], _S5CMD_PROVES, _one_endpoint),
    Contestant("curl", _curl, _curl_version, "Nothing: what moving the bytes costs at least.", _no_curl),
    Contestant(
        "curl, one connection",
        _curl_up,
        _curl_version,
        "Nothing: what one connection carries.",
        _no_curl,
        Load("piece", 1, 8 * MIB),
    ),
    Contestant("transfer, a tenth", _ours_tenth, OURS.version, _OURS_PROVE),
    Contestant("transfer, S3 → S3", _ours, OURS.version, _OURS_PROVE, way=Way.ACROSS),
)
