"""The suite notices what it is there for: stores broken on purpose fail it, each by the checks named here."""

from __future__ import annotations

import uuid

import pytest

from transfer.plugin import Location, Store, StoreOptions
from transfer.testing.broken import BROKEN
from transfer.testing.checks import CHECKS, MakeStore, Stores
from transfer.testing.layered import through_layers
from transfer_memory import plugin

_ALL_METADATA = {"headers", "user_metadata", "user_metadata_unicode", "tags", "posix", "posix_owner_and_link"}
NOTICED_BY = {
    "ListsOutOfOrder": {"list_order", "list_after"},
    "RepeatsPage": {"list_pages"},
    "DropsPage": {"list_pages"},
    "EchoesChecksum": {"wrong_checksum", "wrong_part_checksum", "no_false_proof"},
    "LosesTail": {"round_trip", "readinto_fills", "visible_whole"},
    "IgnoresRange": {"ranges", "reading_tells"},
    "StaleEtag": {"read_guarded"},
    "ErrorInside200": {"finish_is_there", "single_part", "resume"},
    "MixesUpParts": {"parts_in_any_order", "part_sent_again"},
    "ForgetsMetadata": _ALL_METADATA,
    "ForgetsMetadataOfUploads": _ALL_METADATA,
    "ShowsHalf": {"visible_whole", "cancelled_put"},
    "ShowsUnfinished": {"nothing_before_finish", "abort"},
    "KeepsBuffer": {"body_stays_the_callers"},
    "OverwritesAlways": {"put_if_absent"},
    "IgnoresChange": {"read_guarded"},
    "MissingIsEmpty": {"missing", "delete"},
}


@pytest.mark.parametrize("name", BROKEN)
async def test_broken_store_is_noticed(name: str) -> None:
    """Each break is noticed by the checks that are there for it."""
    assert NOTICED_BY[name] <= await _failing(name)


async def test_break_is_noticed_through_layers() -> None:
    """No layer hides a break."""
    for name in ("EchoesChecksum", "ErrorInside200", "ShowsUnfinished"):
        assert NOTICED_BY[name] <= await _failing(name, layered=True)


async def test_sound_store_passes() -> None:
    """The same suite finds nothing in the store that was broken."""
    assert await _failing(None) == set()


async def _failing(name: str | None, *, layered: bool = False) -> set[str]:
    """The checks that the store with this break does not pass."""
    failing = set()
    for check in CHECKS.values():
        make = _broken(name)
        stores = Stores(through_layers(make, lambda what: None) if layered else make)
        try:
            if await check.applies(stores):
                await check.run(stores)
        except Exception:
            failing.add(check.name)
        finally:
            await stores.aclose()
    return failing


def _broken(name: str | None) -> MakeStore:
    bucket = uuid.uuid4().hex

    async def make(folder: str = "") -> Store:
        location = Location(f"memory://{bucket}/{folder}", "memory", bucket, folder)
        sound = await plugin.open(location, StoreOptions(tags=True))
        return BROKEN[name](sound) if name else sound

    return make
