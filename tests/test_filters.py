"""Filters against a reference matcher that is slow and obvious."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer.errors import Misconfigured
from transfer.filters import Filter, Rule, parse_rules
from transfer.globs import glob
from transfer.model import Entry, Unlisted, Why
from transfer.mtfilter import Rule as MtRule

segment_patterns = st.sampled_from(
    ["a", "b", "*", "?", "**", "a*", "*b", "[ab]", "[!a]", "{a,b}", "{a,b*}", "a**", "x{a/b,}", "{a/,b}", "\\*", "[a-]"]
)
patterns = st.builds(
    lambda root, segments, folder: root + "/".join(segments) + folder,
    st.sampled_from(["", "/"]),
    st.lists(segment_patterns, min_size=1, max_size=3),
    st.sampled_from(["", "/"]),
)
rules = st.lists(st.builds(Rule, st.booleans(), patterns), max_size=4).map(tuple)
keys = st.lists(st.sampled_from(["a", "b", "ab", "xa", "x", "*", "-", "\n"]), min_size=1, max_size=5).map("/".join)


def alternatives(pattern: str) -> list[str]:
    """Every pattern that the braces of ``pattern`` stand for."""
    start = pattern.find("{")
    if start < 0:
        return [pattern]
    end = pattern.index("}", start)
    return [
        whole
        for choice in pattern[start + 1 : end].split(",")
        for whole in alternatives(pattern[:start] + choice + pattern[end + 1 :])
    ]


def begins(pattern: str, at: int) -> bool:
    return at == 0 or pattern[at - 1] == "/"


def plain(pattern: str, key: str, at: int = 0) -> bool:
    """Whether all of ``key`` matches the rest of an anchored pattern without braces."""
    rest = pattern[at:]
    if not rest:
        return not key
    if rest.startswith("**/") and begins(pattern, at):
        starts = [0, *(i + 1 for i, char in enumerate(key) if char == "/")]
        return any(plain(pattern, key[start:], at + 3) for start in starts)
    if rest.startswith("**"):
        return any(plain(pattern, key[i:], at + 2) for i in range(len(key) + 1))
    if rest[0] == "*":
        ends = [i for i in range(len(key) + 1) if "/" not in key[:i]]
        return any(plain(pattern, key[i:], at + 1) for i in ends)
    if not key:
        return False
    if rest[0] == "?":
        return key[0] != "/" and plain(pattern, key[1:], at + 1)
    if rest[0] == "[":
        end = rest.index("]")
        members = rest[1:end].lstrip("!")
        return key[0] != "/" and (key[0] in members) != (rest[1] == "!") and plain(pattern, key[1:], at + end + 1)
    step = 2 if rest[0] == "\\" else 1
    return key[0] == rest[step - 1] and plain(pattern, key[1:], at + step)


def matches(pattern: str, key: str) -> bool:
    """The reference: what :func:`transfer.globs.glob` must agree with."""
    body = pattern.removeprefix("/")
    starts = [0]
    if not pattern.startswith("/"):
        starts += [i + 1 for i, char in enumerate(key) if char == "/"]
    for start in starts:
        rest = key[start:]
        heads = [rest]
        whole = body
        if body.endswith("/"):
            whole = body[:-1]
            heads = [rest[:i] for i, char in enumerate(rest) if char == "/"]
        if any(plain(choice, head) for choice in alternatives(whole) for head in heads):
            return True
    return False


def passes(rules: tuple[Rule, ...], key: str) -> bool:
    for rule in rules:
        if matches(rule.pattern, key):
            return rule.include
    return not rules or any(not rule.include for rule in rules)


@given(patterns, keys)
def test_globs_match_what_the_reference_matches(pattern: str, key: str) -> None:
    """A compiled pattern agrees with a naive matcher on every key."""
    assert glob(pattern).matches(key) == matches(pattern, key)


@given(rules, keys)
def test_the_first_match_wins(rules: tuple[Rule, ...], key: str) -> None:
    """A filter agrees with going through its rules one by one."""
    assert Filter(rules).passes_key(key) == passes(rules, key)


@given(rules, keys)
def test_pruning_hides_nothing(rules: tuple[Rule, ...], key: str) -> None:
    """No folder above a key that passes is ever pruned."""
    chosen = Filter(rules)
    if chosen.passes_key(key):
        folders = [key[: i + 1] for i, char in enumerate(key) if char == "/"]
        assert not any(chosen.prunes(folder) for folder in folders)


@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        ("*.jpg", "a.jpg", True),
        ("*.jpg", "deep/er/a.jpg", True),
        ("*.jpg", "a.jpg/b", False),
        ("/*.jpg", "deep/a.jpg", False),
        ("b.txt", "ab.txt", False),
        ("build/", "build/x/y", True),
        ("build/", "src/build/x", True),
        ("build/", "build", False),
        ("build/", "rebuild/x", False),
        ("/build/", "src/build/x", False),
        ("**/cache/**", "cache/x", True),
        ("**/cache/**", "a/b/cache/x/y", True),
        ("/a/**/z", "a/z", True),
        ("/a/**/z", "a/b/c/z", True),
        ("/a/**", "a", False),
        ("x?y", "x/y", False),
        ("x[!a]y", "x/y", False),
        ("x[]]y", "x]y", True),
        ("[0-9]*", "7up", True),
        ("{*.jpg,raw/**}", "raw/x/y", True),
        ("{a,b{c,d}}", "bd", True),
        ("a\\{b", "a{b", True),
        ("ü*", "über", True),
        ("a*b", "a\nb", True),
        ("[--/]", "-", True),
        ("[a&&b]", "&", True),
    ],
)
def test_patterns(pattern: str, key: str, expected: bool) -> None:
    """Each kind of pattern means what the documentation says."""
    assert glob(pattern).matches(key) is expected


@pytest.mark.parametrize(
    ("rules", "pruned", "kept"),
    [
        ([(False, "tmp/")], ["tmp/", "a/tmp/", "a/tmp/b/"], ["a/", "tmpx/"]),
        ([(False, "/a/**")], ["a/", "a/b/"], ["b/", "b/a/"]),
        ([(False, "*.tmp")], [], ["a/", "x.tmp/"]),
        ([(False, "{a/,b}")], [], ["a/"]),
        ([(True, "/a/b/*.jpg")], ["b/", "a/c/", "a/b/c/"], ["a/", "a/b/"]),
        ([(True, "/photos/")], ["b/"], ["photos/", "photos/2024/"]),
        ([(True, "*.jpg")], [], ["a/", "b/c/"]),
        ([(True, "/a/keep/"), (False, "/a/")], ["a/b/"], ["a/", "a/keep/", "a/keep/x/"]),
        ([(True, "/x{1/,2}/*")], ["y/"], ["x1/", "x2/"]),
    ],
)
def test_pruning_spares_listings(rules: list[tuple[bool, str]], pruned: list[str], kept: list[str]) -> None:
    """Folders without hope are pruned, and the others are looked into."""
    chosen = Filter(tuple(Rule(include, pattern) for include, pattern in rules))
    assert [folder for folder in pruned if not chosen.prunes(folder)] == []
    assert [folder for folder in kept if chosen.prunes(folder)] == []


@given(rules, keys)
def test_what_failed_passes_with_all_that_it_may_hide(rules: tuple[Rule, ...], key: str) -> None:
    """A folder above a key that passes, and the root of all; what is surely none has to pass by itself."""
    chosen = Filter(rules)
    for end in [0, *(i for i, char in enumerate(key) if char == "/"), len(key)]:
        folder, file, left_out = (
            Unlisted(key[:end], Why.UNREADABLE, "no", failed, folder)
            for failed, folder in ((True, True), (True, False), (False, True))
        )
        assert chosen.passes_unlisted(folder) or not chosen.passes_key(key)
        assert chosen.passes_unlisted(file) == chosen.passes_unlisted(left_out) == chosen.passes_key(key[:end])


def test_a_folder_that_the_filter_prunes_may_fail() -> None:
    """Nothing that passes is in it."""
    chosen = Filter((Rule(False, "lost+found/"), Rule(True, "*.jpg"), Rule(False, "**")))
    folders = [Unlisted(key, Why.UNREADABLE, "no", failed=True) for key in ("photos", "lost+found", "")]
    assert [chosen.passes_unlisted(folder) for folder in folders] == [True, False, True]


@pytest.mark.parametrize("pattern", ["", "/", "a[b", "{a,b", "a}", "a\\", "[z-a]"])
def test_wrong_patterns_are_refused(pattern: str) -> None:
    """A pattern that makes no sense is refused with a sentence that repeats it."""
    with pytest.raises(Misconfigured, match="pattern") as caught:
        Rule(True, pattern)
    assert f"'{pattern}'" in str(caught.value)


def test_bounds() -> None:
    """Bounds include their ends, an absent mtime falls back on the store's time, and the unknown passes."""
    chosen = Filter(min_size=10, max_size=20, newer_ns=100, older_ns=200)
    assert chosen.passes_entry(Entry("k"))
    assert [size for size in (9, 10, 20, 21) if chosen.passes_entry(Entry("k", size))] == [10, 20]
    assert [time for time in (99, 100, 199, 200) if chosen.passes_entry(Entry("k", mtime_ns=time))] == [100, 199]
    assert not chosen.passes_entry(Entry("k", modified_ns=99))
    assert chosen.passes_entry(Entry("k", mtime_ns=150, modified_ns=99))


@pytest.mark.parametrize("bounds", [{"min_size": 2, "max_size": 1}, {"newer_ns": 2, "older_ns": 1}])
def test_bounds_that_nothing_can_meet_are_refused(bounds: dict[str, int]) -> None:
    """Rather than letting a run do nothing."""
    with pytest.raises(Misconfigured, match="no object could pass"):
        Filter(**bounds)  # type: ignore[arg-type]


def test_only_the_default_is_empty() -> None:
    """A filter with any rule or bound is not empty, and all are hashable."""
    assert Filter().is_empty
    assert not Filter((Rule(False, "x"),)).is_empty
    assert not Filter(min_size=0).is_empty
    assert len({Filter(), Filter(), Filter(max_size=1)}) == 2


def test_rules_from_a_file() -> None:
    """Comments and blank lines are left out, and order is kept."""
    lines = ["# photos", "", "+ *.jpg\n", "  - /a b/ "]
    assert parse_rules(lines, "rules") == (Rule(True, "*.jpg"), Rule(False, "/a b/"))


@pytest.mark.parametrize("line", ["*.jpg", "+", "-*.jpg", "! x", "- {a"])
def test_wrong_lines_are_named(line: str) -> None:
    """The sentence about a wrong line names the file and the line."""
    with pytest.raises(Misconfigured, match=r"^my\.rules, line 2: "):
        parse_rules(["+ ok", line], "my.rules")


def test_rules_of_mtglacier_come_besides() -> None:
    """A key must pass both kinds, and a folder is pruned where either surely hides all of it."""
    mt = (MtRule(False, "tmp/"), MtRule(True, "*.jpg"), MtRule(False, ""))
    both = Filter((Rule(False, "private/"),), mt_rules=mt)
    kept = [key for key in ("a.jpg", "b/a.jpg", "tmp/a.jpg", "a.txt", "private/a.jpg") if both.passes_key(key)]
    assert kept == ["a.jpg", "b/a.jpg"]
    assert [both.prunes(folder) for folder in ("tmp/", "private/", "b/", "")] == [True, True, False, False]
    assert not Filter(mt_rules=mt).is_empty
