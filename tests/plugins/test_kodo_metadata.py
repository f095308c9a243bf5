"""Metadata fits Kodo's few characters and bytes, comes back as it was, or is named as lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulators.kodo_bucket import Rules, check_metas, check_mime
from transfer.errors import Unsupported
from transfer.model import Metadata, Posix
from transfer.testing.strategies import user_metadata
from transfer_qiniu import values
from transfer_qiniu.classes import is_frozen, name_of, number_of
from transfer_qiniu.metadata import Fields, as_far_as_taken, from_fields, to_fields


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    """In characters that Kodo takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    value = values.encode(text)
    assert values.decode(value) == text
    check_metas({"n": value[:200]}, Rules())


@pytest.mark.parametrize("value", ["b64=", "b64=!", "b64=4pi", "b64=YQ", "b64=YWJj", "plain b64="])
def test_what_others_wrote_stays(value: str) -> None:
    """Only what is just as we would write it is ours to read."""
    text = values.decode(value)
    assert text == value or values.encode(text) == value


@given(user_metadata(), st.dictionaries(st.sampled_from(["expires", "cache_control"]), st.text(max_size=300)))
def test_what_is_sent_is_taken_and_the_rest_is_lost(user: dict[str, str], headers: dict[str, str]) -> None:
    """Whatever metadata there is: the server takes what is sent, and all else is named."""
    metadata = Metadata(user=user, posix=Posix(mtime_ns=1, mode=0o100644), **headers)  # type: ignore[arg-type]
    fields = to_fields(metadata)
    check_metas(fields.named, Rules())
    check_mime(fields.mime)
    kept = from_fields(fields.mime, name_of(fields.type), fields.named)
    gone = {name for name in user if kept.user.get(name) != user[name]}
    assert {f"user metadata '{name}'" for name in gone} <= set(fields.lost)
    assert kept.posix == metadata.posix
    for name, value in headers.items():
        assert getattr(kept, name) == value or name.replace("_", "-") in fields.lost


def test_overflow_is_lost_never_a_failure() -> None:
    """A file's own fields come first, then headers, then what there is room for."""
    metadata = Metadata(
        cache_control="no-cache", user={f"n{n}": "v" * 190 for n in range(8)}, posix=Posix(mtime_ns=1, uid=7)
    )
    fields = to_fields(metadata)
    check_metas(fields.named, Rules())
    assert {"mtime", "uid", "!Cache-Control", "n0"} <= fields.named.keys()
    assert fields.lost == tuple(f"user metadata 'n{n}'" for n in range(5, 8))


@pytest.mark.parametrize(
    ("metadata", "lost"),
    [
        (Metadata(content_type='text/html; charset="utf-8"'), ("content-type",)),
        (Metadata(content_disposition="attachment; filename=é"), ("content-disposition",)),
        (Metadata(website_redirect="/x"), ("website redirect",)),
        (Metadata(tags={"a": "b"}), ("tags",)),
        (Metadata(storage_class="OUTPOSTS"), ("storage class 'OUTPOSTS'",)),
        (Metadata(user={"é": "1"}), ("user metadata 'é'",)),
        (Metadata(user={"n" * 51: "1"}), (f"user metadata '{'n' * 51}'",)),
        (Metadata(user={"Name": "1", "name": "2"}), ("user metadata 'name'",)),
        (Metadata(user={"long": "é" * 80}), ("user metadata 'long'",)),
    ],
)
def test_lost(metadata: Metadata, lost: tuple[str, ...]) -> None:
    """By name."""
    assert to_fields(metadata).lost == lost


def test_classes() -> None:
    """All names of one tier are one class; a class is told by the name of Kodo's S3 interface."""
    names = [None, "STANDARD", "STANDARD_IA", "IA", "GLACIER", "ColdArchive", "DEEP_ARCHIVE", "GLACIER_IR"]
    assert [number_of(name) for name in names] == [0, 0, 1, 1, 2, 2, 3, 4]
    assert number_of("INTELLIGENT_TIERING") == 5
    assert number_of("NEVER_HEARD_OF") is None
    assert [number_of(name_of(number)) for number in range(6)] == list(range(6))
    assert name_of(9) == "9"
    assert [is_frozen(number, 0) for number in range(6)] == [False, False, True, True, False, False]
    assert [is_frozen(2, status) for status in (0, 1, 2)] == [True, True, False]


async def test_doubtful_headers_go_first() -> None:
    """Where the server refuses them, they are lost and all else is sent; other refusals stay refusals."""
    fields = to_fields(Metadata(expires="Wed, 21 Oct 2037 07:28:00 GMT", cache_control="no-cache", user={"a": "b"}))
    asked: list[Fields] = []

    async def picky(sent: Fields) -> str:
        asked.append(sent)
        if "!Expires" in sent.named:
            raise Unsupported("no colons", code="400")
        return "taken"

    assert await as_far_as_taken(fields, picky) == ("taken", ("expires",))
    assert [set(sent.named) for sent in asked] == [
        {"!Expires", "!Cache-Control", "a"},
        {"!Cache-Control", "a"},
    ]

    async def stubborn(sent: Fields) -> str:
        raise Unsupported("never", code="413")

    with pytest.raises(Unsupported, match="never"):
        await as_far_as_taken(fields, stubborn)
