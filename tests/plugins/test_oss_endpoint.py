"""Where a bucket of OSS is, and settings that make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plugins.ossplace import KEYS, OssPlace, location
from transfer.errors import Misconfigured
from transfer.model import Body, Metadata
from transfer.plugin import StoreOptions
from transfer_oss import OssPlugin, plugin
from transfer_oss.config import Settings, read_settings
from transfer_oss.endpoint import address_of, home, locate, region_in, region_of


def _where(**settings: Any) -> str:
    """The address of an object ``k`` of a bucket ``b``."""
    chosen = Settings(**settings)
    endpoint = locate(chosen, address_of(chosen, region_of(chosen), "oss://b/"), "b")
    return endpoint.url(endpoint.object_path("k"), "")


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"region": "cn-hangzhou"}, "https://b.oss-cn-hangzhou.aliyuncs.com/k"),
        ({"region": "cn-hangzhou", "internal": True}, "https://b.oss-cn-hangzhou-internal.aliyuncs.com/k"),
        ({"region": "cn-hangzhou", "accelerate": True}, "https://b.oss-accelerate.aliyuncs.com/k"),
        ({"endpoint": "oss-eu-central-1.aliyuncs.com"}, "https://b.oss-eu-central-1.aliyuncs.com/k"),
        ({"endpoint": "http://oss-cn-beijing.aliyuncs.com"}, "http://b.oss-cn-beijing.aliyuncs.com/k"),
        ({"endpoint": "https://files.example.com", "cname": True}, "https://files.example.com/k"),
        ({"endpoint": "https://oss.example.com"}, "https://oss.example.com/b/k"),
        ({"endpoint": "https://oss.example.com", "path_style": False}, "https://b.oss.example.com/k"),
        ({"endpoint": "http://127.0.0.1:9000"}, "http://127.0.0.1:9000/b/k"),
        ({"endpoint": "http://[::1]:9000/"}, "http://[::1]:9000/b/k"),
        ({"region": "cn-hangzhou", "path_style": True}, "https://oss-cn-hangzhou.aliyuncs.com/b/k"),
    ],
)
def test_where_a_bucket_is(settings: dict[str, Any], url: str) -> None:
    """In the host name at the vendor's, in the path elsewhere, in neither at a domain that is bound to it."""
    assert _where(**settings) == url


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("https://oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("oss-cn-hangzhou-internal.aliyuncs.com", "cn-hangzhou"),
        ("https://bucket.oss-us-west-1.aliyuncs.com:443", "us-west-1"),
        ("https://oss-accelerate.aliyuncs.com", None),
        ("https://oss-accelerate-overseas.aliyuncs.com", None),
        ("https://files.example.com", None),
        (None, None),
    ],
)
def test_a_region_in_a_name(address: str | None, region: str | None) -> None:
    """An endpoint of a region tells it."""
    assert region_in(address) == region


def test_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """ossutil's variables count where the remote says nothing, and ``internal`` asks for the region's own."""
    monkeypatch.setenv("OSS_REGION", "oss-cn-shenzhen")
    assert _where() == "https://b.oss-cn-shenzhen.aliyuncs.com/k"
    monkeypatch.setenv("OSS_ENDPOINT", "https://oss-cn-beijing.aliyuncs.com")
    assert _where() == "https://b.oss-cn-beijing.aliyuncs.com/k"
    assert _where(region="cn-hangzhou", internal=True) == "https://b.oss-cn-hangzhou-internal.aliyuncs.com/k"
    assert _where(endpoint="http://127.0.0.1:1") == "http://127.0.0.1:1/b/k"


def test_the_region_as_consoles_spell_it() -> None:
    """With ``oss-`` ahead of it."""
    assert read_settings(location("b", settings={"region": "oss-cn-hangzhou"})).region == "cn-hangzhou"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"endpoint": "https://files.example.com"}, "needs the bucket's region for signatures: set region"),
        ({"region": "r", "signature": "v2"}, "signature = 'v2' must be one of v4, v1"),
        ({"region": "r", "profile": "p"}, "both access_key_id and profile, which exclude each other"),
    ],
)
async def test_settings_that_make_no_sense(settings: dict[str, str], words: str) -> None:
    """Each is refused by name when the store is opened, without its secrets."""
    with pytest.raises(Misconfigured) as caught:
        await plugin.open(location("b", settings={**KEYS, **settings}), StoreOptions())
    assert words in str(caught.value)
    assert "sesame" not in str(caught.value)
    assert KEYS["access_key_secret"] not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (StoreOptions(sse="aws:kms"), "--sse aws:kms must be one of AES256, KMS, SM4"),
        (StoreOptions(sse="AES256", sse_kms_key_id="k"), "needs --sse KMS"),
        (StoreOptions(sse_c_key_file="f"), "OSS takes no keys of your own (SSE-C)"),
    ],
)
async def test_encryption_that_makes_no_sense(options: StoreOptions, words: str) -> None:
    """Each is refused when the store is opened."""
    with pytest.raises(Misconfigured) as caught:
        await plugin.open(location("b", settings={**KEYS, "region": "cn-hangzhou"}), options)
    assert words in str(caught.value)


@pytest.mark.parametrize("signature", ["v1", "v4"])
async def test_signatures_of_both_versions_are_taken(oss: OssPlace, signature: str) -> None:
    """Objects, listings and subresources; the first needs no region."""
    region = "" if signature == "v1" else "cn-hangzhou"
    store = await oss.open("p q", StoreOptions(tags=True), signature=signature, region=region)
    await store.check(write=True)
    await store.put("k ü+%", Body(b"data"), Metadata(user={"who": "me"}, tags={"a": "b c"}))
    entry = await store.stat("k ü+%")
    assert entry.metadata is not None
    assert entry.metadata.tags == {"a": "b c"}
    assert [item.key async for page in store.list() for item in page.items] == ["k ü+%"]
    assert await store.delete(["k ü+%", "b"]) == {}


def test_one_place_by_all_its_endpoints() -> None:
    """What is in one region may be copied by the provider, by whatever way each side is reached."""
    ways: list[dict[str, Any]] = [
        {},
        {"internal": True},
        {"accelerate": True},
        {"endpoint": "https://files.example.com", "cname": True},
    ]
    chosen = [Settings(region="cn-hangzhou", **way) for way in ways]
    homes = {home(settings, address_of(settings, "cn-hangzhou", ""), "cn-hangzhou") for settings in chosen}
    assert homes == {"https://oss-cn-hangzhou.aliyuncs.com"}


@pytest.mark.parametrize("signature", ["v1", "v4"])
async def test_the_buckets_of_an_account(oss: OssPlace, signature: str) -> None:
    """All of them, over several pages; at the vendor's by the endpoint without a bucket."""
    names = {oss.bucket.name, *(oss.server.fresh_bucket().name for _ in range(101))}
    store = await OssPlugin().open_all(location("", settings={**oss.settings, "signature": signature}), StoreOptions())
    assert names <= set(await store.containers())
    assert oss.calls["list_buckets"] > 1
    await store.aclose()
    assert (
        locate(Settings(), "oss-cn-hangzhou.aliyuncs.com", "").url("/", "") == "https://oss-cn-hangzhou.aliyuncs.com/"
    )
    with pytest.raises(Misconfigured, match="a domain of one bucket can't tell of others"):
        await OssPlugin().open_all(location("", settings={**oss.settings, "cname": "true"}), StoreOptions())
