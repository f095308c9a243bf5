"""Descriptions of archives: ours read by mtglacier, and everybody's by us."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.errors import Unsupported
from transfer_glacier.descriptions import NAME_BYTES, Described, describe, named, read, room
from transfer_glacier.journal import fault_of

ID = "HdGDbije6lWPT8Q8S3uOWJF6Ou9MWRlrfMGDr6TCrhXu"
MT2 = {
    "mt2 eyJmaWxlbmFtZSI6ImZpbGUiLCJtdGltZSI6IjIwMTIxMTE0VDIwMTYxOFoifQ": ("file", 1352924178),
    "mt2 eyJmaWxlbmFtZSI6ImZpbGUvYS9iL2MvZCIsIm10aW1lIjoiMjAxMjExMDVUMTQwMjU4WiJ9": ("file/a/b/c/d", 1352124178),
    "mt2 eyJmaWxlbmFtZSI6ItC00LjRgNC10LrRgtC-0YDQuNGPL9GE0LDQudC7IiwibXRpbWUiOiIyMDEyMTEwNVQxNDAyNThaIn0": (
        "директория/файл",
        1352124178,
    ),
}


def mt2(told: object, version: int = 2) -> str:
    text = told if isinstance(told, str) else json.dumps(told)
    return f"mt{version} " + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def b64(name: str) -> str:
    return base64.b64encode(name.encode()).decode()


@pytest.mark.parametrize("description", MT2)
def test_known_descriptions_of_mtglacier(description: str) -> None:
    """Read, and written as it writes them."""
    name, mtime = MT2[description]
    assert read(description) == Described(name, mtime)
    assert describe(name, mtime) == description
    assert named(description, ID) == Described(name, mtime)


def test_the_version_of_one_month() -> None:
    """UTF-8, encoded once more."""
    assert read("mt1 eyJmaWxlbmFtZSI6IsOQwrAiLCJtdGltZSI6IjE5NzAwMTAxVDAwMDIwM1oifQ") == Described("\u0430", 123)


@given(name=st.text(st.characters(codec="utf-8"), max_size=150), mtime=st.integers(-(2**36), 2**37))
def test_what_is_described_reads_as_it_was(name: str, mtime: int) -> None:
    """Whatever the name, in few enough characters of ASCII."""
    text = describe(name, mtime)
    assert read(text) == Described(name, max(-30610224000, min(mtime, 253402300799)))
    assert len(text) <= 1024
    assert text.isascii()
    assert text.isprintable()


@given(name=st.text(st.characters(codec="utf-8"), max_size=90), mtime=st.integers(0, 2**33))
def test_the_version_of_one_month_reads_as_it_was(name: str, mtime: int) -> None:
    """With any letters."""
    plain = describe(name, mtime).removeprefix("mt2 ")
    payload = base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    assert read(mt2(payload.decode("latin-1"), version=1)) == Described(name, mtime)


@pytest.mark.parametrize(
    "description",
    [
        "  \tmt2 \t {}",
        "mt2 {}==",
        "mt2 {}=",
    ],
)
def test_blanks_and_padding_are_let_off(description: str) -> None:
    """Tools and people add them."""
    payload = next(iter(MT2)).removeprefix("mt2 ")
    assert read(description.format(payload)) == Described("file", 1352924178)


@pytest.mark.parametrize("date", ["2012-11-14T20:16:18Z", "20121114T201618.123Z", "2012-11-14 20:16:18.5Z"])
def test_dates_may_have_separators_and_fractions(date: str) -> None:
    """The second counts."""
    assert read(mt2({"mtime": date, "filename": "file"})) == Described("file", 1352924178)


@pytest.mark.parametrize(
    "description",
    [
        "",
        "  ",
        "mt2 ",
        "mt2 !!!",
        "mt2 x",
        "mt2 " + "A" * 1025,
        "mt3 eyJmaWxlbmFtZSI6ImZpbGUiLCJtdGltZSI6IjIwMTIxMTE0VDIwMTYxOFoifQ",
        "mtijob1 eyJ0eXBlIjoiZnVsbCJ9",
        mt2({"filename": "file"}),
        mt2({"mtime": "20121114T201618Z"}),
        mt2({"filename": "file", "mtime": "20121314T201618Z"}),
        mt2({"filename": "file", "mtime": "09991114T201618Z"}),
        mt2({"filename": "file", "mtime": "20121114T201618"}),
        mt2({"filename": {"a": "b"}, "mtime": "20121114T201618Z"}),
        mt2(["file"]),
        mt2("[" * 700),
        mt2("no json"),
        "mt2 " + base64.urlsafe_b64encode(b'{"filename":"\xff"}').decode(),
        mt2('{"filename":"\u0430","mtime":"20121114T201618Z"}', version=1),
        "<m><v>4</v></m>",
        "<m><v>4</v><p>%%%</p></m>",
        "<m><v>4</v><p>/w==</p></m>",
        "<html>",
        "{",
        '{"Name": "x"}',
        '{"Path": 5}',
    ],
)
def test_what_can_not_be_understood_is_called_by_its_id(description: str) -> None:
    """Without a time."""
    assert read(description) is None
    assert named(description, ID) == Described(ID, None)


@pytest.mark.parametrize(
    ("description", "told"),
    [
        (f"<m><v>4</v><p>{b64('фото/a b.jpg')}</p><lm>20121114T201618Z</lm><ce>0:0:x:5</ce></m>", 1352924178),
        (f"<m><v>2</v><p>{b64('фото/a b.jpg')}</p></m>", None),
        (f"<m><v>4</v><p>{b64('фото/a b.jpg')}</p><lm>yesterday</lm></m>", None),
        ("<ArchiveMetadata><Path>фото/a b.jpg</Path></ArchiveMetadata>", None),
        (
            "<ArchiveMetadata>\n<Path>&#1092;ото/a b.jpg</Path> <LastModified>20121114T201618Z</LastModified>",
            1352924178,
        ),
        ('{"Path":"фото/a b.jpg","UTCDateModified":"20121114T201618Z"}', 1352924178),
        ('{"path":"\\u0444\\u043e\\u0442\\u043e/a b.jpg"}', None),
        ("фото/a b.jpg", None),
    ],
)
def test_other_tools(description: str, told: int | None) -> None:
    """FastGlacier, CloudBerry and its like, and those that write the name alone."""
    assert read(description) == named(description, ID) == Described("фото/a b.jpg", told)


@pytest.mark.parametrize(
    "name", ["..", "../x", "a/../../x", "a\nb", "a\tb", "a//b", "a/", "/", "", ".", "a\0b", "\ud800", "//../etc"]
)
def test_unsafe_names_become_ids(name: str) -> None:
    """In whatever form they come."""
    for description in (mt2({"filename": name, "mtime": "20121114T201618Z"}), json.dumps({"Path": name}), name):
        assert named(description, ID) == Described(ID, None)


def test_a_path_from_the_root_is_kept_below_it() -> None:
    """Some tools write whole paths."""
    assert named("/home/me/backup.tar", ID) == Described("home/me/backup.tar")
    assert read("/home/me/backup.tar") == Described("/home/me/backup.tar")


@given(description=st.text() | st.text('mt12 {}<>/"Path:.\n\t', max_size=60))
def test_whatever_a_description_is_its_name_is_safe(description: str) -> None:
    """And nothing is raised."""
    assert fault_of(named(description, ID).name) is None


@given(payload=st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_whatever_is_in_a_payload(payload: object) -> None:
    """Nothing is raised."""
    assert fault_of(named(mt2(payload), ID).name) is None
    assert fault_of(named(json.dumps(payload), ID).name) is None


@pytest.mark.parametrize(("letter", "most"), [("a", 723), ("я", 361), ("あ", 241), ('"', 361), ("\x01", 120)])
def test_how_long_a_name_may_be(letter: str, most: int) -> None:
    """As many bytes as fit into 1,024 characters of base64."""
    assert NAME_BYTES == 723
    assert room(letter * most) >= 0
    assert room(letter * (most + 1)) < 0
    assert len(describe(letter * most, 0)) <= 1024
    with pytest.raises(Unsupported, match="a vault has 723 for it"):
        describe(letter * (most + 1), 0)


def test_a_name_that_is_no_unicode_is_refused() -> None:
    """As a disk may have it."""
    with pytest.raises(Unsupported, match=r"'\\udc80' is not valid Unicode"):
        room("\udc80")
