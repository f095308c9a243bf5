"""The page on OSS: its sessions, its settings, its limits, and that its policies are enough and not more."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import transfer
from tests.docs import pages
from tests.emulators.oss import Oss
from tests.emulators.running import KEY, Emulator, serving
from transfer.model import Metadata
from transfer.options import Options
from transfer.plugin import Location, StoreOptions
from transfer.testing.playground import BUCKET, furnish
from transfer.testing.servers import Server
from transfer.units import format_size
from transfer_oss import plugin
from transfer_oss.config import LIMITS, SETTINGS

pytestmark = pytest.mark.xdist_group("docs")

TEXT = (pages.DOCS / "oss.md").read_text(encoding="utf-8")
SOURCE, TARGET = (json.loads(block) for block in pages.blocks("oss.md", "json"))
ACTIONS = {
    "list_objects_v2": "oss:ListObjects",
    "list_uploads": "oss:ListMultipartUploads",
    "get_versioning": "oss:GetBucketVersioning",
    "get_object": "oss:GetObject",
    "head_object": "oss:GetObject",
    "put_object": "oss:PutObject",
    "begin": "oss:PutObject",
    "put_part": "oss:PutObject",
    "complete": "oss:PutObject",
    "abort": "oss:AbortMultipartUpload",
    "list_parts": "oss:ListParts",
    "delete_object": "oss:DeleteObject",
    "delete_many": "oss:DeleteObject",
}
"""What the API reference says that each call needs."""


@pytest.fixture
def emulator() -> Iterator[Emulator[Oss]]:
    """With a bucket of the name that the page's sessions use."""
    with serving(Oss) as started:
        started.service.make_bucket(BUCKET)
        yield started


def settings(emulator: Emulator[Oss]) -> dict[str, str]:
    """With which it is reached."""
    keys = {"access_key_id": KEY.id, "access_key_secret": KEY.secret}
    return {"endpoint": emulator.endpoint, "region": "cn-hangzhou", **keys}


def test_its_sessions_print_what_it_says(
    tmp_path: Path, servers: Mapping[str, Server], emulator: Emulator[Oss]
) -> None:
    """With a remote ``oss`` beside those of the other pages."""
    environment = furnish(tmp_path, servers)
    with (tmp_path / "transfer.toml").open("a") as config:
        config.write('\n[remote.oss]\ntype = "oss"\n')
        config.writelines(f'{name} = "{value}"\n' for name, value in settings(emulator).items())
    given = pages.commands("oss.md")
    if wrong := pages.differences(given, pages.run_all(given, tmp_path, environment)):
        pytest.fail("\n\n".join(wrong), pytrace=False)


def test_all_settings_are_there() -> None:
    """With the words of ``transfer plugins``, and no other."""
    part = TEXT.partition("| setting | |")[2].partition("\n\n")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", part, re.MULTILINE)) == dict(SETTINGS)


@pytest.mark.parametrize("block", list(pages.blocks("oss.md", "toml")))
async def test_remotes_can_be_opened(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they stand, with keys from the environment."""
    monkeypatch.setenv("OSS_ACCESS_KEY_ID", "ak")
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", "sk")
    for found in tomllib.loads(block)["remote"].values():
        assert found.pop("type") == "oss"
        store = await plugin.open(Location("oss://b/", "oss", "b", "", found), StoreOptions())
        assert store.url == "oss://b/"
        await store.aclose()


def test_limits_are_the_plugins() -> None:
    """The numbers of the page are those that are kept."""
    assert LIMITS.max_object is not None
    assert LIMITS.max_part == LIMITS.max_put == 5 * 1024**3
    assert LIMITS.max_copy == 1024**3
    assert LIMITS.max_key is not None
    assert f"1 to {LIMITS.max_key:,} bytes of UTF-8, not starting with `/` or `\\`" in TEXT
    assert f"up to {format_size(LIMITS.max_object)}, in up to {LIMITS.max_parts:,} parts of 100 KiB to 5 GiB" in TEXT
    assert f"| deletes | {LIMITS.delete_batch:,} in a request |" in TEXT
    assert LIMITS.max_user_metadata == 8 * 1024


def allowed(policy: Mapping[str, list[dict[str, str | list[str]]]]) -> set[str]:
    """The actions of a policy."""
    found: set[str] = set()
    for statement in policy["Statement"]:
        action = statement["Action"]
        found |= {action} if isinstance(action, str) else set(action)
    return found


def asked(emulator: Emulator[Oss]) -> set[str]:
    """The actions that were needed since the last time."""
    found = {ACTIONS[verb] for verb in emulator.controls.calls}
    emulator.controls.reset()
    return found


async def test_the_policies_are_enough_and_not_more(emulator: Emulator[Oss], tmp_path: Path) -> None:
    """Of a source, of a target that is verified and on which an upload goes on, and of one that is deleted from."""
    large, tree = bytes(17 * 1024 * 1024), tmp_path / "tree"
    tree.mkdir()
    for name, data in (("small", b"data"), ("large", large)):
        (tree / name).write_bytes(data)
    chosen = Options(target_settings=settings(emulator), source_settings=settings(emulator))
    versioned = {"oss:GetObjectVersion"}
    url = f"oss://{BUCKET}/tree"
    assert (await transfer.sync(str(tree), url, Options(target_settings=settings(emulator)))).ok
    store = await plugin.open(Location(url, "oss", BUCKET, "tree", settings(emulator)), StoreOptions())
    upload = await store.begin("open", Metadata(), size=1, part_size=1)
    assert [found.id for found in await store.uploads("open")] == [upload.id]
    assert await store.parts(upload) == []
    await store.abort(upload)
    await store.aclose()
    assert (await transfer.verify(str(tree), url, Options(target_settings=settings(emulator)))).ok
    assert asked(emulator) | versioned == allowed(TARGET)
    assert (await transfer.sync(url, str(tmp_path / "back"), Options(source_settings=settings(emulator)))).ok
    assert asked(emulator) | versioned == allowed(SOURCE)
    assert (await transfer.remove(url, chosen, recursive=True)).ok
    assert asked(emulator) - allowed(SOURCE) == {"oss:DeleteObject"}
