"""Kodo as a process of its own, started as the other emulators are."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

from transfer import run, sync
from transfer.options import Options


def test_by_hand(tmp_path: Path) -> None:
    """It takes the others' options, tells where it listens, and ends when it is asked to."""
    command = [sys.executable, "-m", "tests.emulators.qiniu", "--port", "0", "--data", str(tmp_path)]
    command += ["--key", "a:b", "--key", "c:d", "--bucket", "first", "--bucket", "second"]
    root = Path(__file__).parents[2]
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "x").write_bytes(b"hello")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(3)]
            address = re.fullmatch(r"Listening at (http://127\.0\.0\.1:\d+)\n", told[0])
            assert address, told
            for key, secret, bucket in (("a", "b", "first"), ("c", "d", "second")):
                keys = {"endpoint": address[1], "access_key": key, "secret_key": secret, "scheme": "http"}
                assert run(sync(str(tmp_path / "tree"), f"kodo://{bucket}", Options(target_settings=keys))).ok
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
