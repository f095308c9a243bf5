"""The page on Kodo names the settings that there are, the limits, and remotes that can be opened."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.docs import pages
from transfer.plugin import Location, StoreOptions
from transfer_qiniu import plugin
from transfer_qiniu.config import LIMITS, SETTINGS

TEXT = (pages.DOCS / "kodo.md").read_text(encoding="utf-8")


def test_all_settings_are_there() -> None:
    """With the words of ``transfer plugins``, and no other."""
    part = TEXT.partition("| setting | |")[2].partition("\n\n")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", part, re.MULTILINE)) == dict(SETTINGS)


@pytest.mark.parametrize("block", list(pages.blocks("kodo.md", "toml")))
async def test_remotes_can_be_opened(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they stand, with keys from the environment where they name none."""
    monkeypatch.setenv("QINIU_ACCESS_KEY", "ak")
    monkeypatch.setenv("QINIU_SECRET_KEY", "sk")
    for settings in tomllib.loads(block)["remote"].values():
        assert settings.pop("type") == "kodo"
        store = await plugin.open(Location("kodo://b/", "kodo", "b", "", settings), StoreOptions())
        assert store.url == "kodo://b/"
        await store.aclose()


def test_limits_are_the_plugins() -> None:
    """The numbers of the page are those that are kept."""
    assert LIMITS.max_put is not None
    assert f"1 to {LIMITS.max_key} bytes" in TEXT
    assert f"up to {LIMITS.max_put // 2**20} MiB in one form" in TEXT
    assert f"{LIMITS.max_parts:,} parts" in TEXT
    assert f"| deletes | {LIMITS.delete_batch:,} in a request |" in TEXT
    assert f"{LIMITS.max_user_metadata:,} bytes together" in TEXT
