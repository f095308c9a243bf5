"""The page on Glacier: its sessions, its settings, its limits, and that its policies are enough and not more."""

from __future__ import annotations

import contextlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from aiohttp import web

import transfer
from tests.docs import pages
from tests.glacier.vaultplace import VaultPlace, vault_place
from tests.plugins.scripted import Asked, scripted
from transfer.model import Metadata
from transfer.options import Options
from transfer.plugin import Location, Store, StoreOptions
from transfer.testing.checks.harness import fetch
from transfer.testing.playground import furnish
from transfer.testing.servers import Server
from transfer.units import format_size
from transfer_glacier import plugin
from transfer_glacier.config import LIMITS, MIB, SETTINGS

pytestmark = pytest.mark.xdist_group("docs")

TEXT = (pages.DOCS / "glacier.md").read_text(encoding="utf-8")
SOURCE, TARGET, QUEUE = (json.loads(block) for block in pages.blocks("glacier.md", "json"))
ACTIONS = {
    "describe_vault": "DescribeVault",
    "list_jobs": "ListJobs",
    "describe_job": "DescribeJob",
    "begin_job": "InitiateJob",
    "job_output": "GetJobOutput",
    "begin_upload": "InitiateMultipartUpload",
    "upload_part": "UploadMultipartPart",
    "complete_upload": "CompleteMultipartUpload",
    "abort_upload": "AbortMultipartUpload",
    "list_uploads": "ListMultipartUploads",
    "list_parts": "ListParts",
    "delete_archive": "DeleteArchive",
}
"""What the API reference says that each call needs."""


@pytest.fixture
def photos() -> Iterator[VaultPlace]:
    """A vault of the name that the page's sessions use."""
    with vault_place("photos") as place:
        yield place


def test_its_sessions_print_what_it_says(tmp_path: Path, servers: Mapping[str, Server], photos: VaultPlace) -> None:
    """With a remote ``vaults`` beside those of the other pages."""
    environment = furnish(tmp_path, servers)
    with (tmp_path / "transfer.toml").open("a") as config:
        config.write('\n[remote.vaults]\ntype = "glacier"\n')
        config.writelines(f'{name} = "{value}"\n' for name, value in photos.settings.items())
    given = pages.commands("glacier.md")
    if wrong := pages.differences(given, pages.run_all(given, tmp_path, environment)):
        pytest.fail("\n\n".join(wrong), pytrace=False)


def test_all_settings_are_there() -> None:
    """With the words of ``transfer plugins``, and no other."""
    part = TEXT.partition("| setting | |")[2].partition("\n\n")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", part, re.MULTILINE)) == dict(SETTINGS)


@pytest.mark.parametrize("block", list(pages.blocks("glacier.md", "toml")))
async def test_remotes_can_be_opened(block: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As they stand, with keys and a profile from where AWS's tools have them."""
    profile = tmp_path / "config"
    profile.write_text("[profile backup]\naws_access_key_id = ak\naws_secret_access_key = sk\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profile))
    for found in tomllib.loads(block)["remote"].values():
        assert found.pop("type") == "glacier"
        store = await plugin.open(Location("glacier://v/", "glacier", "v", "", found), StoreOptions())
        assert store.url == "glacier://v/"
        await store.aclose()


def test_limits_are_the_plugins() -> None:
    """The numbers of the page are those that are kept."""
    assert LIMITS.max_object is not None
    assert LIMITS.max_part is not None
    assert f"1 byte to {format_size(LIMITS.max_object)}, in up to {LIMITS.max_parts:,} parts of" in TEXT
    assert f"parts of {format_size(LIMITS.min_part)} to {format_size(LIMITS.max_part)}" in TEXT
    assert f"| a name | 1 to {LIMITS.max_key} bytes" in TEXT


def allowed(policy: Mapping[str, list[dict[str, list[str]]]]) -> set[str]:
    """The actions of a policy."""
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def asked(place: VaultPlace) -> set[str]:
    """The actions that were needed since the last time."""
    found = {f"glacier:{ACTIONS[verb]}" for verb in place.calls}
    place.controls.reset()
    return found


async def test_the_policies_are_enough_and_not_more(photos: VaultPlace, tmp_path: Path) -> None:
    """Of a target on which an upload goes on, and of a source that is retrieved and read by two at once."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "large").write_bytes(bytes(9 * MIB))
    (tree / "small").write_bytes(b"data")
    options = Options(target_settings=photos.settings)
    url = "glacier://photos"
    assert (await transfer.sync(str(tree), url, options)).ok
    (tree / "small").write_bytes(b"other")
    assert (await transfer.sync(str(tree), url, options)).ok
    assert (await transfer.verify(str(tree), url, options)).ok
    async with contextlib.aclosing(await _opened(photos)) as store:
        upload = await store.begin("open", Metadata(), size=1, part_size=MIB)
        assert [found.id for found in await store.uploads("open")] == [upload.id]
        assert await store.parts(upload) == []
        await store.abort(upload)
    assert asked(photos) == allowed(TARGET)
    async with contextlib.aclosing(await _opened(photos)) as store, contextlib.aclosing(await _opened(photos)) as other:
        await store.check(write=False)
        entry = await store.stat("small")
        assert await other.thaws() == []
        await store.thaw(entry, 1, "expedited")
        await other.thaw(entry, 1, "expedited")
        photos.turn(hours=1)
        await store.thaws()
        assert await fetch(store, entry) == b"other"
    assert asked(photos) == allowed(SOURCE)


async def test_the_policy_for_a_queue_is_enough_and_not_more(
    photos: VaultPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue is received from, and what was received is deleted; a batch needs the right that a single one does."""
    needed: set[str] = set()
    told = {"Completed": True, "VaultARN": photos.service.account.arn("photos")}

    def script(call: Asked) -> web.Response:
        action = call.headers["x-amz-target"].removeprefix("AmazonSQS.").removesuffix("Batch")
        first = action == "ReceiveMessage" and not needed
        needed.add(f"sqs:{action}")
        return web.json_response({"Messages": [{"Body": json.dumps(told), "ReceiptHandle": "h"}]} if first else {})

    async with scripted(script) as server:
        settings = {**photos.settings, "queue": f"{server.endpoint}/123456789012/photos-jobs"}
        location = Location("glacier://photos", "glacier", "photos", "", settings)
        async with contextlib.aclosing(await plugin.open(location, StoreOptions())) as store:
            await store.thawed()
    assert needed == allowed(QUEUE)
    assert asked(photos) <= allowed(SOURCE)


def test_the_leave_to_send_is_a_policy() -> None:
    """As the text that an attribute of a queue is."""
    (block,) = pages.blocks("glacier.md", "text")
    (statement,) = json.loads(json.loads(block)["Policy"])["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", "QUEUE_ARN")
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": "TOPIC_ARN"}}


async def _opened(place: VaultPlace) -> Store:
    location = Location(f"glacier://{place.name}", "glacier", place.name, "", place.settings)
    return await plugin.open(location, StoreOptions())
