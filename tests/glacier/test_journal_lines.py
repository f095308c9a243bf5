"""Lines of journals of every version, and what makes no sense in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_glacier.archive import Archive
from transfer_glacier.journal import Created, Deleted, Record, RetrieveJob, fault_of
from transfer_glacier.journal.lines import format_line, parse

ID = (
    "HdGDbije6lWPT8Q8S3uOWJF6Ou9MWRlrfMGDr6TCrhXuDqJ1pzwKR6XV4l1IZ-VrDd2rlLxDFACqnuJouYTzsT5zd6s2ZEAHfRQFriVbjpFfJ1uWru"
    "HRRXIrFIma4PVuz-fp9_pBkA"
)
HASH = "1368761bd826f76cae8b8a74b3aae210b476333484c2d612d061d52e36af631a"
JOB = "6JpQ39WaMaD8O2N5BU5ieEPyAwtGLNdmNmYvomLjvD4JpivO3GwfCWs_sDnla6gl1Y9v-ceUdqU-pqaaz8FgOqc-yxZG"
ARCHIVE = Archive(ID, "def/abc", 7684356, 1355566755, bytes.fromhex(HASH), 1355666755)
UNDATED = Archive(ID, "def/abc", 7684356, None, bytes.fromhex(HASH), 1355666755)


def created(version: str = "B", mtime: str = "1355566755", name: str = "def/abc", **other: str) -> str:
    fields = {"time": "1355666755", "id": ID, "size": "7684356", "hash": HASH, **other}
    return "\t".join((version, fields["time"], "CREATED", fields["id"], fields["size"], mtime, fields["hash"], name))


@pytest.mark.parametrize("version", "ABC")
def test_each_version_of_a_record(version: str) -> None:
    """All three are read alike."""
    assert parse(created(version)) == Created(ARCHIVE)
    assert parse(f"{version}\t1355666755\tDELETED\t{ID}\tdef/abc") == Deleted(1355666755, ID, "def/abc")
    assert parse(f"{version}\t1355666755\tRETRIEVE_JOB\t{ID}\t{JOB}") == RetrieveJob(1355666755, ID, JOB)


def test_the_oldest_records() -> None:
    """They have blanks, no mtime and no job's id; a name may have blanks in it."""
    assert parse(f"1355666755 CREATED {ID} 7684356 {HASH} def/abc") == Created(UNDATED)
    spaced = parse(f"1355666755 CREATED {ID} 7684356 {HASH} a b  c")
    assert isinstance(spaced, Created)
    assert spaced.archive.name == "a b  c"
    assert parse(f"1355666755 DELETED {ID} d e") == Deleted(1355666755, ID, "d e")
    assert parse(f"1355666755  RETRIEVE_JOB \t{ID}") == RetrieveJob(1355666755, ID, None)


def test_an_unknown_mtime() -> None:
    """Of B and C it has a word; in A it is void where the name was made up of the id."""
    assert parse(created("B", "NONE")) == parse(created("C", "NONE")) == Created(UNDATED)
    made_up = parse(created("A", name=ID))
    assert isinstance(made_up, Created)
    assert (made_up.archive.name, made_up.archive.mtime) == (ID, None)
    kept = parse(created("B", name=ID))
    assert isinstance(kept, Created)
    assert kept.archive.mtime == 1355566755
    with pytest.raises(ValueError, match="'NONE' where a time must be"):
        parse(created("A", "NONE"))


@pytest.mark.parametrize(("text", "mtime"), [("+5", 5), ("-5", -5), ("0" * 19 + "7", 7), ("9" * 20, 10**20 - 1)])
def test_an_mtime_has_a_sign_and_twenty_digits(text: str, mtime: int) -> None:
    """At most."""
    found = parse(created(mtime=text))
    assert isinstance(found, Created)
    assert found.archive.mtime == mtime
    with pytest.raises(ValueError, match="where a time must be"):
        parse(created(mtime=text + "0" * 20))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "no record"),
        ("# comment", "no record"),
        ("B\t1\tMOVED\ta\tb", "no record"),
        ("b\t1\tDELETED\ta\tb", "no record"),
        (created() + "\tmore", "no record"),
        ("B\t1\tDELETED\ta", "no record"),
        ("B 1 DELETED a b", "no record"),
        ("D\t1\tDELETED\ta\tb", "version D, which is of a program newer"),
        ("Z\twhatever", "version Z"),
        (created(time="x"), "'x' where a number must be"),
        (created(time="1" * 21), "where a number must be"),
        (created(size="-1"), "'-1' where a number must be"),
        (created(size="\u0661"), "where a number must be"),
        (created(id="a b"), "'a b' where an id must be"),
        (created(id=""), "where an id must be"),
        (created(hash="abc"), "'abc' where a tree hash"),
        ("B\t1\tRETRIEVE_JOB\ta\t", "where an id must be"),
        (created(name=""), "the name '', which is empty"),
        (created(name="/a"), "begins with '/'"),
        (created(name="../a"), "component that is empty, '.' or '..'"),
        (f"1 DELETED {ID} a/../b", "component"),
        (f"1 CREATED {ID} 5 {HASH} /etc/passwd", "begins with"),
    ],
)
def test_what_is_no_record(line: str, why: str) -> None:
    """Each with its reason."""
    with pytest.raises(ValueError, match=why):
        parse(line)


@pytest.mark.parametrize("name", ["a", "a/b", "...", ".a", "a..", "a/.b", " ", "a\\b", "я/ö", "\x7f"])
def test_names_that_are_safe(name: str) -> None:
    """Dots are, where they are not alone."""
    assert fault_of(name) is None


@pytest.mark.parametrize("name", ["", "/", "/a", "a//b", "a/", ".", "..", "./a", "a/.", "a/../b", "a\nb", "a\r", "\t"])
def test_names_that_are_not(name: str) -> None:
    """They would break the line, or lead out of a folder."""
    assert fault_of(name)


def test_lines_are_written_as_version_b() -> None:
    """As mtglacier writes them."""
    assert format_line(Created(ARCHIVE)) == created("B")
    assert format_line(Created(UNDATED)) == created("B", "NONE")
    assert format_line(Deleted(1355666755, ID, "def/abc")) == f"B\t1355666755\tDELETED\t{ID}\tdef/abc"
    assert format_line(RetrieveJob(1355666755, ID, JOB)) == f"B\t1355666755\tRETRIEVE_JOB\t{ID}\t{JOB}"


words = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="-_"), min_size=1)
names = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda name: fault_of(name) is None)
times = st.integers(0, 10**20 - 1)
archives = st.builds(
    Archive,
    words,
    names,
    times,
    st.none() | st.integers(1 - 10**20, 10**20 - 1),
    st.binary(min_size=32, max_size=32),
    times,
)
records = (
    st.builds(Created, archives) | st.builds(Deleted, times, words, names) | st.builds(RetrieveJob, times, words, words)
)


@given(record=records)
def test_what_is_written_reads_as_it_was(record: Record) -> None:
    """In one line."""
    line = format_line(record)
    assert parse(line) == record
    assert not set("\r\n") & set(line)


@given(text=st.text() | st.text("ABCD\t 0123456789NONEabc/.+-"))
def test_any_other_text_is_refused_or_read(text: str) -> None:
    """Never anything else."""
    try:
        record = parse(text)
    except ValueError:
        return
    assert isinstance(record, Created | Deleted | RetrieveJob)


@pytest.mark.parametrize(
    "record",
    [Deleted(1, "a b", "name"), Deleted(1, "a", "../name"), Deleted(-1, "a", "name"), RetrieveJob(1, "a", None)],
)
def test_what_no_line_can_hold_is_not_written(record: Record) -> None:
    """Nobody could read it."""
    with pytest.raises(ValueError, match="has"):
        format_line(record)
