"""Kodo as a process of its own, started as the other emulators are."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from hashlib import md5
from pathlib import Path

import pytest
import requests

from transfer import run, sync
from transfer.errors import Misconfigured
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
            told = process.stdout.readline()
            address = re.fullmatch(r"Listening at (http://127\.0\.0\.1:\d+)\n", told)
            assert address, told
            for key, secret, bucket in (("a", "b", "first"), ("c", "d", "second")):
                keys = {"endpoint": address[1], "access_key": key, "secret_key": secret, "scheme": "http"}
                assert run(sync(str(tmp_path / "tree"), f"kodo://{bucket}", Options(target_settings=keys))).ok
            control = f"{address[1]}/.emulator"
            assert requests.get(f"{control}/objects/first", timeout=9).json() == {"x": md5(b"hello").hexdigest()}
            assert set(requests.get(f"{control}/domains", timeout=9).json()) == {"first", "second"}
            fault = json.dumps({"kind": "refuse", "status": 631, "verb": "list"})
            requests.post(f"{control}/faults", data=fault, timeout=9).raise_for_status()
            with pytest.raises(Misconfigured, match="a bucket that does not exist"):
                run(sync(str(tmp_path / "tree"), "kodo://first", Options(target_settings=keys)))
            told = requests.get(f"{control}/", timeout=9).json()
            assert [each["bucket"] for each in told["seen"] if each["status"] == 631] == ["first"]
            assert [each["key"] for each in told["seen"] if each["verb"] == "form"] == ["x", "x"]
            requests.post(f"{control}/buckets", json={"name": "third"}, timeout=9).raise_for_status()
            domain = requests.get(f"{control}/domains", timeout=9).json()["third"]
            assert requests.get(f"http://{domain}/x", timeout=9).status_code == 401
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
