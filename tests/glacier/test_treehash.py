"""The tree hash: known values, in pieces and at once, and when the hashes of parts make that of the whole."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transfer import checksums, treehash
from transfer.checksums import combinable, combine, digest, hasher
from transfer.model import Algorithm, Receipt
from transfer.partition import cut, sizes_of_parts
from transfer.pipeline.proof import source_check, whole
from transfer.treehash import TreeHasher, tree_hash

MIB = 1024 * 1024
SHA, TREE = Algorithm.SHA256, Algorithm.TREE_SHA256
BLOCK = (
    b"TDvjTNoOZdYLHGJgmowQQPIANymiZabVUgL4toMOXtAxTVdAb3fHc7djq3CWvg47"
    b"qp9e706QoGMA2PlhUyHkln9mw2G9Y1QynMS5zejFweL4Ll72P5eHSHXmzSBGZ4Xa"
)
VECTORS = {
    1_048_575: "1b4571c7df12150afa939c0a590785773e80b7bd207b7dd19b7fd3c2256b46bc",
    1_048_576: "1af41c69e98cc8dbb1fe9d3302bc35a062cbbf99f733c8cbe8586d1b6327b69d",
    1_048_577: "78d6c5ae312da5fdee8380c5bae35fde09e31a9987d7831854b7a7524ba6dc59",
    2_097_153: "463fa8c133a4625f0b09d7af525f5b6255133f7dff4de4cb9090e5a6be92efd1",
    3_145_728: "4bba1bc0cc2fb572814ddaa23f73a54a55e88a26e1fee5f87e4a2aa37e258f3b",
    5_242_881: "43af9dec5f1ca88f99e2c8f7c2ada6d03db6139cdab392d978ee116255741916",
}


def repeated(size: int) -> bytes:
    return (BLOCK * (size // len(BLOCK) + 1))[:size]


def by_the_book(leaves: list[bytes]) -> bytes:
    """Level by level, as the documentation tells it."""
    while len(leaves) > 1:
        pairs = [hashlib.sha256(b"".join(leaves[at : at + 2])).digest() for at in range(0, len(leaves) - 1, 2)]
        leaves = pairs + (leaves[-1:] if len(leaves) % 2 else [])
    return leaves[0]


@pytest.fixture
def tiny_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves of 4 bytes, so that tall trees are small."""
    monkeypatch.setattr(treehash, "LEAF", 4)


def in_leaves(data: bytes) -> list[bytes]:
    return [hashlib.sha256(data[at : at + 4]).digest() for at in range(0, max(1, len(data)), 4)]


@pytest.mark.parametrize("size", VECTORS)
def test_known_values(size: int) -> None:
    """Those that other programs give."""
    data = repeated(size)
    assert tree_hash(data).hex() == VECTORS[size]
    assert digest(data, [TREE])[TREE].hex() == VECTORS[size]
    assert digest(bytearray(data), [SHA, TREE]) == {SHA: hashlib.sha256(data).digest(), TREE: tree_hash(data)}


def test_up_to_one_leaf_it_is_the_sha256() -> None:
    """Of nothing, too."""
    for size in (0, 1, MIB):
        assert tree_hash(repeated(size)) == hashlib.sha256(repeated(size)).digest()


@pytest.mark.usefixtures("tiny_leaves")
def test_every_shape_of_tree() -> None:
    """Any number of leaves, the last one full or not."""
    for size in range(300):
        data = bytes(number % 251 for number in range(size))
        assert tree_hash(data) == by_the_book(in_leaves(data)), size


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 3 * MIB + 17), max_size=6))
@example(cuts=[MIB, 2 * MIB])
def test_a_running_hash_takes_pieces_of_any_size(cuts: list[int]) -> None:
    """Wherever it is cut; and its value may be asked for on the way."""
    data = repeated(3 * MIB + 17)
    running = hasher(TREE)
    for start, end in pairwise([0, *sorted(cuts), len(data)]):
        assert running.digest() == tree_hash(data[:start])
        running.update(memoryview(data)[start:end])
    assert running.digest() == tree_hash(data)


@pytest.mark.usefixtures("tiny_leaves")
def test_the_hashes_of_parts_make_that_of_the_whole() -> None:
    """For parts of a power of two of leaves, whatever is left for the last one."""
    for size in range(1, 260):
        data = bytes(number % 251 for number in range(size))
        for part in (4, 8, 16, 32, 512):
            pieces = [data[each.offset : each.offset + each.size] for each in cut(size, part)]
            assert combinable(TREE, [len(piece) for piece in pieces])
            assert combine(TREE, [(tree_hash(piece), len(piece)) for piece in pieces]) == tree_hash(data)


@settings(max_examples=40, deadline=None)
@given(size=st.integers(1, 20 * MIB), part=st.sampled_from([MIB, 2 * MIB, 4 * MIB, 8 * MIB]))
@example(size=16 * MIB, part=4 * MIB)
@example(size=13 * MIB + 1, part=4 * MIB)
def test_combined_like_an_upload_does(size: int, part: int) -> None:
    """With the parts' receipts, in real sizes."""
    data = repeated(size)
    receipts = [
        Receipt(each.number, each.size, checksums=digest(data[each.offset : each.offset + each.size], [TREE]))
        for each in cut(size, part)
    ]
    assert whole(receipts) == {TREE: tree_hash(data)}


@given(sizes=st.lists(st.integers(0, 33), min_size=1, max_size=6))
def test_pieces_that_are_no_nodes_are_refused(sizes: list[int]) -> None:
    """Where the sizes are said to be right, they are; else nothing is made of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(treehash, "LEAF", 4)
        data = bytes(range(200))
        offsets = [sum(sizes[:number]) for number in range(len(sizes))]
        pieces = [(tree_hash(data[offset : offset + size]), size) for offset, size in zip(offsets, sizes, strict=True)]
        if combinable(TREE, sizes):
            assert combine(TREE, pieces) == tree_hash(data[: sum(sizes)])
        else:
            with pytest.raises(ValueError, match="don't make that of the whole"):
                combine(TREE, pieces)


@pytest.mark.parametrize(
    ("sizes", "fit"),
    [
        ([5], True),
        ([MIB, 1], True),
        ([4 * MIB] * 3 + [MIB + 5], True),
        ([5 * MIB, 5 * MIB], False),
        ([8 * MIB, 5 * MIB, 5 * MIB], False),
        ([MIB, MIB + 1], False),
        ([MIB // 2, MIB // 2], False),
        ([MIB, 0], False),
        ([2 * MIB, MIB, 2 * MIB], False),
        ([], False),
    ],
)
def test_which_parts_combine(sizes: list[int], fit: bool) -> None:
    """Parts of 5 MiB, which is S3's least, do not: then it simply proves nothing."""
    assert combinable(TREE, sizes) is fit
    assert source_check({TREE: b"kept"}, in_parts=sizes or [MIB, 0]) is (TREE if fit else None)
    receipts = [Receipt(number, size, checksums={TREE: bytes(32)}) for number, size in enumerate(sizes, start=1)]
    assert whole(receipts).keys() == ({TREE} if fit else set())


def test_ten_thousand_parts_are_judged_at_once() -> None:
    """A plan asks before it begins."""
    began = time.perf_counter()
    assert combinable(TREE, sizes_of_parts(40_000 * 1024 * MIB, 4096 * MIB))
    assert time.perf_counter() - began < 1


def test_both_hashes_are_taken_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaf by leaf, so that what one has read the other finds in the cache."""
    heard: list[tuple[str, int]] = []

    class Heard(TreeHasher):
        def update(self, data: treehash.Buffer, /) -> None:
            heard.append(("tree", len(data)))
            super().update(data)

    plain = hashlib.new

    class Plain:
        def __init__(self) -> None:
            self._inner = plain("sha256")

        def update(self, data: treehash.Buffer, /) -> None:
            heard.append(("plain", len(data)))
            self._inner.update(data)

        def digest(self) -> bytes:
            return self._inner.digest()

    monkeypatch.setattr(checksums, "TreeHasher", Heard)
    monkeypatch.setattr(hashlib, "new", lambda *_, **__: Plain())
    data = repeated(2 * MIB + 5)
    assert digest(data, [SHA, TREE]) == {SHA: hashlib.sha256(data).digest(), TREE: tree_hash(data)}
    assert heard == [(name, size) for size in (MIB, MIB, 5) for name in ("plain", "tree")]


def _least(measure: Callable[[], float], tries: int = 7) -> float:
    return min(measure() for _ in range(tries))


def test_both_hashes_cost_two_of_one() -> None:
    """CPU time of a part of 16 MiB, the best of some tries; 2.1 is what it may cost, and other work is let off."""
    data = os.urandom(16 * MIB)

    def cost(*wanted: Algorithm) -> float:
        began = time.thread_time()
        digest(data, wanted)
        return time.thread_time() - began

    ratio = min(_least(lambda: cost(SHA, TREE)) / _least(lambda: cost(SHA)) for _ in range(2))
    assert ratio < 2.3
