"""The command as a process of its own: signals, pipes, start-up."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import fresh_bucket
from transfer.testing.servers import Server

MIB = 1024 * 1024
STUCK = """
import sys, time, asyncio, transfer, transfer.cli

async def sync(source, target, options, *, listener, controls):
    print("begun", file=sys.stderr, flush=True)
    while True:
        try:
            await asyncio.to_thread(time.sleep, 60)
        except asyncio.CancelledError:
            {on_cancel}

transfer.sync = sync
transfer.cli.main()
"""

Start = Callable[..., "subprocess.Popen[bytes]"]


BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
"""As users have it: where streams are not buffered, what could not be written is not tried again at the end."""


@pytest.fixture
def start() -> Iterator[Start]:
    """``start("sync", "a", "b")`` starts the command, ``start(python="…")`` a program; killed in the end."""
    processes: list[subprocess.Popen[bytes]] = []

    def run(*arguments: object, python: str | None = None, **options: object) -> subprocess.Popen[bytes]:
        head = [sys.executable, "-c", python] if python else [sys.executable, "-m", "transfer"]
        usual = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": BUFFERED}
        process = subprocess.Popen([*head, *map(str, arguments)], **(usual | options))  # type: ignore[call-overload]
        processes.append(process)
        return process  # type: ignore[no-any-return]

    yield run
    for process in processes:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def slow(tmp_path: Path) -> tuple[object, ...]:
    """The arguments of a sync that takes minutes."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "big").write_bytes(bytes(40 * MIB))
    return ("sync", tmp_path / "a", tmp_path / "b", "--bwlimit", "200K", "--part-size", "1MiB", "--json")


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str, str, float]:
    """Exit status, stdout, stderr, and the seconds until the end."""
    began = time.monotonic()
    out, err = process.communicate(timeout=20)
    return process.returncode, out.decode(), err.decode(), time.monotonic() - began


def wait_for(process: subprocess.Popen[bytes], text: bytes) -> None:
    """Read stdout (or stderr, where stdout is not ours) until a line has ``text``."""
    stream = process.stdout or process.stderr
    assert stream is not None
    for line in stream:
        if text in line:
            return
    raise AssertionError(process.communicate())


def wait_until(there: Callable[[], bool]) -> None:
    """Look again and again, for 10 s at most."""
    for _ in range(500):
        if there():
            return
        time.sleep(0.02)
    raise AssertionError("it never came")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_cleanly_in_time(start: Start, slow: tuple[object, ...], number: int) -> None:
    """The run ends within 2 s with status 130, its last event tells so, and nothing half-written is left."""
    process = start(*slow)
    wait_for(process, b"object_started")
    process.send_signal(number)
    status, out, err, seconds = ended(process)
    assert (status, err.lstrip()) == (130, "transfer: interrupted; run the same command again to go on from here.\n")
    assert seconds < 2
    assert '"interrupted": true' in out.splitlines()[-1]
    assert not Path(str(slow[2]), "big").exists()


def test_the_same_command_goes_on(start: Start, slow: tuple[object, ...]) -> None:
    """After an interruption the summary says what to do, and doing it finishes the work."""
    command = [argument for argument in slow if argument != "--json"]
    process = start(*command)
    wait_until(Path(str(slow[2])).exists)
    process.send_signal(signal.SIGINT)
    status, out, _, _ = ended(process)
    assert status == 130
    assert out.endswith("Interrupted. Run the same command again to go on from here.\n")
    status, _, err, _ = ended(start(*command, "--bwlimit", "1G"))
    assert status == 0, err
    assert Path(str(slow[2]), "big").stat().st_size == 40 * MIB


@pytest.mark.parametrize("on_cancel", ["raise", "pass"])
def test_even_a_stuck_run_ends_in_time(start: Start, on_cancel: str) -> None:
    """A thread that hangs, or code that ignores its cancellation, can't hold the end up."""
    process = start("sync", "a", "b", python=STUCK.format(on_cancel=on_cancel), stdout=subprocess.DEVNULL)
    wait_for(process, b"begun")
    process.send_signal(signal.SIGTERM)
    status, _, err, seconds = ended_silently(process)
    assert status == 130
    assert seconds < 2
    assert err.endswith("transfer: interrupted; run the same command again to go on from here.\n")


def ended_silently(process: subprocess.Popen[bytes]) -> tuple[int, str, str, float]:
    """Like :func:`ended`, for a process whose stdout is not ours."""
    assert process.stderr is not None
    began = time.monotonic()
    err = process.stderr.read().decode()
    return process.wait(20), "", err, time.monotonic() - began


def test_a_second_signal_ends_at_once(start: Start) -> None:
    """Who asks twice does not wait."""
    process = start("sync", "a", "b", python=STUCK.format(on_cancel="pass"), stdout=subprocess.DEVNULL)
    wait_for(process, b"begun")
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    status, _, _, seconds = ended_silently(process)
    assert status == 130
    assert seconds < 1


def test_an_ignored_signal_stays_ignored(start: Start, slow: tuple[object, ...]) -> None:
    """Under nohup a hang-up does not stop the run."""
    process = start(*slow, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    wait_for(process, b"object_started")
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.7)


def test_a_signal_lifts_the_limit(start: Start, slow: tuple[object, ...]) -> None:
    """What would take more than an hour ends soon."""
    process = start(*slow, "--bwlimit", "10K", stderr=subprocess.DEVNULL)
    wait_for(process, b"object_started")
    process.send_signal(signal.SIGUSR2)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_waiting_stdin_does_not_hold_the_end_up(start: Start) -> None:
    """copy - waits for more input; a signal ends it and tells that a stream has to start over."""
    process = start("copy", "-", "memory://b/k", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    wait_for(process, b"The stream may have")
    process.send_signal(signal.SIGINT)
    status, _, err, seconds = ended_silently(process)
    assert status == 130
    assert seconds < 2
    assert "run it from the start" in err


@pytest.mark.parametrize(
    ("command", "place"), [("ls", "."), ("cat", "big"), ("sync --json", ". {out}"), ("sync --dry-run", ". {out}")]
)
def test_a_reader_that_goes_away_ends_the_command_quietly(
    start: Start, tmp_path: Path, command: str, place: str
) -> None:
    """`… | head` leaves no error behind, and the status is that of a broken pipe."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(800):
        (tree / f"{'x' * 200}-{number}").touch()
    (tree / "big").write_bytes(bytes(MIB))
    process = start(*command.split(), *place.format(out=tmp_path / "out").split(), cwd=tree)
    assert process.stdout is not None
    process.stdout.read(1)
    process.stdout.close()
    status, _, err, _ = ended_silently(process)
    assert (status, err) == (141, "")


FULL = "transfer: Standard output can't be written: No space left on device."


@pytest.mark.parametrize("command", ["ls .", "plugins", "plugins --json", "--help", "--version", "ls --help"])
def test_a_full_stdout_is_a_sentence(start: Start, tmp_path: Path, command: str) -> None:
    """Results that can't be written are an error."""
    (tmp_path / "a").touch()
    with open("/dev/full", "wb") as full:
        status, _, err, _ = ended_silently(start(*command.split(), stdout=full, cwd=tmp_path))
    assert (status, err) == (1, f"{FULL}\n")


def test_a_run_ends_as_it_should_where_stdout_is_full(start: Start, tmp_path: Path) -> None:
    """It is told that the summary is lost; the next run has nothing to do, and the list of jobs can't be shown."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "k").touch()
    command = ("sync", tmp_path / "a", tmp_path / "b")
    with open("/dev/full", "wb") as full:
        status, _, err, _ = ended_silently(start(*command, stdout=full))
        jobs = ended_silently(start("jobs", stdout=full))
    assert (status, err) == (1, f"{FULL} The run itself has ended; only its summary is lost.\n")
    assert jobs[0:3] == (1, "", f"{FULL}\n")
    status, out, _, _ = ended(start(*command))
    assert (status, "1 proven equal" in out) == (0, True)


@pytest.mark.parametrize("closed", [(1,), (2,), (1, 2), (0, 1, 2)])
def test_closed_streams_hinder_nothing(start: Start, tmp_path: Path, closed: tuple[int, ...]) -> None:
    """No file that is opened later takes their place."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "k").write_text("k")
    process = start("sync", "a", "b", "--json", cwd=tmp_path, preexec_fn=lambda: [*map(os.close, closed)])
    assert (ended(process)[0], (tmp_path / "b" / "k").read_text()) == (0, "k")


def test_a_closed_stdin_is_no_empty_one(start: Start, tmp_path: Path) -> None:
    """Nothing is written for it."""
    process = start("copy", "-", tmp_path / "k", preexec_fn=lambda: os.close(0))
    status, out, _, _ = ended(process)
    assert status == 1
    assert "k: Standard input can't be read: Bad file descriptor." in out
    assert not (tmp_path / "k").exists()


def test_a_full_stderr_hinders_nothing(start: Start, tmp_path: Path) -> None:
    """What can't be told there is lost."""
    with open("/dev/full", "wb") as full:
        process = start("copy", "-", tmp_path / "k", stderr=full)
        assert ended_out(process)[0] == 0
        assert ended_out(start("ls", tmp_path / "nowhere", stderr=full))[0] == 2


def ended_out(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Exit status and stdout of a process whose stderr is not ours."""
    assert process.stdout is not None
    out = process.stdout.read().decode()
    return process.wait(20), out


EARLY = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
from transfer.cli import main
main()
"""


@pytest.mark.parametrize("name", ["typing", "click", "transfer.cli.moving", "transfer.engine"])
def test_a_signal_during_the_start_ends_it_quietly(start: Start, name: str) -> None:
    """While modules are being imported."""
    status, out, err, _ = ended(start("sync", "a", "b", python=EARLY.format(name=name)))
    assert (status, out, err.lstrip()) in [
        (130, "", ""),
        (130, "", "transfer: interrupted; run the same command again to go on from here.\n"),
    ]


def test_keys_are_piped_from_ls_to_copy(start: Start, tmp_path: Path) -> None:
    """ls -0 | copy --files-from - -0 copies just these, newlines in names and all."""
    tree, out = tmp_path / "tree", tmp_path / "out"
    tree.mkdir()
    for name in ("a.txt", "new\nline.txt", "other"):
        (tree / name).write_text(name)
    listing = start("ls", "-0", tree, "--include", "*.txt")
    status, _, err, _ = ended(start("copy", tree, out, "--files-from", "-", "-0", stdin=listing.stdout))
    assert status == 0, err
    assert sorted(os.listdir(out)) == ["a.txt", "new\nline.txt"]


def test_the_version_comes_at_once(start: Start) -> None:
    """It loads nothing heavy, and answers in a moment."""
    heavy = "aiohttp", "rich", "aiobotocore", "asyncio", "awscrt", "sqlite3"
    program = (
        "import sys, transfer.cli\n"
        "try: transfer.cli.main()\n"
        f"finally: assert not set({heavy!r}) & set(sys.modules), sys.modules.keys()\n"
    )
    status, out, err, _ = ended(start("--version", python=program))
    assert (status, out.split()[0], err) == (0, "transfer", "")
    assert min(_seconds_of_work(start) for _ in range(3)) < 0.12


def _seconds_of_work(start: Start) -> float:
    """What ``--version`` takes on an idle machine: the processor's time, whatever else runs now."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended(start("--version"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


HEAVY = "aiobotocore", "aiohttp", "boto3", "botocore", "http.client", "rich", "urllib.request"
"""What takes long to import, and nothing here needs."""


@pytest.mark.parametrize("side", ["disk", "s3"])
def test_a_small_sync_imports_little(start: Start, tmp_path: Path, seaweed_server: Server, side: str) -> None:
    """No SDK for static keys, no second HTTP client, no display where nobody looks; and S3 only for S3."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"c")
    server = seaweed_server
    places = {"disk": str(tmp_path / "out"), "s3": f"s3://{fresh_bucket(server)}/x"}
    unwanted = (*HEAVY, "transfer_s3") if side == "disk" else HEAVY
    program = (
        "import sys, transfer.cli\n"
        "try: transfer.cli.main()\n"
        f"finally: print(sorted(set({unwanted!r}) & set(sys.modules)))\n"
    )
    keys = {"AWS_ACCESS_KEY_ID": server.access_key_id, "AWS_SECRET_ACCESS_KEY": server.secret_access_key}
    environment = {**os.environ, **keys, "AWS_ENDPOINT_URL": server.endpoint}
    status, out, err, _ = ended(start("sync", tmp_path / "a", places[side], python=program, env=environment))
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == "[]"


def test_progress_of_a_process_without_a_terminal(start: Start, slow: tuple[object, ...]) -> None:
    """stderr is quiet in the first seconds, and has the last words alone."""
    process = start(*slow)
    wait_for(process, b"object_started")
    process.send_signal(signal.SIGINT)
    assert ended(process)[2].count("\n") == 1
