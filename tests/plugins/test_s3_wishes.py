"""What a run asks of all that it writes, and no server knows: refused once, ahead of the first object."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from tests.plugins.scripted import EMPTY_LISTING, Asked, document, error, scripted
from transfer import Options, sync
from transfer.errors import Misconfigured
from transfer.model import Metadata
from transfer.plugin import Location, StoreOptions
from transfer.restxml.dialect import Dialect
from transfer.restxml.metadata import to_headers
from transfer.restxml.opening import refuse_nonsense
from transfer.testing.servers import Server
from transfer_cos.dialect import COS
from transfer_oss.dialect import OSS
from transfer_s3 import plugin
from transfer_s3.dialect import S3, dialect_at

_BEGUN = "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (StoreOptions(acl="bogus"), "--acl bogus must be one of private, public-read, public-read-write,"),
        (StoreOptions(asked_class="kühl"), "--storage-class 'kühl' can't be sent"),
    ],
)
async def test_what_no_server_takes_is_refused_when_opened(options: StoreOptions, words: str) -> None:
    """Canned ACLs are a closed list, and a header holds plain text."""
    with pytest.raises(Misconfigured, match=words):
        await plugin.open(Location("s3://b/", "s3", "b", "", {"anonymous": "true"}), options)


@pytest.mark.parametrize("dialect", [S3, OSS, COS])
def test_what_a_dialect_has_words_for_may_be_asked_of_it(dialect: Dialect) -> None:
    """Or the engine would refuse what the plugin can send."""
    can = dialect.capabilities
    assert (can.acls, can.storage_classes, can.encryption, can.tags) == (True, True, True, True)
    refuse_nonsense(dialect, StoreOptions(acl="public-read", asked_class="ANY"))
    with pytest.raises(Misconfigured, match="--acl bogus must be one of"):
        refuse_nonsense(dialect, StoreOptions(acl="bogus"))


def _knows_no_bogus_class(asked: Asked) -> web.Response:
    if asked.headers.get("x-amz-storage-class") == "bogus":
        return error("InvalidStorageClass", 400)
    return document(EMPTY_LISTING if asked.method == "GET" else _BEGUN)


async def test_a_storage_class_is_for_the_server_to_refuse() -> None:
    """In a sentence with the option's name; whoever only reads is not concerned."""
    async with scripted(_knows_no_bogus_class) as server:
        store = await server.open(options=StoreOptions(asked_class="bogus"), verify="md5")
        with pytest.raises(Misconfigured, match=r"^The server does not know --storage-class 'bogus': leave it out"):
            await store.check(write=True)
        await store.check(write=False)
        other = await server.open(options=StoreOptions(asked_class="COLD"), verify="md5")
        await other.check(write=True)
        assert server.asked[-2].headers["x-amz-storage-class"] == "COLD"


async def test_a_server_that_refuses_late_names_the_remedy_too(
    moto_server: Server, moto_bucket: str, tmp_path: Path
) -> None:
    """moto and SeaweedFS look at the class only when there is an object to give it to."""
    (tmp_path / "k").touch()
    options = Options(storage_class="bogus", target_settings=moto_server.settings, retries=0)
    result = await sync(tmp_path, f"s3://{moto_bucket}/x", options)
    assert "a storage class that the server does not know: name another with --storage-class" in str(result.failures)


def test_a_class_that_is_asked_for_is_sent_even_to_aws() -> None:
    """One that an object brings along is left out where it is not known; AWS may have new ones."""
    asked, brought = Metadata(storage_class="NEW_CLASS"), Metadata(storage_class="OTHER")
    sent = to_headers(S3, asked, genuine=True, asked_class="NEW_CLASS")
    assert sent == ({"x-amz-storage-class": "NEW_CLASS"}, ())
    assert to_headers(S3, brought, genuine=True, asked_class="NEW_CLASS") == ({}, ("storage class 'OTHER'",))


@pytest.mark.parametrize(
    ("host", "brought", "sent"),
    [
        ("s3.example.com", "LINE", "STANDARD_IA"),
        ("s3.example.com", "MAZ_ARCHIVE", "GLACIER"),
        ("s3.example.com", "OWN", "OWN"),
        ("b.s3-cn-east-1.qiniucs.com", "LINE", "LINE"),
        ("b.cos.ap-guangzhou.myqcloud.com", "MAZ_STANDARD_IA", "MAZ_STANDARD_IA"),
        ("b.cos.ap-guangzhou.myqcloud.com", "LINE", "STANDARD_IA"),
    ],
)
def test_a_class_of_another_provider_becomes_its_like(host: str, brought: str, sent: str) -> None:
    """But at that provider's own endpoint, and but for names that a server of S3's may have made up."""
    headers, lost = to_headers(dialect_at(host), Metadata(storage_class=brought), genuine=False)
    assert (headers, lost) == ({"x-amz-storage-class": sent}, ())
