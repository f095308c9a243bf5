"""The pages on OSS and COS: sessions, settings, limits, and that the policies are enough and not more."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import transfer
from tests.docs import pages
from tests.emulators.cos import Cos
from tests.emulators.oss import Oss
from tests.emulators.running import KEY, Emulator, serving
from transfer.model import Metadata
from transfer.options import Options
from transfer.plugin import Location, Plugin, StoreOptions
from transfer.testing.playground import BUCKET, furnish
from transfer.testing.servers import Server
from transfer.units import format_size
from transfer_cos import config as cos_config
from transfer_cos import plugin as cos_plugin
from transfer_cos.dialect import COS
from transfer_oss import config as oss_config
from transfer_oss import plugin as oss_plugin

pytestmark = pytest.mark.xdist_group("docs")


@dataclass(frozen=True)
class Page:
    """One of them, and what its policies mean."""

    name: str
    plugin: Plugin
    service: type[Oss | Cos]
    bucket: str
    """The one that the page's sessions use."""
    region: str
    keys: Mapping[str, str]
    variables: tuple[str, str]
    words: tuple[str, str]
    """What a policy calls its statements, and their actions."""
    actions: Mapping[str, str]
    """What the API documents say that each call needs."""
    parts: str
    """How small parts may be."""
    deleting: str
    """What deletes need besides."""
    versioned: frozenset[str] = frozenset()
    """What calls need that name a version, of which there are none here."""

    @property
    def file(self) -> str:
        return f"{self.name}.md"

    @property
    def text(self) -> str:
        return (pages.DOCS / self.file).read_text(encoding="utf-8")

    def settings(self, emulator: Emulator[Any]) -> dict[str, str]:
        """With which it is reached."""
        return {"endpoint": emulator.endpoint, "region": self.region, **self.keys}

    def policies(self) -> tuple[set[str], set[str]]:
        """The actions of a source, and of a target."""
        source, target = (self._allowed(json.loads(block)) for block in pages.blocks(self.file, "json"))
        return source, target

    def _allowed(self, policy: Mapping[str, Any]) -> set[str]:
        statements, actions = self.words
        found: set[str] = set()
        for statement in policy[statements]:
            given: str | Sequence[str] = statement[actions]
            found |= {given} if isinstance(given, str) else set(given)
        return found

    def asked(self, emulator: Emulator[Any]) -> set[str]:
        """The actions that were needed since the last time."""
        found = {self.actions[verb] for verb in emulator.controls.calls}
        emulator.controls.reset()
        return found


OSS_PAGE = Page(
    "oss",
    oss_plugin,
    Oss,
    BUCKET,
    "cn-hangzhou",
    {"access_key_id": KEY.id, "access_key_secret": KEY.secret},
    ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"),
    ("Statement", "Action"),
    {
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
    },
    parts="100 KiB",
    deleting="oss:DeleteObject",
    versioned=frozenset({"oss:GetObjectVersion"}),
)
COS_PAGE = Page(
    "cos",
    cos_plugin,
    Cos,
    "bucket-1250000000",
    "ap-guangzhou",
    {"secret_id": KEY.id, "secret_key": KEY.secret},
    ("COS_SECRET_ID", "COS_SECRET_KEY"),
    ("statement", "action"),
    {
        "list_objects": "name/cos:GetBucket",
        "list_uploads": "name/cos:ListMultipartUploads",
        "get_versioning": "name/cos:GetBucketVersioning",
        "get_object": "name/cos:GetObject",
        "head_object": "name/cos:HeadObject",
        "put_object": "name/cos:PutObject",
        "begin": "name/cos:InitiateMultipartUpload",
        "put_part": "name/cos:UploadPart",
        "complete": "name/cos:CompleteMultipartUpload",
        "abort": "name/cos:AbortMultipartUpload",
        "list_parts": "name/cos:ListParts",
        "delete_object": "name/cos:DeleteObject",
        "delete_many": "name/cos:DeleteMultipleObjects",
    },
    parts="1 MiB",
    deleting="name/cos:DeleteMultipleObjects",
)
PAGES = (OSS_PAGE, COS_PAGE)
REMOTES = [
    pytest.param(page, block, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(pages.blocks(page.file, "toml"))
]


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def page(request: pytest.FixtureRequest) -> Page:
    found: Page = request.param
    return found


@pytest.fixture
def emulator(page: Page) -> Iterator[Emulator[Any]]:
    """With a bucket of the name that the page's sessions use."""
    with serving(page.service) as started:
        started.service.make_bucket(page.bucket)
        yield started


def test_its_sessions_print_what_it_says(
    page: Page, tmp_path: Path, servers: Mapping[str, Server], emulator: Emulator[Any]
) -> None:
    """With a remote of its name beside those of the other pages."""
    environment = furnish(tmp_path, servers)
    with (tmp_path / "transfer.toml").open("a") as config:
        config.write(f'\n[remote.{page.name}]\ntype = "{page.name}"\n')
        config.writelines(f'{name} = "{value}"\n' for name, value in page.settings(emulator).items())
    given = pages.commands(page.file)
    if wrong := pages.differences(given, pages.run_all(given, tmp_path, environment)):
        pytest.fail("\n\n".join(wrong), pytrace=False)


def test_all_settings_are_there(page: Page) -> None:
    """With the words of ``transfer plugins``, and no other."""
    part = page.text.partition("| setting | |")[2].partition("\n\n")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", part, re.MULTILINE)) == dict(page.plugin.settings)


@pytest.mark.parametrize(("page", "block"), REMOTES)
async def test_remotes_can_be_opened(page: Page, block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As they stand, with keys from the environment."""
    for name in page.variables:
        monkeypatch.setenv(name, "key")
    for found in tomllib.loads(block)["remote"].values():
        assert found.pop("type") == page.name
        url = f"{page.name}://{page.bucket}/"
        store = await page.plugin.open(Location(url, page.name, page.bucket, "", found), StoreOptions())
        assert store.url == url
        await store.aclose()


def test_limits_are_the_plugins(page: Page) -> None:
    """The numbers of the page are those that are kept."""
    limits, text = page.plugin.limits, page.text
    assert limits.max_object is not None
    assert limits.max_part == limits.max_put == 5 * 1024**3
    assert limits.max_key is not None
    assert f"1 to {limits.max_key:,} bytes of UTF-8, not starting with `/` or `\\`" in text
    parts = f"{limits.max_parts:,} parts of {page.parts} to 5 GiB"
    assert f"up to {format_size(limits.max_object)}, in up to {parts}" in text
    assert f"| deletes | {limits.delete_batch:,} in a request |" in text


def test_limits_of_osss_own() -> None:
    """Where they are others than COS's."""
    limits = oss_config.LIMITS
    assert (limits.min_part, limits.max_copy, limits.max_user_metadata) == (100 * 1024, 1024**3, 8 * 1024)


def test_limits_of_coss_own() -> None:
    """And where OSS has none, which the page tells too."""
    limits = cos_config.LIMITS
    assert (limits.min_part, limits.max_copy, limits.max_user_metadata) == (1024**2, 5 * 1024**3, 4 * 1024)
    assert COS.max_user_text == 2 * 1024
    assert COS.max_tag == (127, 255)
    assert "without the control characters 24 to 27" in COS_PAGE.text
    assert sorted(map(ord, limits.refused)) == [24, 25, 26, 27]


async def test_the_policies_are_enough_and_not_more(page: Page, emulator: Emulator[Any], tmp_path: Path) -> None:
    """Of a source, of a target that is verified and on which an upload goes on, and of one that is deleted from."""
    large, tree = bytes(17 * 1024 * 1024), tmp_path / "tree"
    tree.mkdir()
    for name, data in (("small", b"data"), ("large", large)):
        (tree / name).write_bytes(data)
    settings = page.settings(emulator)
    source, target = page.policies()
    url = f"{page.name}://{page.bucket}/tree"
    assert (await transfer.sync(str(tree), url, Options(target_settings=settings))).ok
    store = await page.plugin.open(Location(url, page.name, page.bucket, "tree", settings), StoreOptions())
    upload = await store.begin("open", Metadata(), size=1, part_size=1)
    assert [found.id for found in await store.uploads("open")] == [upload.id]
    assert await store.parts(upload) == []
    await store.abort(upload)
    await store.aclose()
    assert (await transfer.verify(str(tree), url, Options(target_settings=settings))).ok
    assert page.asked(emulator) | page.versioned == target
    assert (await transfer.sync(url, str(tmp_path / "back"), Options(source_settings=settings))).ok
    assert page.asked(emulator) | page.versioned == source
    chosen = Options(target_settings=settings, source_settings=settings)
    assert (await transfer.remove(url, chosen, recursive=True)).ok
    assert page.asked(emulator) - source == {page.deleting}
