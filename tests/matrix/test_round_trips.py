"""From S3 to a cloud and on to S3: all that the cloud can hold comes back, and nothing that only its domain added."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import pytest

from tests.emulators.cos import Cos
from tests.emulators.oss import Oss
from tests.emulators.running import Emulator
from tests.matrix.sides.base import Side
from tests.matrix.sides.strict_s3 import StrictS3
from tests.matrix.things import Thing, awkward
from transfer import sync
from transfer.options import Options
from transfer.plugin import StoreOptions

_TAGS = {"project": "apollo", "cost centre": "a/b=c"}
_TAGGED = "described.bin"


@pytest.mark.parametrize(
    ("kind", "forced"), [("oss", False), ("oss", True), ("cos", False), ("cos", True), ("kodo", False)]
)
async def test_a_round_trip(
    make_side: Callable[[str], Side], oss_server: Emulator[Oss], cos_server: Emulator[Cos], kind: str, forced: bool
) -> None:
    """With tags, but by way of Kodo, which has none.

    Where the domains of OSS and COS have browsers save what they open, they hide the object's own Content-Disposition,
    and that alone is missing.
    """
    oss_server.controls.switches.default_domain = cos_server.controls.switches.default_domain = forced
    first, cloud, last = make_side("strict s3"), make_side(kind), make_side("strict s3")
    assert isinstance(first, StrictS3)
    assert isinstance(last, StrictS3)
    tree = first.fill(awkward(2 * first.part))
    first.tag(_TAGGED, _TAGS)
    tags = kind != "kodo"
    await move(first, cloud, tags=tags)
    await move(cloud, last, tags=tags)
    hidden = {"content-disposition"} if forced else set()
    assert {key: last.read(key) for key in tree} == {key: without(hidden, first.read(key)) for key in tree}
    assert last.tags(_TAGGED) == (_TAGS if tags else {})


def without(hidden: Collection[str], thing: Thing) -> Thing:
    return replace(thing, headers={name: value for name, value in thing.headers.items() if name not in hidden})


async def move(here: Side, there: Side, *, tags: bool) -> None:
    options = Options(
        source_settings=here.settings,
        target_settings=there.settings,
        part_size=there.part,
        multipart_threshold=there.part,
        stores=StoreOptions(tags=tags),
    )
    result = await sync(here.url, there.url, options)
    assert (result.ok, result.totals.unproven, result.totals.metadata_lost) == (True, 0, 0), result.failures
