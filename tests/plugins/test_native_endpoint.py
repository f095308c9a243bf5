"""Settings of OSS and COS that make no sense, and domains of the user's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.running import KEY
from tests.plugins.emulated import EmulatedPlace, location_of
from tests.plugins.natives import Native
from transfer.errors import Misconfigured, Unsupported
from transfer.model import Body, Metadata
from transfer.plugin import StoreOptions


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"endpoint": "", "region": ""}, "'{url}' needs the bucket's region: set region, like {near}, or endpoint"),
        ({"endpoint": "ftp://x"}, "must be an address"),
        ({"endpoint": "http://user:sesame@x"}, "must be an address"),
        ({"endpoint": "http://x", "internal": "true"}, "leaves nothing to 'internal' and 'accelerate'"),
        ({"endpoint": "", "internal": "true", "accelerate": "true"}, "given both internal and accelerate"),
        ({"endpoint": "", "cname": "true"}, "cname = true but no endpoint: name the domain"),
        ({"path_style": "perhaps"}, "path_style = 'perhaps' must be true or false"),
        ({"credentials_uri": "x"}, "both {key} and credentials_uri, which exclude each other"),
        ({"anonymous": "true"}, "both {key} and anonymous, which exclude each other"),
        ({"endpoint": "", "ca_bundle": "/no/such/file"}, "'/no/such/file' can't be used"),
    ],
)
async def test_settings_that_make_no_sense(
    native: Native, place: EmulatedPlace[Any], settings: dict[str, Any], words: str
) -> None:
    """Each is refused by name when the store is opened, without its secrets."""
    with pytest.raises(Misconfigured) as caught:
        await place.open(**settings)
    url = f"{native.scheme}://{place.bucket.name}/"
    assert words.format(key=native.names[0], near=place.region, url=url) in str(caught.value)
    assert "sesame" not in str(caught.value)
    assert KEY.secret not in str(caught.value)


@pytest.mark.parametrize("given", [0, 1], ids=["no secret", "no key"])
async def test_half_a_pair_of_keys(native: Native, place: EmulatedPlace[Any], given: int) -> None:
    """The other half is not looked for elsewhere."""
    has, lacks = native.names[given], native.names[1 - given]
    without: dict[str, Any] = {lacks: ""}
    with pytest.raises(Misconfigured, match=f"has {has} but no {lacks}") as caught:
        await place.open(**without)
    assert KEY.secret not in str(caught.value)


def test_secrets_are_not_shown(native: Native) -> None:
    """In no representation."""
    shown = repr(native.settings(**native.keys("a key", "hidden", "hidden")))
    assert "a key" in shown
    assert "hidden" not in shown


async def test_a_url_without_a_bucket(native: Native, place: EmulatedPlace[Any]) -> None:
    """The form is told."""
    form = f"{native.scheme}://bucket{'-appid' * bool(native.suffix)}/prefix"
    with pytest.raises(Misconfigured, match=f"names no bucket: write {form}"):
        await place.plugin.open(location_of(native.scheme, "", "", place.settings), StoreOptions())


async def test_a_domain_that_is_bound_to_the_bucket(native: Native, place: EmulatedPlace[Any]) -> None:
    """It leads to this bucket, and to no other."""
    place.server.service.domains["localhost"] = place.bucket.name
    store = await place.open(endpoint=f"http://localhost:{place.server.port}", cname="true")
    await store.put("k", Body(b"data"), Metadata())
    assert place.held("k").blob.bytes() == b"data"
    plain = await place.open(bucket=native.bucket(place).name)
    entry = await store.stat("k")
    with pytest.raises(Unsupported, match=f"can't be asked by the domain that is bound to '{place.bucket.name}'"):
        await store.copy(plain.origin, entry, "copy", Metadata())
