"""What a remote may say, and one sentence for what is missing or can't be."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from transfer.errors import Misconfigured, Unsupported
from transfer.model import Entry, Metadata
from transfer.plugin import Location, StoreOptions
from transfer_qiniu import plugin
from transfer_qiniu.config import read_settings
from transfer_qiniu.hosts import Service, chosen, of_region, of_reply, uc_address

_KEYS = {"access_key": "ak", "secret_key": "sk"}


def location(settings: Mapping[str, object], given: frozenset[str] = frozenset(), bucket: str = "b") -> Location:
    return Location(f"kodo://{bucket}/p", "kodo", bucket, "p", settings, given)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "'kodo://b/p' has no access_key and no secret_key: set access_key and secret_key, or QINIU_ACCESS_KEY"),
        ({"access_key": "ak"}, "has no secret_key"),
        ({"secret_key": "sk"}, "has no access_key"),
        ({**_KEYS, "scheme": "ftp"}, "scheme = 'ftp' must be https or http"),
        ({**_KEYS, "region": "z0/x"}, "region = 'z0/x' must be a name"),
        ({**_KEYS, "private": "perhaps"}, "private = 'perhaps' must be true or false"),
        ({**_KEYS, "ordered": "2"}, "ordered = '2' must be true or false"),
        ({**_KEYS, "domain": "https://cdn.example.com/x"}, "domain must be an address"),
        ({**_KEYS, "endpoint": "ftp://example.com"}, "endpoint must be an address"),
        ({**_KEYS, "up": "a user@host"}, "up must be an address"),
        ({**_KEYS, "ca_bundle": "/no/such/file"}, "The CA bundle '/no/such/file' can't be used"),
    ],
)
async def test_bad_settings(settings: Mapping[str, object], words: str) -> None:
    """Each is told, with its remedy, before anything is sent."""
    with pytest.raises(Misconfigured) as raised:
        await plugin.open(location(settings), StoreOptions())
    assert words in str(raised.value)
    assert "sk" not in str(raised.value).replace("'kodo", "").split()


@pytest.mark.parametrize("bucket", ["", "a b", "é", "a:b"])
async def test_no_bucket(bucket: str) -> None:
    """A URL names a bucket."""
    with pytest.raises(Misconfigured, match=r"write kodo://bucket/prefix"):
        await plugin.open(location(_KEYS, bucket=bucket), StoreOptions())


def test_keys_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the remote has none; halves of two pairs are never put together."""
    monkeypatch.setenv("QINIU_ACCESS_KEY", "env-ak")
    monkeypatch.setenv("QINIU_SECRET_KEY", "env-sk")
    assert (read_settings(location({})).access_key, read_settings(location({})).secret_key) == ("env-ak", "env-sk")
    assert read_settings(location(_KEYS)).access_key == "ak"
    with pytest.raises(Misconfigured, match="has no secret_key"):
        read_settings(location({"access_key": "ak"}))


def test_keys_from_the_command_go_first() -> None:
    """And they too are a pair."""
    with pytest.raises(Misconfigured, match="has no secret_key"):
        read_settings(location(_KEYS, frozenset({"access_key"})))
    assert read_settings(location(_KEYS, frozenset(_KEYS))).access_key == "ak"


def test_secrets_are_not_shown() -> None:
    """In no representation."""
    assert "hidden" not in repr(read_settings(location({**_KEYS, "secret_key": "hidden"})))


def test_addresses() -> None:
    """A scheme is added where there is none; one endpoint stands for all, and single ones go before it."""
    settings = read_settings(
        location({**_KEYS, "scheme": "http", "endpoint": "10.0.0.1:80/", "up": "https://up.local"})
    )
    assert chosen(settings) == {
        Service.UP: "https://up.local",
        Service.RS: "http://10.0.0.1:80",
        Service.RSF: "http://10.0.0.1:80",
        Service.API: "http://10.0.0.1:80",
    }
    assert uc_address(settings) == "http://10.0.0.1:80"
    local = read_settings(location({**_KEYS, "endpoint": "http://10.0.0.1:80", "domain": "files.local"}))
    assert (local.scheme, local.domain) == ("http", "http://files.local")
    assert uc_address(read_settings(location(_KEYS))) == "https://uc.qiniuapi.com"


def test_regions() -> None:
    """The names of the well-known servers."""
    assert of_region("z0", "https").addresses == {
        Service.UP: "https://up.qiniup.com",
        Service.RS: "https://rs-z0.qiniuapi.com",
        Service.RSF: "https://rsf-z0.qiniuapi.com",
        Service.API: "https://api-z0.qiniuapi.com",
    }
    assert of_region("as0", "http").addresses[Service.UP] == "http://up-as0.qiniup.com"


async def test_a_store_says_what_it_is() -> None:
    """Its URL has no secret; accounts differ where keys do; blocks limit parts and objects."""
    store = await plugin.open(location({**_KEYS, "comparable_hash": "true", "ordered": "true"}), StoreOptions())
    assert store.url == "kodo://b/p/"
    assert (store.origin.container, store.origin.prefix) == ("b", "p/")
    assert store.capabilities.ordered
    assert store.limits.max_key == 750
    assert store.limits.refused == frozenset("\0")
    assert (store.limits.min_part, store.limits.max_part, store.limits.max_object) == (2**22, 2**22, 10_000 * 2**22)
    await store.aclose()


async def test_a_private_cloud_without_fetches_says_so() -> None:
    """Three addresses are all that it takes for everything else: nothing is asked for the fourth."""
    addresses = dict.fromkeys(("up", "rs", "rsf"), "http://127.0.0.1:1")
    store = await plugin.open(location({**_KEYS, **addresses}), StoreOptions())
    with pytest.raises(Unsupported, match=r"'kodo://b/p/' has no service 'api': name its address by 'api'"):
        await store.fetch("https://example.com/k", Entry("k", 1), "k", Metadata())
    await store.aclose()


def test_a_bucket_without_fetches_is_one_too() -> None:
    """Where Qiniu's answer, or that of what imitates it, names none."""
    there = {name: {"domains": [f"{name}.local"]} for name in ("up", "rs", "rsf")}
    assert of_reply({"hosts": [{"region": "z0", **there}]}, "http").addresses == {
        Service.UP: "http://up.local",
        Service.RS: "http://rs.local",
        Service.RSF: "http://rsf.local",
    }
