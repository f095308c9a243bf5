"""Where a bucket of COS is, which buckets there are, and settings that make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plugins.cosplace import KEYS, CosPlace, location
from transfer.errors import Misconfigured, Unsupported
from transfer.model import Body, Metadata
from transfer.plugin import StoreOptions
from transfer_cos import plugin
from transfer_cos.config import Settings
from transfer_cos.dialect import COS
from transfer_cos.endpoint import address_of, home, locate, region_in, service_address


def _where(bucket: str = "b-1", **settings: Any) -> str:
    """The address of an object ``k`` of a bucket ``b-1``."""
    chosen = Settings(**settings)
    endpoint = locate(chosen, address_of(chosen, "cos://b-1/"), bucket)
    return endpoint.url(endpoint.object_path("k"), "")


_PLACES: list[tuple[dict[str, Any], str]] = [
    ({"region": "ap-guangzhou"}, "https://b-1.cos.ap-guangzhou.myqcloud.com/k"),
    ({"region": "ap-guangzhou", "internal": True}, "https://b-1.cos-internal.ap-guangzhou.tencentcos.cn/k"),
    ({"region": "ap-guangzhou", "accelerate": True}, "https://b-1.cos.accelerate.myqcloud.com/k"),
    ({"accelerate": True}, "https://b-1.cos.accelerate.myqcloud.com/k"),
    ({"endpoint": "cos.eu-frankfurt.myqcloud.com"}, "https://b-1.cos.eu-frankfurt.myqcloud.com/k"),
    ({"endpoint": "http://cos.ap-beijing.tencentcos.cn"}, "http://b-1.cos.ap-beijing.tencentcos.cn/k"),
    ({"endpoint": "https://files.example.com", "cname": True}, "https://files.example.com/k"),
    ({"endpoint": "https://cos.example.com"}, "https://cos.example.com/b-1/k"),
    ({"endpoint": "https://cos.example.com", "path_style": False}, "https://b-1.cos.example.com/k"),
    ({"endpoint": "http://127.0.0.1:9000"}, "http://127.0.0.1:9000/b-1/k"),
    ({"endpoint": "http://[::1]:9000/"}, "http://[::1]:9000/b-1/k"),
    ({"region": "ap-guangzhou", "path_style": True}, "https://cos.ap-guangzhou.myqcloud.com/b-1/k"),
]


@pytest.mark.parametrize(("settings", "url"), _PLACES)
def test_where_a_bucket_is(settings: dict[str, Any], url: str) -> None:
    """In the host name at the vendor's, in the path elsewhere, in neither at a domain that is bound to it."""
    assert _where(**settings) == url


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("https://cos.ap-guangzhou.myqcloud.com", "ap-guangzhou"),
        ("cos-internal.ap-guangzhou.tencentcos.cn", "ap-guangzhou"),
        ("https://b-1.cos.na-siliconvalley.myqcloud.com:443", "na-siliconvalley"),
        ("https://cos.accelerate.myqcloud.com", None),
        ("https://cos.accelerate-overseas.myqcloud.com", None),
        ("https://files.example.com", None),
    ],
)
def test_a_region_in_a_name(address: str, region: str | None) -> None:
    """An endpoint of a region tells it."""
    assert region_in(address) == region


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"internal": "true"}, "'cos://b-1/' needs the bucket's region"),
        ({"region": "r", "cvm_role": "x"}, "both secret_id and cvm_role, which exclude each other"),
    ],
)
async def test_settings_that_make_no_sense(settings: dict[str, str], words: str) -> None:
    """Each is refused by name when the store is opened, without its secrets."""
    with pytest.raises(Misconfigured) as caught:
        await plugin.open(location("b-1", settings={**KEYS, **settings}), StoreOptions())
    assert words in str(caught.value)
    assert "sesame" not in str(caught.value)
    assert KEYS["secret_key"] not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (StoreOptions(sse="aws:kms"), "--sse aws:kms must be one of AES256, cos/kms"),
        (StoreOptions(sse="AES256", sse_kms_key_id="k"), "needs --sse cos/kms"),
        (StoreOptions(acl="public-read-write"), "--acl public-read-write must be one of default, private"),
    ],
)
async def test_wishes_that_make_no_sense(options: StoreOptions, words: str) -> None:
    """Each is refused when the store is opened."""
    with pytest.raises(Misconfigured) as caught:
        await plugin.open(location("b-1", settings={**KEYS, "region": "ap-guangzhou"}), options)
    assert words in str(caught.value)


@pytest.mark.parametrize("domain", ["cos.ap-guangzhou.myqcloud.com", "cos-internal.ap-guangzhou.tencentcos.cn"])
async def test_the_bucket_in_the_host_name(cos: CosPlace, domain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is signed for that name, and the path has the key alone; here the emulator is the proxy to it."""
    monkeypatch.setenv("HTTP_PROXY", cos.server.endpoint)
    store = await cos.open("p q", StoreOptions(tags=True), endpoint=f"http://{domain}")
    await store.check(write=True)
    await store.put("k ü+%", Body(b"data"), Metadata(user={"who": "me"}, tags={"a": "b c"}))
    assert cos.held("p q/k ü+%").meta == {"who": "me"}
    assert [item.key async for page in store.list() for item in page.items] == ["k ü+%"]
    await store.copy(store.origin, await store.stat("k ü+%"), "copy", Metadata())
    assert cos.held("p q/copy").blob.bytes() == b"data"


async def test_path_style_at_the_providers_own_domain(cos: CosPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is none, and that is said."""
    monkeypatch.setenv("HTTP_PROXY", cos.server.endpoint)
    store = await cos.open(endpoint="http://cos.ap-guangzhou.myqcloud.com", path_style="true")
    with pytest.raises(Misconfigured, match="with the bucket in the host name: leave path_style out"):
        await store.check(write=False)


def test_one_place_by_all_its_endpoints() -> None:
    """What is in one region may be copied by the provider, by whatever way each side is reached."""
    ways: list[dict[str, Any]] = [
        {},
        {"internal": True},
        {"accelerate": True},
        {"endpoint": "https://cos.ap-guangzhou.tencentcos.cn"},
        {"endpoint": "https://files.example.com", "cname": True},
    ]
    chosen = [Settings(region="ap-guangzhou", **way) for way in ways]
    homes = {home(settings, address_of(settings, "")) for settings in chosen}
    assert homes == {"https://cos.ap-guangzhou.myqcloud.com"}
    elsewhere = Settings(region="ap-beijing")
    assert home(elsewhere, address_of(elsewhere, "")) not in homes


@pytest.mark.parametrize(
    ("settings", "source"),
    [
        ({"region": "ap-guangzhou"}, "b-1.cos.ap-guangzhou.myqcloud.com/a%20b"),
        ({"region": "ap-guangzhou", "internal": True}, "b-1.cos.ap-guangzhou.myqcloud.com/a%20b"),
        ({"region": "ap-guangzhou", "accelerate": True}, "b-1.cos.ap-guangzhou.myqcloud.com/a%20b"),
        (
            {"region": "ap-guangzhou", "endpoint": "https://ap-guangzhou.example.com", "cname": True},
            "b-1.cos.ap-guangzhou.myqcloud.com/a%20b",
        ),
        ({"endpoint": "https://cos.example.com", "path_style": False}, "b-1.cos.example.com/a%20b"),
        ({"endpoint": "http://127.0.0.1:9000"}, "b-1.127.0.0.1:9000/a%20b"),
    ],
)
def test_a_copys_source_has_one_name(settings: dict[str, Any], source: str) -> None:
    """That of the bucket's region, whatever the way to it."""
    chosen = Settings(**settings)
    address = address_of(chosen, "")
    region = chosen.region or region_in(address) or ""
    assert COS.copy_source(locate(chosen, address, "b-1"), region, "b-1", "a b") == source


def test_without_a_region_nothing_is_copied_there() -> None:
    """Acceleration knows none, so that objects are sent through here."""
    chosen = Settings(accelerate=True)
    endpoint = locate(chosen, address_of(chosen, ""), "b-1")
    with pytest.raises(Unsupported, match="can't be asked to copy from 'b-1' without its region: set region"):
        COS.copy_source(endpoint, "", "b-1", "k")


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "https://service.cos.myqcloud.com/"),
        ({"region": "ap-guangzhou"}, "https://service.cos.myqcloud.com/"),
        ({"accelerate": True}, "https://service.cos.myqcloud.com/"),
        ({"internal": True}, "https://service.cos-internal.tencentcos.cn/"),
        ({"endpoint": "https://cos.ap-guangzhou.myqcloud.com"}, "https://cos.ap-guangzhou.myqcloud.com/"),
        ({"endpoint": "http://127.0.0.1:9000"}, "http://127.0.0.1:9000/"),
    ],
)
def test_where_buckets_are_listed(settings: dict[str, Any], address: str) -> None:
    """The service knows those of all regions, and needs none to be named."""
    chosen = Settings(**settings)
    endpoint = locate(chosen, service_address(chosen, "cos://"), "")
    assert endpoint.url(endpoint.bucket_path, "") == address


async def test_buckets_are_listed_page_by_page(cos: CosPlace) -> None:
    """All of the account."""
    cos.server.service.limits.buckets = 2
    names = {cos.server.fresh_bucket("-1250000000").name for _ in range(4)}
    found = await (await cos.open_service()).containers()
    assert list(found) == sorted(cos.server.service.buckets)
    assert names < set(found)
    assert cos.calls["list_buckets"] > 2


async def test_a_domain_of_one_bucket_lists_none(cos: CosPlace) -> None:
    """That is said, with the remedy."""
    with pytest.raises(Misconfigured, match="the domain of one bucket: leave endpoint and cname out, or name a bucket"):
        await cos.open_service(cname="true")
