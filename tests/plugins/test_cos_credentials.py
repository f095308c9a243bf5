"""Credentials from where Tencent's tools alone find theirs; the rest of it is in ``test_native_credentials.py``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.plugins.cosplace import CosPlace
from tests.plugins.leases import telling
from tests.plugins.natives import NATIVES
from transfer.errors import Misconfigured
from transfer_cos import credentials

(NATIVE,) = (native for native in NATIVES if native.scheme == "cos")


async def test_from_coscmds_file(home: Path) -> None:
    """With a token or without; what 'coscmd config' writes besides is of no matter."""
    (home / ".cos.conf").write_text("[common]\nsecret_id = a\nsecret_key = s%d\nbucket = b-1\nmax_thread = 5\n")
    assert await NATIVE.found() == ("a", "s%d", None)
    (home / ".cos.conf").write_text("[common]\nsecret_id = a\nsecret_key = s\ntoken = t\n")
    assert await NATIVE.found() == ("a", "s", "t")


@pytest.mark.parametrize(("name", "words"), [(".cos.conf", "can't be read"), (".tccli/default.credential", "no JSON")])
async def test_a_file_that_is_none(name: str, words: str, home: Path) -> None:
    """It is named, and not quoted."""
    (home / name).parent.mkdir(exist_ok=True)
    (home / name).write_text("sesame")
    with pytest.raises(Misconfigured, match=words) as caught:
        await NATIVE.found()
    assert f"~/{name}" in str(caught.value)
    assert "sesame" not in str(caught.value)


async def test_from_tcclis_file(home: Path) -> None:
    """Where coscmd's has no keys."""
    (home / ".tccli").mkdir()
    (home / ".tccli/default.credential").write_text(json.dumps({"secretId": "a", "secretKey": "s"}))
    assert await NATIVE.found() == ("a", "s", None)
    (home / ".cos.conf").write_text("[common]\nregion = ap-guangzhou\n")
    (home / ".tccli/default.credential").write_text(json.dumps({"secretId": "a", "secretKey": "s", "token": "t"}))
    assert await NATIVE.found() == ("a", "s", "t")


async def test_from_an_instances_role(cos: CosPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the metadata service."""
    async with telling(NATIVE.leased(cos, "role", 3600)) as service:
        monkeypatch.setattr(credentials, "_METADATA", service.url)
        store = await cos.open(cvm_role="my-role", signed=False)
        await store.check(write=True)
    assert service.asked == ["GET /creds/my-role"]
