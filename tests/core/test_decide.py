"""One decision at a time: what is known without a request, and what follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.checkpoint import Kept, Look, Row
from transfer.checkpoint.codec import row_columns, storable
from transfer.decide import UNCHANGED, Do, Rules, Step, decide, same_mtime, unchanged
from transfer.filters import Filter, Rule
from transfer.model import UNPROVEN, Entry, Kind, Proof, Proven, Unlisted, Why
from transfer.options import Compare

SECOND = 1_000_000_000
HERE = Entry("k", 3, mtime_ns=5, modified_ns=5, etag="a")
THERE = Entry("k", 3, mtime_ns=5, modified_ns=9, etag="b")
SEEN = Row("k", Look.of(HERE), Look.of(THERE), None, Proof(Proven.VERIFIED, "crc64nvme"), "", "", racy=False)


def step(
    source: Entry | Unlisted | None,
    target: Entry | Unlisted | None,
    row: Row | None = None,
    rules: Rules = Rules(),
    *,
    shielded: bool = False,
) -> Step:
    found = decide("k", source, target, row, rules, shielded=shielded)
    assert found is not None
    return found


def do(*args: Entry | Unlisted | Row | Rules | None) -> Do:
    return step(*args).do  # type: ignore[arg-type]


def test_what_only_the_source_has_is_copied() -> None:
    """The reason tells a new object from one that the target lost."""
    assert step(HERE, None) == Step(Do.COPY, "k", "new", HERE)
    assert step(HERE, None, SEEN).reason == "gone from the target"
    assert do(HERE, None, None, Rules(existing=True)) is Do.SKIP


def test_both_sides_unchanged_since_the_last_run_are_skipped_without_a_look() -> None:
    """The skip is proven if the last success was."""
    assert step(HERE, THERE, SEEN) == Step(Do.SKIP, "k", "unchanged since the last run", HERE, THERE, proven=True)
    assert not step(HERE, THERE, replace(SEEN, proof=UNPROVEN)).proven


times = st.sampled_from([None, 5, 6, 1_000_000_000, 1_000_000_001, 2**70])
texts = st.sampled_from([None, "a", "b", "\udcff"])
sides = st.builds(Entry, st.just("k/"), st.sampled_from([None, 0, 3]), times, times, texts, texts, texts)
looks = st.builds(Look, st.sampled_from([None, 0, 3]), times, times, texts, texts, texts)
proofs = st.sampled_from([UNPROVEN, Proof(Proven.READ_BACK, "md5")])
options = st.builds(
    Rules,
    existing=st.booleans(),
    update=st.booleans(),
    delete=st.booleans(),
    shape=st.sampled_from("ab"),
    folders=st.booleans(),
    empty_dirs=st.booleans(),
    run=st.integers(0, 1),
    unfinished=st.sampled_from([frozenset[str](), frozenset({"k/"})]),
)


@given(
    sides, sides, looks, looks, proofs, st.sampled_from("ab"), st.booleans(), st.integers(0, 1), options, st.booleans()
)
def test_a_glance_never_says_else_than_a_look(
    source: Entry,
    target: Entry,
    source_look: Look,
    target_look: Look,
    proof: Proof,
    shape: str,
    racy: bool,
    run: int,
    rules: Rules,
    as_it_was: bool,
) -> None:
    """What the planner settles by the columns of a row is what the records decide, which say so of all else too."""
    if as_it_was:
        source_look, target_look = Look.of(source), Look.of(target)
    row = Row("k/", source_look, target_look, None, proof, shape, "", racy, run)
    decided = decide("k/", source, target, row, rules)
    kept = Kept(storable(row_columns(row)))
    assert kept.row == row
    glanced = unchanged("k/", source, target, kept, rules)
    assert glanced in (None, decided)
    if decided is not None and decided.reason == UNCHANGED and plain(row):
        assert glanced is not None


def plain(row: Row) -> bool:
    """Whether SQLite holds all values as they are."""
    return storable(row_columns(row)) == list(row_columns(row))


def test_a_changed_source_is_copied_or_looked_at() -> None:
    """Another size is a change; another time or ETag at the same size may be none."""
    assert do(replace(HERE, size=4, etag="c"), THERE, SEEN) is Do.COPY
    assert do(replace(HERE, etag="c"), THERE, SEEN) is Do.INSPECT
    assert do(replace(HERE, mtime_ns=6), THERE, SEEN) is Do.INSPECT


def test_a_target_changed_behind_our_back_is_judged_by_its_content() -> None:
    """The checkpoint's word does not count for it, nor does its time, which may have been kept."""
    assert do(HERE, replace(THERE, etag="x", size=4), SEEN) is Do.COPY
    assert do(HERE, replace(THERE, etag="x", mtime_ns=6), SEEN) is Do.INSPECT
    assert do(HERE, replace(THERE, etag="x"), SEEN) is Do.INSPECT
    assert do(HERE, replace(THERE, etag="x")) is Do.SKIP


def test_a_file_read_while_it_was_written_is_looked_at_again() -> None:
    """Though it looks unchanged."""
    assert do(HERE, THERE, replace(SEEN, racy=True)) is Do.INSPECT


def test_other_options_for_the_target_make_an_update() -> None:
    """The bytes stay."""
    assert do(HERE, THERE, SEEN, Rules(shape="other")) is Do.UPDATE


@pytest.mark.parametrize(
    ("compare", "expected"),
    [
        (Compare.DEFAULT, Do.INSPECT),
        (Compare.SIZE, Do.SKIP),
        (Compare.MTIME, Do.INSPECT),
        (Compare.CHECKSUM, Do.INSPECT),
        (Compare.MTIME_AND_CHECKSUM, Do.INSPECT),
        (Compare.MTIME_OR_CHECKSUM, Do.INSPECT),
        (Compare.ALWAYS, Do.COPY),
    ],
)
def test_without_a_checkpoint_equal_sizes_alone_prove_nothing(compare: Compare, expected: Do) -> None:
    """Unless size is all that was asked for."""
    found = step(replace(HERE, mtime_ns=None), THERE, None, Rules(compare=compare))
    assert found.do is expected
    assert not found.proven


@pytest.mark.parametrize(("compare", "skips"), [(Compare.DEFAULT, True), (Compare.CHECKSUM, False)])
def test_equal_mtimes_are_enough_by_default_and_assumed(compare: Compare, skips: bool) -> None:
    """Not where checksums were asked for."""
    found = step(HERE, THERE, None, Rules(compare=compare))
    assert (found.do is Do.SKIP) == skips
    assert not found.proven


@pytest.mark.parametrize(
    ("compare", "equal", "other"),
    [
        (Compare.MTIME, Do.SKIP, Do.INSPECT),
        (Compare.MTIME_AND_CHECKSUM, Do.SKIP, Do.INSPECT),
        (Compare.MTIME_OR_CHECKSUM, Do.INSPECT, Do.COPY),
    ],
)
def test_times_and_checksums_together(compare: Compare, equal: Do, other: Do) -> None:
    """What the times leave open, checksums decide."""
    there = replace(THERE, etag="another")
    assert do(HERE, there, None, Rules(compare=compare)) is equal
    assert do(replace(HERE, mtime_ns=5 + 5 * SECOND), there, None, Rules(compare=compare)) is other


@pytest.mark.parametrize("compare", list(Compare))
def test_a_store_may_keep_whole_seconds(compare: Compare) -> None:
    """By default that is not enough to be equal; who asks for times to be compared gets what is kept compared."""
    assert same_mtime(5 * SECOND + 7, 5 * SECOND, compare) is (compare is not Compare.DEFAULT)
    assert same_mtime(6 * SECOND + 7, 5 * SECOND, compare) is False
    assert same_mtime(5 * SECOND, 5 * SECOND + 7, compare) is False
    assert same_mtime(None, 5 * SECOND, compare) is None
    assert same_mtime(5 * SECOND, None, compare) is None


@pytest.mark.parametrize("compare", [Compare.DEFAULT, Compare.CHECKSUM, Compare.MTIME_AND_CHECKSUM])
def test_equal_etags_and_sizes_are_equal_content(compare: Compare) -> None:
    """That is proven."""
    for etag in ("a", "A"):  # OSS writes an MD5 in capitals
        found = step(HERE, replace(THERE, etag=etag), None, Rules(compare=compare))
        assert (found.do, found.proven) == (Do.SKIP, True)


@pytest.mark.parametrize("compare", [each for each in Compare if each is not Compare.ALWAYS])
def test_other_sizes_are_other_content(compare: Compare) -> None:
    """Whatever is compared by."""
    assert do(replace(HERE, size=4), THERE, None, Rules(compare=compare)) is Do.COPY


@pytest.mark.parametrize("compare", [Compare.SIZE, Compare.DEFAULT])
def test_a_size_that_is_not_known_is_never_taken_for_equal(compare: Compare) -> None:
    """A closer look finds it out."""
    one, other = replace(HERE, size=None, mtime_ns=1), replace(THERE, size=None)
    assert do(one, other, None, Rules(compare=compare)) is Do.INSPECT
    assert do(Entry("k"), THERE, SEEN, Rules(compare=compare)) is Do.INSPECT


def test_the_checkpoint_counts_for_the_default_only() -> None:
    """A comparison that was asked for is made."""
    assert do(HERE, THERE, SEEN, Rules(compare=Compare.CHECKSUM)) is Do.INSPECT
    assert do(HERE, THERE, SEEN, Rules(compare=Compare.ALWAYS)) is Do.COPY


def test_update_asks_only_about_what_would_be_replaced() -> None:
    """What is the same needs no request even so."""
    rules = Rules(update=True)
    assert do(HERE, THERE, SEEN, rules) is Do.SKIP
    assert do(replace(HERE, size=4), THERE, SEEN, rules) is Do.INSPECT
    assert do(HERE, None, None, rules) is Do.COPY


def test_ignore_existing_looks_at_nothing_that_exists() -> None:
    """Be it as different as it may."""
    assert do(replace(HERE, size=4), THERE, None, Rules(ignore_existing=True)) is Do.SKIP


def test_what_an_earlier_run_was_interrupted_in_goes_on() -> None:
    """Unless the checkpoint knows that it is done."""
    rules = Rules(unfinished=frozenset({"k"}))
    assert do(HERE, THERE, None, rules) is Do.COPY
    assert do(HERE, THERE, SEEN, rules) is Do.SKIP


def test_a_copy_that_was_interrupted_does_not_begin_anew() -> None:
    """What it has written since its first run, and looks as it did then, is not copied again."""
    rules = Rules(compare=Compare.ALWAYS, since=3, run=4)
    written = replace(SEEN, run=3)
    assert do(HERE, THERE, written, rules) is Do.SKIP
    assert do(HERE, THERE, replace(SEEN, run=2), rules) is Do.COPY
    assert do(replace(HERE, etag="c"), THERE, written, rules) is Do.COPY
    assert do(HERE, replace(THERE, etag="c"), written, rules) is Do.COPY
    assert do(HERE, THERE, written, replace(rules, shape="other")) is Do.COPY
    assert do(HERE, THERE, replace(written, racy=True), rules) is Do.COPY


def test_what_this_run_did_itself_is_not_done_again() -> None:
    """A plan that is made anew finds it in the checkpoint."""
    assert decide("k", HERE, THERE, replace(SEEN, run=7), Rules(run=7, compare=Compare.ALWAYS)) is None


def test_only_delete_deletes() -> None:
    """What only the target has stays, or goes, or is a difference."""
    assert decide("k", None, THERE, None, Rules()) is None
    assert do(None, THERE, None, Rules(delete=True)) is Do.DELETE
    assert do(None, THERE, None, Rules(two_way=True)) is Do.FAIL
    assert do(None, None, SEEN) is Do.FORGET


@pytest.mark.parametrize("rules", [Rules(delete=True), Rules(two_way=True)])
@pytest.mark.parametrize("hides", [Filter(rules=(Rule(False, "k"),)), Filter(max_size=2), Filter(older_ns=5)])
def test_what_the_filter_hides_is_neither_deleted_nor_a_difference(hides: Filter, rules: Rules) -> None:
    """By its name, its size or its age, and also where the source has it no more."""
    assert decide("k", None, THERE, None, replace(rules, filter=hides)) is None
    assert decide("k", HERE, None, None, replace(rules, filter=hides)) is None


def test_what_can_not_be_listed_protects() -> None:
    """At the source it is a failure or left out; at the target it is neither deleted nor forgotten."""
    broken, left_out = Unlisted("k", Why.UNREADABLE, "no", True), Unlisted("k", Why.SYMLINK, "no", False)
    rules = Rules(delete=True)
    assert do(broken, THERE, None, rules) is Do.FAIL
    assert do(left_out, THERE, None, rules) is Do.LEAVE
    assert decide("k", None, broken, SEEN, rules) is None
    assert decide("k", None, THERE, SEEN, rules, shielded=True) is None
    assert decide("k", None, None, SEEN, rules, shielded=True) is None


def test_what_a_verify_can_not_list_at_the_target_is_a_difference() -> None:
    """A symlink that is left out is none."""
    rules = Rules(two_way=True)
    assert do(None, Unlisted("k", Why.UNREADABLE, "no", True), None, rules) is Do.FAIL
    assert decide("k", None, Unlisted("k", Why.SYMLINK, "no", False), None, rules) is None


def test_a_filter_hides_no_folder_that_may_hold_what_passes() -> None:
    """It need not pass by itself; a name with nothing below it must."""
    jpg = Filter(rules=(Rule(True, "*.jpg"),))
    broken, dead = Unlisted("k", Why.UNREADABLE, "no", True), Unlisted("k", Why.SYMLINK, "no", True, folder=False)
    assert do(broken, None, None, Rules(filter=jpg)) is Do.FAIL
    assert do(broken, THERE, None, Rules(filter=jpg)) is Do.FAIL
    assert do(None, broken, None, Rules(filter=jpg, two_way=True)) is Do.FAIL
    assert decide("k", dead, THERE, None, Rules(filter=jpg)) is None
    pruned = Filter(rules=(Rule(False, "k/"), Rule(True, "*.jpg"), Rule(False, "**")))
    assert decide("k", broken, None, None, Rules(filter=pruned)) is None


def test_folder_markers_are_left_out_unless_asked_for() -> None:
    """Where a side is a disk: there, a key that ends in a slash is a folder. At the target they stay."""
    marker, disks = Entry("k", 0, kind=Kind.FOLDER), Rules(folders=True, delete=True)
    assert do(marker, None, None, disks) is Do.LEAVE
    assert do(marker, None, None, replace(disks, empty_dirs=True)) is Do.COPY
    assert do(marker, None) is Do.COPY
    assert decide("k", None, marker, None, disks) is None
    slash = Entry("k/", 0)
    found = decide("k/", slash, None, None, disks)
    assert found is not None
    assert found.do is Do.LEAVE
