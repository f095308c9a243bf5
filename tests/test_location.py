"""URLs taken apart, and places compared."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.errors import Misconfigured
from transfer.location import Address, inside, names_all, parse_url, same, split_object
from transfer.plugin import Origin

HOME = os.path.expanduser("~")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("s3://bucket", Address("s3", "bucket", "")),
        ("s3://bucket/", Address("s3", "bucket", "")),
        ("s3://bucket/a/b", Address("s3", "bucket", "a/b")),
        ("s3://bucket//a//b/", Address("s3", "bucket", "/a//b/")),
        ("s3://bucket/pre%20fix?x#y z", Address("s3", "bucket", "pre%20fix?x#y z")),
        ("s3://bucket/a\nb", Address("s3", "bucket", "a\nb")),
        ("s3://bucket/a://b", Address("s3", "bucket", "a://b")),
        ("my-remote.1://b/x", Address("my-remote.1", "b", "x")),
        ("./a b", Address("file", "", "./a b")),
        ("/x/y", Address("file", "", "/x/y")),
        ("~/x", Address("file", "", f"{HOME}/x")),
        ("file:///x%20y", Address("file", "", "/x%20y")),
        ("a:b", Address("file", "", "a:b")),
    ],
)
def test_urls(url: str, address: Address) -> None:
    """A URL is taken literally; all that has no scheme is a path."""
    assert parse_url(url) == address


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "not a path"),
        ("a\0b", "not a path"),
        ("s3://", "names no bucket"),
        ("s3:///key", "names no bucket"),
        ("file://host/x", "names a host"),
        ("s3://id:planted@bucket/x", "holds credentials"),
        ("s3://id:plan/planted+x@bucket/x", "holds credentials"),
    ],
)
def test_wrong_urls(url: str, sentence: str) -> None:
    """What is no URL is explained, without repeating credentials."""
    with pytest.raises(Misconfigured, match=sentence) as caught:
        parse_url(url)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "folder", "key"),
    [
        ("s3://b/k", "s3://b", "k"),
        ("s3://b/x/y/k", "s3://b/x/y", "k"),
        ("s3://b/x//k", "s3://b/x", "/k"),
        ("s3://b//k", "s3://b", "/k"),
        ("k.txt", ".", "k.txt"),
        ("/k", "/", "k"),
        ("file:///x/k", "/x", "k"),
    ],
)
def test_objects_are_split(url: str, folder: str, key: str) -> None:
    """An object's URL is its folder's and its key; extra slashes belong to the key."""
    assert split_object(url) == (folder, key)


@given(st.lists(st.sampled_from(["", "a", "b c", "%"]), min_size=1, max_size=5).map("/".join))
def test_split_keys_are_found_again(path: str) -> None:
    """The folder, which ends in one slash or none, and the key together are the object's path."""
    url = f"s3://b/{path}"
    if not path or path.endswith("/"):
        with pytest.raises(Misconfigured, match="names a folder"):
            split_object(url)
        return
    folder, key = split_object(url)
    prefix = parse_url(folder).path
    assert not prefix.endswith("/")
    assert (f"{prefix}/{key}" if prefix else key) == path


@pytest.mark.parametrize("url", ["s3://b", "s3://b/", "s3://b/x/", "x/", "/"])
def test_folders_are_no_objects(url: str) -> None:
    """The URL of a folder can't be split."""
    with pytest.raises(Misconfigured, match="names a folder"):
        split_object(url)


def test_places_are_compared() -> None:
    """Endpoint, bucket and prefix decide, whatever the account, and prefixes end at folders."""
    place = Origin("https://host", "me", "b", "x/")
    assert same(place, Origin("https://host", "you", "b", "x/"))
    others = [
        Origin("https://other", "me", "b", "x/"),
        Origin("https://host", "me", "c", "x/"),
        Origin("https://host", "me", "b", "xy/"),
    ]
    assert not any(same(place, other) or inside(place, other) or inside(other, place) for other in others)
    below = Origin("https://host", "me", "b", "x/y/")
    bucket = Origin("https://host", "me", "b", "")
    assert inside(below, place)
    assert inside(place, bucket)
    assert not inside(place, below)
    assert not inside(place, place)


def test_a_scheme_alone_names_all_there_is() -> None:
    """That of disks does not."""
    assert all(map(names_all, ("s3://", "my-remote:///")))
    assert not any(map(names_all, ("s3://bucket", "s3:///key", "file:///", "file://", "/", "s3:", "")))


@pytest.mark.parametrize("url", ["caf\udce9", "s3://bucket/caf\udce9"])
def test_bytes_that_are_no_utf8_are_refused(url: str) -> None:
    """They are shown as they are, and never reach a checkpoint."""
    with pytest.raises(Misconfigured, match=r"caf\\xe9' is not UTF-8"):
        parse_url(url)


def test_a_stream_is_no_folder() -> None:
    """Who means a folder of that name can say so."""
    with pytest.raises(Misconfigured, match=r"only 'transfer copy' takes"):
        parse_url("-")
    assert parse_url("./-").path == "./-"
