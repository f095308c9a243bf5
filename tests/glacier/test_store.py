"""A vault as a store: what is written, listed, retrieved, read and deleted, and what the journal has of it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.emulators.controls import Fault
from tests.glacier.vaultplace import VaultPlace
from transfer.checksums import digest
from transfer.errors import Awaited, Changed, Corrupt, Frozen, NotFound, Throttled, Transient, Unsupported
from transfer.model import Algorithm, Body, Cold, Entry, Metadata, Part, Posix, Span, Stored, Thaw
from transfer.plugin import Location, StoreOptions
from transfer.testing.checks.harness import exists, fetch, keys, listing, noise, upload
from transfer.treehash import tree_hash
from transfer_glacier import calls, plugin
from transfer_glacier.descriptions import describe as description_of
from transfer_glacier.job import archive_retrieval
from transfer_glacier.store import GlacierStore

MIB = 1024**2
TREE = Algorithm.TREE_SHA256
DATED = Metadata(posix=Posix(mtime_ns=1_400_000_000_123_456_789))
Open = Callable[..., Awaitable[GlacierStore]]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "vault.journal"


@pytest.fixture
async def opened(place: VaultPlace, journal: Path) -> AsyncIterator[Open]:
    """``await opened(folder="", **settings)``: a store of the vault that was checked, closed in the end."""
    stores: list[GlacierStore] = []

    async def open_it(folder: str = "", **settings: str) -> GlacierStore:
        given = {**place.settings, "journal": str(journal), **settings}
        location = Location(f"glacier://{place.name}/{folder}", "glacier", place.name, folder, given)
        store = await plugin.open(location, StoreOptions())
        assert isinstance(store, GlacierStore)
        stores.append(store)
        await store.check(write=True)
        return store

    yield open_it
    for store in stores:
        await store.aclose()


@pytest.fixture
async def store(opened: Open) -> GlacierStore:
    return await opened()


async def write(store: GlacierStore, key: str, data: bytes, metadata: Metadata = DATED) -> Stored:
    return await upload(store, key, data, metadata)


async def thawed(store: GlacierStore, place: VaultPlace, entry: Entry, span: Span | None = None) -> Thaw:
    """Ask for it, and let the time pass that it takes."""
    thaw = await store.thaw(entry, 1, "bulk", span)
    place.turn(hours=13)
    await store.thaws()
    return thaw


# Writing


async def test_an_archive_is_written_in_parts(store: GlacierStore, place: VaultPlace, journal: Path) -> None:
    """With both hashes; it is proven by its tree hash, and named by its description and in the journal."""
    data = noise(2 * MIB + 5)
    stored = await write(store, "a/b.bin", data)
    (archive,) = place.archives
    assert place.content(archive.id) == data
    assert str(stored.proof) == "verified (sha256-tree)"
    assert stored.lost == ()
    entry = stored.entry
    assert (entry.key, entry.size, entry.version, entry.cold) == ("a/b.bin", len(data), archive.id, Cold.FROZEN)
    assert entry.checksums == {TREE: tree_hash(data)}
    assert entry.mtime_ns == 1_400_000_000 * 10**9
    line = journal.read_text()
    assert line.endswith("\n")
    fields = line.rstrip("\n").split("\t")
    assert fields[0] == "B"
    assert fields[2:] == ["CREATED", archive.id, str(len(data)), "1400000000", tree_hash(data).hex(), "a/b.bin"]
    assert archive.description.startswith("mt2 ")


async def test_a_store_opened_later_tells_the_same(opened: Open, store: GlacierStore) -> None:
    """What was returned is what is listed: or it would be looked at again in each run."""
    stored = await write(store, "k", noise(10))
    other = await opened()
    assert await listing(other) == [stored.entry] == [await other.stat("k")]


@pytest.mark.parametrize("known", [(), (TREE,), (Algorithm.SHA256,), (TREE, Algorithm.SHA256)])
@pytest.mark.parametrize("size", [1, MIB, MIB + 1])
async def test_hashes_are_taken_where_they_are_not_known(
    store: GlacierStore, place: VaultPlace, known: tuple[Algorithm, ...], size: int
) -> None:
    """The server refuses each that is wrong."""
    data = noise(size)
    opened = await store.begin("k", DATED, size=size, part_size=2 * MIB)
    receipt = await store.put_part(opened, Part(1, 0, size), Body(data, digest(data, known)))
    assert receipt.checksums[TREE] == tree_hash(data)
    await store.finish(opened, [receipt], DATED)
    assert place.content(place.archives[0].id) == data


async def test_damage_on_the_way_is_noticed(store: GlacierStore, place: VaultPlace) -> None:
    """By the vault, since both hashes go ahead."""
    upload = await store.begin("k", DATED, size=5, part_size=MIB)
    wrong = {TREE: hashlib.sha256(b"other").digest(), Algorithm.SHA256: hashlib.sha256(b"bytes").digest()}
    with pytest.raises(Corrupt, match="other bytes than were sent"):
        await store.put_part(upload, Part(1, 0, 5), Body(b"bytes", wrong))


async def test_a_whole_body_is_an_upload_of_one_part(store: GlacierStore, place: VaultPlace) -> None:
    """For callers that don't divide; what can't be finished is not left open."""
    data = noise(3 * MIB)
    await store.put("k", Body(data), DATED)
    assert place.content(place.archives[0].id) == data
    place.fail(Fault("refuse", "complete_upload", status=500))
    with pytest.raises(Transient):
        await store.put("other", Body(data), DATED)
    assert place.uploads == []


async def test_nothing_empty_is_written(store: GlacierStore, place: VaultPlace) -> None:
    """A vault takes no archive without bytes: the object is told of, ahead of any request for it."""
    stream = await store.begin("k", DATED, size=None, part_size=MIB)
    before = sum(place.calls.values())
    for call in (
        store.begin("k", DATED, size=0, part_size=MIB),
        store.put("k", Body(b""), DATED),
        store.put_part(stream, Part(1, 0, 0), Body(b"")),
    ):
        with pytest.raises(Unsupported, match="'k' is empty"):
            await call
    assert sum(place.calls.values()) == before


@pytest.mark.parametrize("key", ["a\tb", "a\nb", "/a", "a//b", "./a", "a/../b", "a/", "é" * 362, "x" * 724, "\udcff"])
async def test_names_that_no_journal_can_hold_are_refused(store: GlacierStore, place: VaultPlace, key: str) -> None:
    """Ahead of any request."""
    before = sum(place.calls.values())
    with pytest.raises(Unsupported):
        await store.begin(key, DATED, size=1, part_size=MIB)
    assert sum(place.calls.values()) == before


@pytest.mark.parametrize(
    "key", ["x" * 723, "é" * 361, "директория/файл", "a b+c%d", 'quo"te', "back\\slash", "@", "a@b"]
)
async def test_names_that_are_taken(store: GlacierStore, key: str) -> None:
    await write(store, key, b"1")
    assert await keys(store) == [key]


async def test_what_is_lost_is_told(store: GlacierStore) -> None:
    """Name and time are all that a description has room for."""
    metadata = replace(DATED, content_encoding="gzip", user={"a": "b"}, tags={"c": "d"})
    stored = await write(store, "k", b"1", metadata)
    assert stored.lost == ("content-encoding", "user metadata", "tags")


# Resuming


async def test_parts_are_told_with_their_tree_hashes(store: GlacierStore) -> None:
    data = noise(2 * MIB + 1)
    upload = await store.begin("k", DATED, size=len(data), part_size=MIB)
    sent = [
        await store.put_part(upload, Part(n + 1, n * MIB, len(piece)), Body(piece))
        for n in (2, 0)
        if (piece := data[n * MIB : (n + 1) * MIB])
    ]
    assert await store.parts(upload) == sorted(sent, key=lambda receipt: receipt.number)
    await store.abort(upload)
    await store.abort(upload)
    with pytest.raises(NotFound):
        await store.parts(upload)


async def test_uploads_of_a_name_are_found_again(store: GlacierStore, opened: Open) -> None:
    """By their descriptions, since uploads have no names."""
    mine = await store.begin("k", DATED, size=1, part_size=MIB)
    await store.begin("other", DATED, size=1, part_size=MIB)
    await calls.begin(store._vault.client, "k", MIB)  # another tool's, which describes archives by bare names
    (found,) = await store.uploads("k")
    assert (found.key, found.id) == ("k", mine.id)
    assert int(found.extra["initiated_ns"]) > 10**18
    below = await opened("folder")
    assert await below.uploads("k") == []


async def test_a_finish_made_again_makes_no_second_archive(
    store: GlacierStore, place: VaultPlace, journal: Path
) -> None:
    """Its reply may have been lost, or the process ended before the name was written down."""
    upload = await store.begin("k", DATED, size=1, part_size=MIB)
    receipt = await store.put_part(upload, Part(1, 0, 1), Body(b"1"))
    place.fail(Fault("lost", "complete_upload"))
    with pytest.raises(Transient):
        await store.finish(upload, [receipt], DATED)
    assert journal.read_text() == ""
    first = await store.finish(upload, [receipt], DATED)
    assert await store.finish(upload, [receipt], DATED) == first
    assert len(place.archives) == len(journal.read_text().splitlines()) == 1
    place.turn(hours=2)
    with pytest.raises(NotFound):
        await store.finish(upload, [receipt], DATED)


# Versions


async def test_a_replaced_archive_is_deleted_after_the_new_one_is_there(store: GlacierStore, place: VaultPlace) -> None:
    old = await write(store, "k", b"old")
    place.fail(Fault("refuse", "delete_archive", status=500))
    upload = await store.begin("k", DATED, size=3, part_size=MIB)
    receipt = await store.put_part(upload, Part(1, 0, 3), Body(b"new"))
    with pytest.raises(Transient):
        await store.finish(upload, [receipt], DATED)
    assert len(place.archives) == 2
    assert [entry.size for entry in await listing(store)] == [3], "what can't be found again has to have its name first"
    assert (await store.stat("k")).version != old.entry.version
    new = await store.finish(upload, [receipt], DATED)
    assert [archive.id for archive in place.archives] == [new.entry.version]
    assert await listing(store) == [new.entry]
    with pytest.raises(Changed):
        await fetch(store, old.entry)


async def test_versions_are_kept_where_that_is_asked_for(opened: Open, place: VaultPlace) -> None:
    """Then each has a key of its own in listings, if that is asked for too, and none goes with another."""
    store = await opened(keep_versions="true")
    old = (await write(store, "k", b"old")).entry
    new = (await write(store, "k", b"new!", replace(DATED, posix=Posix(mtime_ns=1_500_000_000 * 10**9)))).entry
    assert len(place.archives) == 2
    assert await keys(store) == ["k"]
    all_of_them = await opened(versions="true")
    assert not all_of_them.capabilities.ordered
    first, second = await listing(all_of_them)
    assert (first.version, second.version) == (new.version, old.version)
    assert second.key.startswith("k@20")
    assert (await store.stat(second.key)).version == old.version
    assert await all_of_them.delete(["k"]) == {}
    assert await listing(all_of_them) == [replace(second, key="k")]


async def test_a_version_that_would_not_be_the_newest_is_refused(opened: Open, place: VaultPlace) -> None:
    """By the order that mtglacier gives them; without versions to keep it takes the other's place."""
    store = await opened(keep_versions="true")
    await write(store, "k", b"new")
    dated = replace(DATED, posix=Posix(mtime_ns=1_300_000_000 * 10**9))
    with pytest.raises(Unsupported, match="last changed before the archive that has its name"):
        await write(store, "k", b"old", dated)
    assert place.uploads == []
    replaced = await write(await opened(), "k", b"old", dated)
    assert [archive.id for archive in place.archives] == [replaced.entry.version]


async def test_deleting_takes_all_versions(opened: Open, place: VaultPlace) -> None:
    """Or an older one would come back to life."""
    keeping = await opened(keep_versions="true")
    for number in range(3):
        await write(keeping, "k", b"%d" % number)
    store = await opened()
    assert await store.delete(["k", "never there"]) == {}
    assert place.archives == []
    assert await keys(store) == []


async def test_the_newest_goes_last(opened: Open, place: VaultPlace) -> None:
    """So that at no time an older version is the file."""
    keeping = await opened(keep_versions="true")
    versions = [(await write(keeping, "k", b"%d" % number)).entry.version for number in range(3)]
    assert await (await opened()).delete(["k"]) == {}
    gone = [each.key for each in place.controls.seen if each.verb == "delete_archive"]
    assert gone == versions


async def test_a_lost_reply_is_doubted_while_others_have_their_turn(store: GlacierStore, place: VaultPlace) -> None:
    """The turn goes on then, and yet the vault's own list is looked at before it is asked once more."""
    entry = (await write(store, "k", b"1")).entry
    await store.thaws()
    async with store._vault.turns.taken():
        place.fail(Fault("lost", "begin_job"))
        with pytest.raises(Transient):
            await store.thaw(entry, 1, "")
        assert (await store.thaw(entry, 1, "")).state is Cold.THAWING
    assert len(place.jobs) == 1


async def test_a_job_that_starts_meanwhile_breaks_no_list_of_them(
    store: GlacierStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names are looked up on a thread, while the loop goes on."""
    entry = (await write(store, "k", b"1")).entry
    await store.thaw(entry, 1, "")
    vault = store._vault
    original = vault.names.keys_of

    async def keys_of(archive_ids: Collection[str]) -> Mapping[str, str]:
        (job,) = await vault.retrievals.of(entry.version or "")
        looking = iter(archive_ids)
        next(looking)
        vault.retrievals.started(replace(job, id="other", archive_id="another"))
        assert list(looking) == []
        return await original(archive_ids)

    monkeypatch.setattr(vault.names, "keys_of", keys_of)
    assert [thaw.key for thaw in await store.thaws()] == ["k"]


async def test_an_archive_that_is_gone_already_counts_as_deleted(store: GlacierStore, place: VaultPlace) -> None:
    """Its reply may have been lost."""
    await write(store, "k", b"1")
    place.fail(Fault("lost", "delete_archive"))
    assert list(await store.delete(["k"])) == ["k"]
    assert place.archives == []
    assert await keys(store) == ["k"]
    assert await store.delete(["k"]) == {}
    assert await keys(store) == []


# Listing


async def test_names_are_listed_in_order(opened: Open, store: GlacierStore) -> None:
    """By the bytes of their UTF-8, from any point on; a folder sees its own."""
    names = ["a", "a-b", "a/b", "a/ü", "a0", "b", "\U0001f600", "\ue000"]
    for name in names:
        await write(store, name, name.encode())
    ordered = sorted(names, key=str.encode)
    assert await keys(store) == ordered
    assert await keys(store, "a") == [name for name in ordered if name.startswith("a")]
    assert await keys(store, after="a/b") == ordered[ordered.index("a/b") + 1 :]
    assert await keys(store, "a", resume="a-b") == ["a/b", "a/ü", "a0"]
    below = await opened("a/")
    assert await keys(below) == ["b", "ü"]
    assert await exists(below, "b")
    assert not await exists(below, "a")


# Retrieving


async def test_what_is_retrieved_can_be_read_for_a_day(store: GlacierStore, place: VaultPlace) -> None:
    data = noise(3 * MIB + 7)
    entry = (await write(store, "k", data)).entry
    with pytest.raises(Frozen, match="'glacier://vault/k' must be retrieved"):
        await fetch(store, entry)
    thaw = await store.thaw(entry, 3, "standard")
    assert (thaw.key, thaw.state, thaw.size, thaw.tier) == ("k", Cold.THAWING, len(data), "standard")
    assert (await store.stat("k")).cold is Cold.THAWING
    place.turn(hours=6)
    assert [(each.key, each.state) for each in await store.thaws()] == [("k", Cold.THAWED)]
    found = await store.stat("k")
    assert found.cold is Cold.THAWED
    assert found.thawed_until_ns is not None
    assert await fetch(store, entry) == data
    assert await fetch(store, entry, Span(MIB, 2 * MIB)) == data[MIB : 3 * MIB]
    assert await fetch(store, entry, Span(5, 100)) == data[5:105]
    place.turn(hours=25)
    with pytest.raises(Frozen, match="must be asked for again"):
        await fetch(store, entry)
    with pytest.raises(Frozen, match="must be retrieved"):
        await fetch(store, entry)


async def test_nothing_is_asked_for_twice(opened: Open, store: GlacierStore, place: VaultPlace, journal: Path) -> None:
    """Not while it goes on, nor while it can be read, nor by another, nor where the reply was lost."""
    entry = (await write(store, "k", b"data")).entry
    place.fail(Fault("lost", "begin_job"))
    with pytest.raises(Transient):
        await store.thaw(entry, 1, "bulk")
    other = await opened()
    for each in (store, other):
        assert (await each.thaw(Entry("k"), 1, "bulk")).state is Cold.THAWING
    place.turn(hours=13)
    await other.thaws()
    assert (await other.thaw(Entry("k"), 1, "expedited")).state is Cold.THAWED
    assert len(place.jobs) == 1
    assert place.billing.billed_twice() == []
    assert "RETRIEVE_JOB" not in journal.read_text()


async def test_a_request_is_written_down(store: GlacierStore, place: VaultPlace, journal: Path) -> None:
    """As mtglacier does, which asks for nothing twice in a day by it."""
    entry = (await write(store, "k", b"data")).entry
    await store.thaw(entry, 1, "")
    (job,) = place.jobs
    assert journal.read_text().splitlines()[-1].split("\t")[2:] == ["RETRIEVE_JOB", entry.version, job.id]


async def test_spans_are_retrieved_and_put_together(store: GlacierStore, place: VaultPlace) -> None:
    """A read may need several; what they don't cover is frozen, and so is the whole."""
    data = noise(4 * MIB + 3)
    entry = (await write(store, "k", data)).entry
    await store.thaw(entry, 1, "bulk", Span(0, 2 * MIB))
    await thawed(store, place, entry, Span(2 * MIB, MIB))
    assert [thaw.span for thaw in await store.thaws()] == [Span(0, 2 * MIB), Span(2 * MIB, MIB)]
    assert await fetch(store, entry, Span(MIB + 5, MIB + 9)) == data[MIB + 5 : 2 * MIB + 14]
    assert (await store.stat("k")).cold is Cold.THAWING
    with pytest.raises(Frozen):
        await fetch(store, entry, Span(2 * MIB, MIB + 1))
    await thawed(store, place, entry, Span(3 * MIB, MIB + 3))
    assert (await store.stat("k")).cold is Cold.THAWED
    assert await fetch(store, entry) == data
    assert place.billing.billed_twice() == []


async def test_a_job_for_the_whole_covers_its_spans(store: GlacierStore, place: VaultPlace) -> None:
    data = noise(2 * MIB)
    entry = (await write(store, "k", data)).entry
    await store.thaw(entry, 1, "bulk")
    assert (await store.thaw(entry, 1, "bulk", Span(MIB, MIB))).state is Cold.THAWING
    assert len(place.jobs) == 1


@pytest.mark.parametrize("span", [Span(1, MIB), Span(0, MIB - 1), Span(0, 0), Span(MIB, 2 * MIB)])
async def test_spans_that_no_job_can_have(store: GlacierStore, span: Span) -> None:
    entry = (await write(store, "k", noise(2 * MIB + 1))).entry
    with pytest.raises(Unsupported, match="begins or ends within a MiB"):
        await store.thaw(entry, 1, "bulk", span)


async def test_damage_on_the_way_back_is_noticed(store: GlacierStore, place: VaultPlace) -> None:
    """By the tree hash that comes with what is aligned."""
    entry = (await write(store, "k", noise(2 * MIB))).entry
    await thawed(store, place, entry)
    place.fail(Fault("wrong body", "job_output"))
    with pytest.raises(Corrupt, match="its tree hash differs"):
        await fetch(store, entry)
    place.fail(Fault("short", "job_output", after=1000))
    with pytest.raises(Transient, match="broke off"):
        await fetch(store, entry)


async def test_expedited_retrievals_may_find_no_room(store: GlacierStore, place: VaultPlace) -> None:
    entry = (await write(store, "k", b"data")).entry
    place.rules.expedited_available = False
    with pytest.raises(Throttled) as caught:
        await store.thaw(entry, 1, "expedited")
    assert caught.value.code == "InsufficientCapacityException"
    with pytest.raises(Unsupported, match="one of bulk, standard, expedited"):
        await store.thaw(entry, 1, "Express")


async def test_a_job_that_failed_makes_nothing_readable(store: GlacierStore, place: VaultPlace) -> None:
    """It may be asked for again."""
    entry = (await write(store, "k", b"data")).entry
    place.rules.failing_jobs = 1
    await thawed(store, place, entry)
    assert [thaw.state for thaw in await store.thaws()] == [Cold.FROZEN]
    assert (await store.thaw(entry, 1, "bulk")).state is Cold.THAWING
    assert len(place.jobs) == 2


async def test_jobs_of_archives_that_nobody_knows_are_told_of(store: GlacierStore, place: VaultPlace) -> None:
    """Under their ids: they count against what may be retrieved in a day."""
    archive = place.keep(noise(100))
    await store.thaw((await write(store, "k", b"data")).entry, 1, "bulk")

    asked = archive_retrieval(archive.id, description="theirs", tier="", span=None)
    await calls.initiate(store._vault.client, asked)
    assert {(thaw.key, thaw.size) for thaw in await store.thaws()} == {("k", 4), (archive.id, 100)}


async def test_one_request_tells_of_all_jobs(store: GlacierStore, place: VaultPlace) -> None:
    for number in range(5):
        await write(store, f"k{number}", b"data")
    before = place.calls["list_jobs"]
    for entry in await listing(store):
        assert (await store.stat(entry.key)).cold is Cold.FROZEN
    assert place.calls["list_jobs"] - before <= 1


async def test_many_are_asked_for_with_few_looks(store: GlacierStore, place: VaultPlace) -> None:
    """A list of jobs that is read for each would take more requests than all else."""
    entries = [(await write(store, f"k{number}", b"data")).entry for number in range(10)]
    await store.thaws()
    before = place.calls["list_jobs"]
    for entry in entries * 2:
        assert (await store.thaw(entry, 1, "bulk")).state is Cold.THAWING
    assert (len(place.jobs), place.calls["list_jobs"] - before) == (10, 0)


# The vault


async def test_a_vault_that_is_not_there(place: VaultPlace) -> None:
    location = Location("glacier://nowhere/", "glacier", "nowhere", "", place.settings)
    store = await plugin.open(location, StoreOptions())
    with pytest.raises(NotFound, match="'glacier://nowhere/' does not exist: check the vault's name, the region and"):
        await store.check(write=False)
    await store.aclose()


async def test_vaults_are_listed(place: VaultPlace) -> None:
    for number in range(12):
        place.other(f"v{number}")
    assert hasattr(plugin, "open_all")
    store = await plugin.open_all(Location("glacier://", "glacier", "", "", place.settings), StoreOptions())
    assert set(await store.containers()) == {"vault", *(f"v{number}" for number in range(12))}
    await store.aclose()


async def test_the_journal_has_a_usual_place(place: VaultPlace, tmp_path: Path) -> None:
    """By account, so that two vaults of one name are not taken for one."""
    store = await plugin.open(Location("glacier://vault/", "glacier", "vault", "", place.settings), StoreOptions())
    await store.check(write=False)
    (found,) = (tmp_path / "state" / "vaults").rglob("*.journal")
    assert found.name == "vault.journal"
    assert found.parent.name == "111122223333"
    await store.aclose()


# Without a journal


async def test_a_new_vault_has_an_empty_journal(store: GlacierStore, journal: Path) -> None:
    """No inventory can be asked for yet, and none is needed."""
    assert journal.read_text() == ""
    assert await keys(store) == []


async def test_an_inventory_makes_the_journal(opened: Open, place: VaultPlace, journal: Path) -> None:
    """It is asked for once, and awaited; names come from any known description, else an id is the name."""
    mine = place.keep(noise(10), description_of("a/ü.txt", 1_400_000_000))
    place.keep(noise(5), "their words")
    theirs = place.keep(noise(20), "mt2 broken")
    place.take_inventory()
    for _ in range(2):
        with pytest.raises(Awaited, match="its inventory was asked for, which takes some hours; run this again then"):
            await opened()
    assert len(place.jobs) == 1
    assert not journal.exists()
    place.turn(hours=6)
    store = await opened()
    listed = {entry.key: entry for entry in await listing(store)}
    assert listed.keys() == {"a/ü.txt", "their words", theirs.id}
    assert listed["a/ü.txt"].version == mine.id
    assert listed["a/ü.txt"].mtime_ns == 1_400_000_000 * 10**9
    assert listed[theirs.id].checksums == {TREE: tree_hash(noise(20))}
    place.turn(hours=30)
    assert await keys(await opened()) == sorted(listed, key=str.encode)


async def test_an_inventory_that_breaks_off_makes_no_journal(opened: Open, place: VaultPlace, journal: Path) -> None:
    place.keep(noise(10))
    place.take_inventory()
    with pytest.raises(Awaited):
        await opened()
    place.turn(hours=6)
    place.fail(Fault("short", "job_output", after=100))
    with pytest.raises(Transient):
        await opened()
    assert not journal.exists()
    assert len(await keys(await opened())) == 1
