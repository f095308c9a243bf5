"""The tests at real accounts, tried on an emulator in the part of one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.emulators.oss import Oss
from tests.emulators.running import KEY, Emulator, serving

TESTS = Path(__file__).with_name("test_accounts.py")
SOME = "a_folder_is_named or (TestOss and (round_trip or pages or delete or multipart))"


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    """Exit status and words of a run of those tests in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments, str(TESTS)]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, env={**kept, **environment}, capture_output=True, text=True, cwd=root, timeout=170, check=False
    )
    return done.returncode, done.stdout + done.stderr


def named(server: Emulator[Oss], url: str) -> dict[str, str]:
    """The variables that make an account of it."""
    return {
        "TRANSFER_TEST_OSS_URL": url,
        "TRANSFER_TEST_OSS_OPTIONS": f"region=cn-hangzhou endpoint={server.endpoint}",
        "OSS_ACCESS_KEY_ID": KEY.id,
        "OSS_ACCESS_KEY_SECRET": KEY.secret,
    }


def test_nothing_is_run_unasked() -> None:
    """Without variables, and not in CI whatever they say."""
    status, words = run()
    assert status == 0
    assert "passed" not in words
    for name in ("S3", "OSS", "COS", "KODO"):
        assert f"TRANSFER_TEST_{name}_URL names no account" in words
    status, words = run(CI="true", TRANSFER_TEST_OSS_URL="oss://bucket/folder")
    assert (status, "passed" in words, "accounts are nothing for CI" in words) == (0, False, True)


@pytest.mark.parametrize("folder", ["", "some/folder"])
def test_an_account_that_is_named(folder: str) -> None:
    """Its folder is used and left as it was, with nothing beside it touched; without a folder nothing is done."""
    with serving(Oss) as server:
        bucket = server.fresh_bucket()
        status, words = run("-k", SOME, **named(server, f"oss://{bucket.name}/{folder}"))
        assert server.controls.calls["put_object"] > 5 or not folder
        assert list(bucket.keys_from()) == []
        if folder:
            assert status == 0, words
            assert "passed" in words
        else:
            assert status == 1
            assert "TRANSFER_TEST_OSS_URL must name a folder of the bucket" in words
