"""Addresses, settings, and what makes no sense in them."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from transfer.errors import Misconfigured, Transient
from transfer.plugin import Location, StoreOptions
from transfer_s3 import plugin
from transfer_s3.endpoint import locate, region_in

_AUTO = None


@pytest.mark.parametrize(
    ("address", "bucket", "region", "style", "url"),
    [
        (None, "bucket", "us-east-1", _AUTO, "https://bucket.s3.us-east-1.amazonaws.com/k"),
        (None, "bucket", "cn-north-1", _AUTO, "https://bucket.s3.cn-north-1.amazonaws.com.cn/k"),
        (None, "a.dotted.bucket", "eu-west-1", _AUTO, "https://s3.eu-west-1.amazonaws.com/a.dotted.bucket/k"),
        (None, "UPPER", "us-east-1", _AUTO, "https://s3.us-east-1.amazonaws.com/UPPER/k"),
        (None, "bucket", "us-east-1", True, "https://s3.us-east-1.amazonaws.com/bucket/k"),
        ("http://127.0.0.1:9000", "bucket", "us-east-1", _AUTO, "http://127.0.0.1:9000/bucket/k"),
        ("http://[::1]:9000/", "bucket", "us-east-1", _AUTO, "http://[::1]:9000/bucket/k"),
        ("https://minio.example.com", "bucket", "us-east-1", _AUTO, "https://minio.example.com/bucket/k"),
        ("https://minio.example.com", "bucket", "us-east-1", False, "https://bucket.minio.example.com/k"),
        ("minio.example.com:443", "bucket", "us-east-1", _AUTO, "https://minio.example.com/bucket/k"),
        ("https://Example.com/s3 x/", "bucket", "us-east-1", _AUTO, "https://example.com/s3%20x/bucket/k"),
        ("https://oss-cn-hangzhou.aliyuncs.com", "b-1", "r", _AUTO, "https://b-1.oss-cn-hangzhou.aliyuncs.com/k"),
        ("https://cos.ap-guangzhou.myqcloud.com", "b-1", "r", _AUTO, "https://b-1.cos.ap-guangzhou.myqcloud.com/k"),
        ("https://s3-cn-east-1.qiniucs.com", "b-1", "r", _AUTO, "https://b-1.s3-cn-east-1.qiniucs.com/k"),
    ],
)
def test_where_a_bucket_is(address: str | None, bucket: str, region: str, style: bool | None, url: str) -> None:
    """In the host where the provider wants it there and its name can be there, else in the path."""
    endpoint = locate(address, bucket, region, path_style=style)
    assert endpoint.url(endpoint.object_path("k"), "") == url


@pytest.mark.parametrize(
    ("address", "region"),
    [
        ("https://s3.eu-west-3.amazonaws.com", "eu-west-3"),
        ("https://s3.dualstack.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("https://s3.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
        ("https://oss-cn-hangzhou-internal.aliyuncs.com", "oss-cn-hangzhou"),
        ("https://cos.ap-guangzhou.myqcloud.com", "ap-guangzhou"),
        ("https://s3-cn-east-1.qiniucs.com", "cn-east-1"),
        ("https://minio.example.com", None),
        (None, None),
    ],
)
def test_a_region_in_a_name(address: str | None, region: str | None) -> None:
    """Endpoints of known providers tell their region."""
    assert region_in(address) == region


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"endpoint": "ftp://x"}, "must be an address"),
        ({"endpoint": "http://user:sesame@x"}, "must be an address"),
        ({"endpoint": "http://x:port"}, "must be an address"),
        ({"endpoint": "http://"}, "must be an address"),
        ({"path_style": "perhaps"}, "path_style = 'perhaps' must be true or false"),
        ({"verify": "hope"}, "must be one of crc64nvme, crc32c, md5, etag, none"),
        ({"access_key_id": "a"}, "both access_key_id and anonymous, which exclude each other"),
        ({"ca_bundle": "/no/such/file"}, "'/no/such/file' can't be used"),
        ({"profile": "nobody"}, "nobody"),
    ],
)
async def test_settings_that_make_no_sense(settings: dict[str, str], words: str) -> None:
    """Each is refused by name when the store is opened, without its secrets."""
    given = settings if "profile" in settings else {"anonymous": "true", **settings}
    with pytest.raises(Misconfigured) as caught:
        await plugin.open(Location("s3://b/", "s3", "b", "", given), StoreOptions())
    assert words in str(caught.value)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (StoreOptions(sse="rot13"), "--sse rot13 must be one of"),
        (StoreOptions(sse_kms_key_id="k"), "needs --sse aws:kms"),
        (StoreOptions(sse="AES256", sse_c_key_file="f"), "exclude each other"),
        (StoreOptions(sse_c_key_file="/no/such/key"), "'/no/such/key' can't be read"),
    ],
)
async def test_encryption_that_makes_no_sense(options: StoreOptions, words: str) -> None:
    """Each is refused when the store is opened."""
    with pytest.raises(Misconfigured) as caught:
        await plugin.open(Location("s3://b/", "s3", "b", "", {"anonymous": "true"}), options)
    assert words in str(caught.value)


async def test_a_url_without_a_bucket() -> None:
    """The sentence shows what to write."""
    with pytest.raises(Misconfigured, match="names no bucket: write s3://bucket/prefix"):
        await plugin.open(Location("s3://", "s3", "", ""), StoreOptions())


@pytest.mark.parametrize(("path", "prefix"), [("", ""), ("x", "x/"), ("x/", "x/"), ("x/y", "x/y/"), ("/x", "/x/")])
async def test_a_prefix_is_a_folder(path: str, prefix: str) -> None:
    """``x`` never touches ``xyz``; slashes beyond the URL's own are part of the name."""
    store = await plugin.open(Location(f"s3://b/{path}", "s3", "b", path, {"anonymous": "true"}), StoreOptions())
    assert (store.origin.container, store.origin.prefix) == ("b", prefix)
    assert store.origin.endpoint == "https://s3.amazonaws.com"
    await store.aclose()


async def test_origins_compare() -> None:
    """The same server and key is one place, whatever the bucket; another key is another, and none is shown."""

    async def account(key: str) -> tuple[str, str]:
        given = {"endpoint": "http://h:1/", "access_key_id": key, "secret_access_key": "s"}
        store = await plugin.open(Location("s3://b/", "s3", "b", "", given), StoreOptions())
        await store.aclose()
        return store.origin.endpoint, store.origin.account

    assert await account("AKID1") == await account("AKID1")
    assert await account("AKID1") != await account("AKID2")
    assert "AKID1" not in str(await account("AKID1"))


@pytest.fixture
def nobody() -> str:
    """An address at which no server is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("given", "check the endpoint that is given for here://b/"),
        ("file", r"check 'endpoint' in transfer.toml, \[remote.here\]"),
        ("AWS_ENDPOINT_URL", "check AWS_ENDPOINT_URL in the environment"),
        ("AWS_ENDPOINT_URL_S3", "check AWS_ENDPOINT_URL_S3 in the environment"),
        ("profile", "check endpoint_url in the AWS configuration"),
    ],
)
async def test_an_endpoint_without_a_server(
    nobody: str, place: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence has its address, what happened, and where it was named."""
    settings: dict[str, str] = {"access_key_id": "AK", "secret_access_key": "s"}
    if place in ("given", "file"):
        settings["endpoint"] = nobody
    elif place == "profile":
        settings = {"profile": "work"}
        text = f"[profile work]\naws_access_key_id = AK\naws_secret_access_key = s\nendpoint_url = {nobody}\n"
        (tmp_path / "config").write_text(text)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    else:
        monkeypatch.setenv(place, nobody)
    given = frozenset({"endpoint"} if place == "given" else ())
    location = Location("here://b/", "s3", "b", "", settings, given, "transfer.toml, [remote.here]")
    store = await plugin.open(location, StoreOptions())
    try:
        host = nobody.removeprefix("http://")
        with pytest.raises(Transient, match=f"^No connection to '{host}': Connection refused; {words}"):
            await store.check(write=False)
    finally:
        await store.aclose()
