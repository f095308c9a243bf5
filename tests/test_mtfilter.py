"""mtglacier's filter rules, each as its code has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.errors import Misconfigured
from transfer.mtfilter import MtFilter, Rule, parse_filter, parse_filters


def matches(pattern: str, key: str) -> bool:
    return Rule(include=False, pattern=pattern).matches("/" + key)


@pytest.mark.parametrize(
    ("pattern", "key", "matched"),
    [
        # A file's name, at any depth.
        ("a.gz", "a.gz", True),
        ("a.gz", "x/y/a.gz", True),
        ("a.gz", "x/ba.gz", False),
        ("a.gz", "a.gz/x", False),
        ("*.gz", "x/a.gz", True),
        ("*.gz", "x/a.gz.txt", False),
        ("*.gz", "x.gz/a", False),
        ("?", "x/a", True),
        ("?", "x/ab", False),
        ("*", "x/y", True),
        # A folder, at any depth, and never a file.
        ("tmp/", "tmp/a", True),
        ("tmp/", "x/tmp/y/z", True),
        ("tmp/", "tmp", False),
        ("tmp/", "x/tmp", False),
        ("tmp/", "xtmp/a", False),
        ("t*/", "x/tmp/a", True),
        ("t*/", "x/at/a", False),
        ("/", "anything/at/all", True),
        # A slash with something behind it ties to the root.
        ("/tmp/", "tmp/a", True),
        ("/tmp/", "x/tmp/a", False),
        ("tmp/myfile", "tmp/myfile", True),
        ("tmp/myfile", "home/john/tmp/myfile", False),
        ("/a.gz", "a.gz", True),
        ("/a.gz", "x/a.gz", False),
        ("x/y/", "x/y/z", True),
        ("x/y/", "w/x/y/z", False),
        ("x/*", "x/y", True),
        ("x/*", "x/y/z", False),
        ("x/?/z", "x/y/z", True),
        ("x/?/z", "x/yy/z", False),
        # Two stars cross folders.
        ("**", "x/y/z", True),
        ("x/**", "x/y/z", True),
        ("x/**", "x", False),
        ("x/**.gz", "x/y/z.gz", True),
        ("**.gz", "x/y/z.gz", True),
        ("a**", "a/b/c", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "axb", False),
        ("a/**/b", "a/xb", False),
        ("**/b", "x/y/b", True),
        ("**/b", "b", True),
        ("*/b", "b", True),
        ("*/b", "x/b", True),
        ("*/b", "x/y/b", False),
        ("?/b", "b", False),
        ("/**/b", "b", True),
        ("/**/b", "x/y/b", True),
        ("/**/b", "x/yb", False),
        # All else stands for itself.
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("{a,b}", "a", False),
        ("{a,b}", "{a,b}", True),
        ("a\\*", "a\\x", True),
        ("a.b", "axb", False),
        ("$", "$", True),
        ("a b", "x/a b", True),
        ("a", "a\n", False),
        # Nothing matches everything, and a mark turns round.
        ("", "x/y", True),
        ("!", "x/y", False),
        ("!*.gz", "a.gz", False),
        ("!*.gz", "a.txt", True),
        ("!tmp/", "tmp/a", False),
        ("!tmp/", "tmp", True),
        ("!!a", "!a", False),
        ("a!", "a!", True),
    ],
)
def test_what_a_pattern_matches(pattern: str, key: str, matched: bool) -> None:
    """File by file."""
    assert matches(pattern, key) is matched


def test_the_first_rule_that_matches_decides() -> None:
    """In the order of the command line; what none matches passes."""
    chosen = parse_filters(["+/data/*.gz -data/", "+keep -"])
    assert chosen.passes_key("data/a.gz")
    assert not chosen.passes_key("data/x/a.gz")
    assert not chosen.passes_key("data/keep")
    assert chosen.passes_key("x/keep")
    assert not chosen.passes_key("x/other")
    assert parse_filters(["-*.gz"]).passes_key("x/other")
    assert MtFilter().passes_key("anything")
    assert MtFilter().is_empty
    assert not chosen.is_empty


def test_rules_in_one_word() -> None:
    """With blanks between them, so that a pattern has none."""
    assert parse_filter(" +*.gz  -!a/b/\t+a-b - ") == (
        Rule(True, "*.gz"),
        Rule(False, "!a/b/"),
        Rule(True, "a-b"),
        Rule(False, ""),
    )


def test_a_sign_may_stand_alone() -> None:
    """Its pattern is what comes next, whatever that is."""
    assert parse_filter("- a + b") == (Rule(False, "a"), Rule(True, "b"))
    assert parse_filter("- +a") == (Rule(False, "+a"),)


def test_blanks_in_a_pattern() -> None:
    """The other options allow for them."""
    assert not MtFilter((Rule(False, "a b/"),)).passes_key("x/a b/c")


@pytest.mark.parametrize("text", ["", "  ", "*.gz", "+a b", "+a -b c"])
def test_what_is_no_rule(text: str) -> None:
    """Told in a sentence."""
    with pytest.raises(Misconfigured, match=r"^'\S*' is not a filter rule of mtglacier"):
        parse_filter(text)


@pytest.mark.parametrize(
    ("rules", "folder", "pruned"),
    [
        ("-tmp/", "tmp/", True),
        ("-tmp/", "x/tmp/y/", True),
        ("-tmp/", "x/", False),
        ("-/x/**", "x/", True),
        ("-/x/**", "", False),
        ("-", "", True),
        ("-", "x/", True),
        ("-**", "x/", True),
        ("-*", "x/", False),
        ("-!keep/", "x/", False),
        ("-!keep**", "x/", False),
        ("-!keep -x/", "x/", False),
        ("-*.gz -tmp/", "tmp/", True),
        ("+*.gz -tmp/", "tmp/", False),
        ("-tmp/ +*.gz", "tmp/", True),
        ("+tmp/", "x/", False),
        ("", "x/", False),
    ],
)
def test_which_folders_are_not_gone_through(rules: str, folder: str, pruned: bool) -> None:
    """Those that a rule excludes whole, with no rule before it that includes anything."""
    chosen = MtFilter(parse_filter(rules)) if rules else MtFilter()
    assert chosen.prunes(folder) is pruned


patterns = st.lists(st.sampled_from(["a", "b", "*", "**", "?", "/", "!"]), max_size=6).map("".join)
folders = st.lists(st.sampled_from(["a", "b", "ab"]), max_size=3).map(
    lambda parts: "".join(f"{part}/" for part in parts)
)


@given(
    rules=st.lists(st.builds(Rule, st.booleans(), patterns), max_size=4),
    folder=folders,
    below=folders,
    name=st.sampled_from(["a", "b", "ab", "c"]),
)
def test_nothing_that_passes_is_in_a_folder_left_out(rules: list[Rule], folder: str, below: str, name: str) -> None:
    """Whatever the rules."""
    chosen = MtFilter(tuple(rules))
    if chosen.prunes(folder):
        assert not chosen.passes_key(folder + below + name)
