"""Storage classes that are mapped by name, from each provider to the next."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.matrix.sides.base import Side
from tests.matrix.things import INFREQUENT, Thing
from transfer import list_objects, sync
from transfer.errors import Misconfigured
from transfer.model import Entry
from transfer.options import Options

_SELDOM = {"strict s3": "STANDARD_IA", "oss": "IA", "cos": "STANDARD_IA", "kodo": "LINE"}
_CHOSEN = {"strict s3": "GLACIER_IR", "oss": "ColdArchive", "cos": "ARCHIVE", "kodo": "INTELLIGENT_TIERING"}
"""Classes that nobody would choose for what is read seldom, if it were not for the option."""


@pytest.mark.parametrize(
    ("source", "target"),
    [("strict s3", "oss"), ("oss", "cos"), ("cos", "kodo"), ("kodo", "strict s3"), ("kodo", "kodo")],
)
async def test_a_class_is_mapped(make_side: Callable[[str], Side], source: str, target: str) -> None:
    """It alone: other objects have the class that they would have had."""
    here, there = make_side(source), make_side(target)
    here.fill({"seldom": Thing(b"read seldom", tier=INFREQUENT), "often": Thing(b"read often")})
    options = Options(
        source_settings=here.settings,
        target_settings=there.settings,
        map_class={_SELDOM[source]: _CHOSEN[target]},
    )
    assert (await sync(here.url, there.url, options)).ok
    found = {
        entry.key: entry.storage_class
        async for page in list_objects(there.url, Options(source_settings=there.settings))
        for entry in page.items
        if isinstance(entry, Entry)
    }
    assert found["seldom"] == _CHOSEN[target]
    assert found["often"] in (None, "STANDARD", "Standard")
    again = await sync(here.url, there.url, options)
    assert (again.totals.copied, again.totals.updated) == (0, 0)


@pytest.mark.parametrize(("kind", "choices"), [("oss", "Standard, IA, Archive"), ("kodo", "STANDARD, LINE")])
async def test_a_class_of_somebody_else_is_refused(make_side: Callable[[str], Side], kind: str, choices: str) -> None:
    """On either side, with the names that there are."""
    here, there = make_side(kind), make_side(kind)
    settings = {"source_settings": here.settings, "target_settings": there.settings}
    known = _SELDOM[kind]
    for pair, side in (({"MAZ_COLD": known}, "source"), ({known: "MAZ_COLD"}, "target")):
        with pytest.raises(Misconfigured, match=f"'MAZ_COLD', which is no storage class of the {side} .*{choices}"):
            await sync(here.url, there.url, Options(map_class=pair, **settings))  # type: ignore[arg-type]
