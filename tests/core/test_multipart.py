"""Large objects within one run: parts that fail, sources and uploads that change or vanish underway."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

import transfer
from tests.core.large import DATA, PARTS, Rig
from tests.core.rig import MIB, Heard, Watched, contents, fill, memory, open_uploads, pattern, quick, raising
from transfer.checkpoint import summary_of
from transfer.checksums import digest
from transfer.errors import Changed, Corrupt, NotFound, Transient
from transfer.model import Algorithm, Entry, Metadata, Page
from transfer.plugin import Limits, Prune
from transfer_memory.bucket import bucket


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def test_an_upload_that_vanishes_underway_is_begun_anew(rig: Rig) -> None:
    """In the same run."""
    await fill(rig.source, {"k": DATA})

    async def vanish(what: str) -> None:
        if what.startswith("put part 4") and rig.target.count("begin") == 1:
            bucket(rig.target.origin.container).uploads.clear()

    rig.target.before = vanish
    outcome = await rig.again()
    assert rig.target.count("begin") == 2
    assert outcome.attempts == 2


async def test_a_lost_reply_to_the_finish_is_recognised(rig: Rig) -> None:
    """The object is there, and its checksum is ours: nothing is sent again."""
    await fill(rig.source, {"k": DATA})
    rig.target.after = raising(Transient("connection reset"), "finish", times=1)
    rig.options = replace(rig.options, retries=1)
    outcome = await rig.again()
    assert rig.sent == [1, 2, 3, 4, 5, 6]
    assert str(outcome.proof) == "verified (crc64nvme)"


async def test_a_finish_that_failed_is_looked_at_in_the_second_try(rig: Rig) -> None:
    """Whether it had an effect or not, nothing is sent again, and no upload stays."""
    for hook in ("before", "after"):
        await fill(rig.source, {"k": DATA})
        setattr(rig.target, hook, raising(Transient("connection reset"), "finish", times=1))
        await rig.again()
        assert rig.sent == [1, 2, 3, 4, 5, 6]
        await rig.target.delete(["k"])
        rig.target.forget()


async def test_all_receipts_are_on_disk_before_the_finish(rig: Rig) -> None:
    """Else a process that ends right after it could not know its object by them."""
    await fill(rig.source, {"k": DATA})
    seen = []

    async def look(what: str) -> None:
        if what.startswith("finish"):
            seen.append((await summary_of(rig.options.checkpoint or Path())).open_parts)

    rig.target.before = look
    await rig.again()
    assert seen == [PARTS]


async def test_a_source_that_changes_underway_is_begun_anew(rig: Rig) -> None:
    """No object ever has bytes of both."""
    await fill(rig.source, {"k": DATA})
    other = pattern(len(DATA) + 5, seed=3)

    async def change(what: str) -> None:
        if what.startswith("read k at 3145728") and contents(rig.source)["k"] == DATA:
            await fill(rig.source, {"k": other})

    rig.source.before = change
    outcome = await rig.again()
    assert contents(rig.target) == {"k": other}
    assert outcome.size == len(other)


async def test_a_source_that_becomes_small_underway_leaves_no_upload(rig: Rig) -> None:
    """Though the run itself has begun it."""
    await fill(rig.source, {"k": DATA})

    async def shrink(what: str) -> None:
        if what.startswith("read k at 3145728"):
            await fill(rig.source, {"k": b"small"})

    rig.source.before = shrink
    await rig.again()


async def test_a_condition_that_fails_at_the_finish_leaves_no_upload(rig: Rig) -> None:
    """The object came into being meanwhile, and is left alone as ignore_existing says."""
    await fill(rig.source, {"k": DATA})

    async def appear(what: str) -> None:
        if what.startswith("finish"):
            await fill(rig.target, {"k": b"theirs"})

    rig.target.before = appear
    result = await transfer.sync(rig.source, rig.target, replace(rig.options, ignore_existing=True))
    assert result.ok
    assert contents(rig.target) == {"k": b"theirs"}
    assert open_uploads(rig.target) == 0


async def test_a_broken_body_costs_only_its_part(rig: Rig) -> None:
    """It is read again, within the same upload."""
    await fill(rig.source, {"k": DATA})
    rig.target.before = raising(Corrupt("bad digest on the way"), "put part 3", times=1)
    rig.options = replace(rig.options, retries=1)
    await rig.again()
    assert Counter(rig.sent) == Counter([1, 2, 3, 3, 4, 5, 6])


async def test_an_upload_in_vain_is_told_with_its_cause(rig: Rig) -> None:
    """A source that is gone is not a target's upload that is gone."""
    await fill(rig.source, {"k": DATA})
    rig.source.before = raising(NotFound("no such key"), "read k at 0")

    async def remove(what: str) -> None:
        if what.startswith("put part"):
            await rig.source.delete(["k"])

    rig.target.before = remove
    rig.target.after = None
    heard = Heard()
    result = await transfer.sync(rig.source, rig.target, rig.options, listener=heard)
    assert heard.outcomes["k"].reason in ("gone from the source since it was listed", "new")
    assert contents(rig.target) == {}
    assert result.totals.copied == 0


async def test_a_conditional_write_that_lost_says_so() -> None:
    """With immutable, an object that came into being meanwhile is not replaced."""
    source, target = memory(), Watched(memory())
    await fill(source, {"k": b"ours"})

    async def appear(what: str) -> None:
        if what == "put k" and not contents(target):
            await fill(target._inner, {"k": b"theirs"})

    target.before = appear
    result = await transfer.sync(source, target, quick(immutable=True))
    assert contents(target) == {"k": b"theirs"}
    assert target.count("put k") == 1
    assert "--immutable" in (result.failures[0].error or "")
    with pytest.raises(Changed):
        await target.put("k", transfer.model.Body(b"x"), Metadata(), if_absent=True)


class Vault(Watched):
    """A source that keeps tree hashes, and whose parts double."""

    wrong = False

    @property
    def limits(self) -> Limits:  # type: ignore[override]
        return Limits(min_part=MIB, doubling_parts=True)

    async def list(
        self, prefix: str = "", *, after: str | None = None, resume: str | None = None, prune: Prune | None = None
    ) -> AsyncIterator[Page]:
        async for page in super().list(prefix, after=after, resume=resume, prune=prune):
            yield Page(tuple(self._as_kept(item) for item in page.items if isinstance(item, Entry)), page.resume)

    async def stat(self, key: str) -> Entry:
        return self._as_kept(await super().stat(key))

    def _as_kept(self, entry: Entry) -> Entry:
        kept = digest(contents(self)[entry.key] + b"!" * self.wrong, [Algorithm.TREE_SHA256])
        return replace(entry, etag=None, checksums=kept)


@pytest.mark.parametrize("wished", [3 * MIB, 4 * MIB])
async def test_a_tree_hash_is_checked_over_parts_that_double(rig: Rig, wished: int) -> None:
    """Of 3 MiB they would not combine to it, so they are of 4."""
    rig.source, rig.options = Vault(rig.source), replace(rig.options, part_size=wished)
    await fill(rig.source, {"k": DATA})
    await rig.again()
    assert rig.sent == [1, 2]


async def test_a_source_with_another_tree_hash_than_its_bytes_have_is_told(rig: Rig) -> None:
    """Before anything becomes visible."""
    source = Vault(rig.source)
    source.wrong = True
    await fill(source, {"k": DATA})
    result = await transfer.sync(source, rig.target, rig.options)
    assert "another sha256-tree than its store keeps" in (result.failures[0].error or "")
    assert contents(rig.target) == {}


async def test_an_upload_of_parts_that_do_not_combine_is_begun_anew(rig: Rig) -> None:
    """It was begun when the source kept another checksum; by its parts the tree hash could not be checked."""
    rig.options = replace(rig.options, part_size=3 * MIB)
    await rig.stop_at("put part 2")
    rig.source = Vault(rig.source)
    await rig.again()
    assert rig.target.count("begin") == 1
    assert rig.sent == [1, 2]
