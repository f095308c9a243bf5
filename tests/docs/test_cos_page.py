"""The page on COS: its sessions, its settings, its limits, and that its policies are enough and not more."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import transfer
from tests.docs import pages
from tests.emulators.cos import Cos
from tests.emulators.running import KEY, Emulator, serving
from transfer.model import Metadata
from transfer.options import Options
from transfer.plugin import Location, StoreOptions
from transfer.testing.playground import furnish
from transfer.testing.servers import Server
from transfer.units import format_size
from transfer_cos import plugin
from transfer_cos.config import LIMITS, SETTINGS
from transfer_cos.dialect import COS

pytestmark = pytest.mark.xdist_group("docs")

TEXT = (pages.DOCS / "cos.md").read_text(encoding="utf-8")
SOURCE, TARGET = (json.loads(block) for block in pages.blocks("cos.md", "json"))
BUCKET = "bucket-1250000000"
ACTIONS = {
    "list_objects": "GetBucket",
    "list_uploads": "ListMultipartUploads",
    "get_versioning": "GetBucketVersioning",
    "get_object": "GetObject",
    "head_object": "HeadObject",
    "put_object": "PutObject",
    "begin": "InitiateMultipartUpload",
    "put_part": "UploadPart",
    "complete": "CompleteMultipartUpload",
    "abort": "AbortMultipartUpload",
    "list_parts": "ListParts",
    "delete_object": "DeleteObject",
    "delete_many": "DeleteMultipleObjects",
}
"""What the API documents say that each call needs."""


@pytest.fixture
def emulator() -> Iterator[Emulator[Cos]]:
    """With a bucket of the name that the page's sessions use."""
    with serving(Cos) as started:
        started.service.make_bucket(BUCKET)
        yield started


def settings(emulator: Emulator[Cos]) -> dict[str, str]:
    """With which it is reached."""
    keys = {"secret_id": KEY.id, "secret_key": KEY.secret}
    return {"endpoint": emulator.endpoint, "region": "ap-guangzhou", **keys}


def test_its_sessions_print_what_it_says(
    tmp_path: Path, servers: Mapping[str, Server], emulator: Emulator[Cos]
) -> None:
    """With a remote ``cos`` beside those of the other pages."""
    environment = furnish(tmp_path, servers)
    with (tmp_path / "transfer.toml").open("a") as config:
        config.write('\n[remote.cos]\ntype = "cos"\n')
        config.writelines(f'{name} = "{value}"\n' for name, value in settings(emulator).items())
    given = pages.commands("cos.md")
    if wrong := pages.differences(given, pages.run_all(given, tmp_path, environment)):
        pytest.fail("\n\n".join(wrong), pytrace=False)


def test_all_settings_are_there() -> None:
    """With the words of ``transfer plugins``, and no other."""
    part = TEXT.partition("| setting | |")[2].partition("\n\n")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", part, re.MULTILINE)) == dict(SETTINGS)


@pytest.mark.parametrize("block", list(pages.blocks("cos.md", "toml")))
async def test_remotes_can_be_opened(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they stand, with keys from the environment."""
    monkeypatch.setenv("COS_SECRET_ID", "ak")
    monkeypatch.setenv("COS_SECRET_KEY", "sk")
    for found in tomllib.loads(block)["remote"].values():
        assert found.pop("type") == "cos"
        store = await plugin.open(Location("cos://b-1/", "cos", "b-1", "", found), StoreOptions())
        assert store.url == "cos://b-1/"
        await store.aclose()


def test_limits_are_the_plugins() -> None:
    """The numbers of the page are those that are kept."""
    assert LIMITS.max_object is not None
    assert LIMITS.max_part == LIMITS.max_put == LIMITS.max_copy == 5 * 1024**3
    assert COS.max_user_text == 2 * 1024
    assert COS.max_tag == (127, 255)
    assert LIMITS.max_key is not None
    assert f"1 to {LIMITS.max_key:,} bytes of UTF-8, not starting with `/` or `\\`" in TEXT
    assert "without the control characters 24 to 27" in TEXT
    assert sorted(map(ord, LIMITS.refused)) == [24, 25, 26, 27]
    assert f"up to {format_size(LIMITS.max_object)}, in up to {LIMITS.max_parts:,} parts of 1 MiB to 5 GiB" in TEXT
    assert f"| deletes | {LIMITS.delete_batch:,} in a request |" in TEXT
    assert LIMITS.max_user_metadata == 4 * 1024


def allowed(policy: Mapping[str, list[dict[str, list[str]]]]) -> set[str]:
    """The actions of a policy."""
    actions = [action for statement in policy["statement"] for action in statement["action"]]
    assert all(action.startswith("name/cos:") for action in actions)
    return {action.removeprefix("name/cos:") for action in actions}


def asked(emulator: Emulator[Cos]) -> set[str]:
    """The actions that were needed since the last time."""
    found = {ACTIONS[verb] for verb in emulator.controls.calls}
    emulator.controls.reset()
    return found


async def test_the_policies_are_enough_and_not_more(emulator: Emulator[Cos], tmp_path: Path) -> None:
    """Of a source, of a target that is verified and on which an upload goes on, and of one that is deleted from."""
    large, tree = bytes(17 * 1024 * 1024), tmp_path / "tree"
    tree.mkdir()
    for name, data in (("small", b"data"), ("large", large)):
        (tree / name).write_bytes(data)
    chosen = Options(target_settings=settings(emulator), source_settings=settings(emulator))
    url = f"cos://{BUCKET}/tree"
    assert (await transfer.sync(str(tree), url, Options(target_settings=settings(emulator)))).ok
    store = await plugin.open(Location(url, "cos", BUCKET, "tree", settings(emulator)), StoreOptions())
    upload = await store.begin("open", Metadata(), size=1, part_size=1)
    assert [found.id for found in await store.uploads("open")] == [upload.id]
    assert await store.parts(upload) == []
    await store.abort(upload)
    await store.aclose()
    assert (await transfer.verify(str(tree), url, Options(target_settings=settings(emulator)))).ok
    assert asked(emulator) == allowed(TARGET)
    assert (await transfer.sync(url, str(tmp_path / "back"), Options(source_settings=settings(emulator)))).ok
    assert asked(emulator) == allowed(SOURCE)
    assert (await transfer.remove(url, chosen, recursive=True)).ok
    assert asked(emulator) - allowed(SOURCE) == {"DeleteMultipleObjects"}
