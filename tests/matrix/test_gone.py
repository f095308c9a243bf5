"""``--delete``: what the source has no more goes from the target, and nothing else, whatever the listings' order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.emulators.cos import Cos
from tests.emulators.oss import Oss
from tests.emulators.running import Emulator
from tests.matrix.ring import RING
from tests.matrix.sides.base import Side
from tests.matrix.things import Thing
from transfer import sync
from transfer.options import Options

_WIDE, _ROUND = "\uff5e", "\U0001f600"
"""In UTF-16, as Kodo sorts, the second comes first; in UTF-8 it is the other way round."""
_STAYS = {f"stays {place}": Thing(place.encode()) for place in ("", "a.b", "a/b", _WIDE, f"{_ROUND}/x", "z")}
_GOES = {f"goes {place}": Thing(place.encode()) for place in ("", f"{_WIDE}/x", _ROUND, f"{_ROUND} 2")}


def options(here: Side, there: Side) -> Options:
    return Options(source_settings=here.settings, target_settings=there.settings, delete=True)


@pytest.mark.parametrize(("source", "target"), RING)
async def test_what_is_gone_goes(make_side: Callable[[str], Side], source: str, target: str) -> None:
    """With what somebody else has put there, too."""
    here, there = make_side(source), make_side(target)
    here.fill({**_STAYS, **_GOES})
    assert (await sync(here.url, there.url, options(here, there))).totals.copied == len(_STAYS) + len(_GOES)
    for key in _GOES:
        here.remove(key)
    there.write("foreign", Thing(b"from elsewhere"))
    result = await sync(here.url, there.url, options(here, there))
    assert (result.ok, result.totals.deleted, result.totals.copied) == (True, len(_GOES) + 1, 0)
    assert there.keys() == set(_STAYS)


@pytest.mark.parametrize("target", ["disk", "kodo", "oss", "cos"])
@pytest.mark.parametrize(("source", "said"), [("kodo", "false"), ("kodo", "true"), ("oss", ""), ("cos", "")])
async def test_listings_out_of_order(
    make_side: Callable[[str], Side],
    oss_server: Emulator[Oss],
    cos_server: Emulator[Cos],
    source: str,
    said: str,
    target: str,
) -> None:
    """Of a bucket that is said to be in order, it is noticed that it is not; nothing is deleted that is there."""
    here, there = make_side(source), make_side(target)
    here.fill({**_STAYS, **_GOES})
    there.fill({"foreign": Thing(b"from elsewhere"), "stays too": Thing(b"so far")})
    oss_server.controls.switches.disordered = cos_server.controls.switches.disordered = True
    settings = {**here.settings, "ordered": said} if said else here.settings
    chosen = Options(source_settings=settings, target_settings=there.settings, delete=True)
    result = await sync(here.url, there.url, chosen)
    assert (result.ok, result.totals.deleted, result.totals.copied) == (True, 2, len(_STAYS) + len(_GOES))
    for key in _GOES:
        here.remove(key)
    result = await sync(here.url, there.url, chosen)
    assert (result.ok, result.totals.deleted, result.totals.copied) == (True, len(_GOES), 0)
    assert there.keys() == set(_STAYS)
