"""What ``--strict-metadata`` finds when it looks at an object once more."""

from __future__ import annotations

from dataclasses import replace

import pytest

import transfer
from tests.core.rig import Watched, fill, memory, quick
from transfer.model import Entry, Metadata, Posix
from transfer.options import Compare

GIVEN = Metadata(
    content_type="a/b",
    cache_control="no-store",
    website_redirect="/x",
    user={"Name": "value", "other": "1"},
    tags={"t": "v"},
    storage_class="COLD",
    posix=Posix(mtime_ns=5, mode=0o100644),
)


class Forgets(Watched):
    """Takes all metadata, and later tells of other."""

    told = Metadata()

    async def stat(self, key: str) -> Entry:
        return replace(await super().stat(key), metadata=self.told)


@pytest.mark.parametrize(
    ("told", "missing"),
    [
        (GIVEN, ()),
        (replace(GIVEN, content_language="de", user={"name": "value", "other": "1", "more": "x"}), ()),
        (replace(GIVEN, content_type=None), ("content-type",)),
        (replace(GIVEN, website_redirect="/y"), ("website-redirect",)),
        (replace(GIVEN, user={"name": "other"}), ("user metadata 'name'", "user metadata 'other'")),
        (replace(GIVEN, tags=None), ("tag 't'",)),
        (replace(GIVEN, storage_class=None), ("storage class 'COLD'",)),
        (replace(GIVEN, posix=Posix(mode=0o100644)), ("mtime",)),
    ],
)
async def test_what_is_forgotten_is_a_failure(told: Metadata, missing: tuple[str, ...]) -> None:
    """Field by field; without the option nobody looks."""
    source, target = memory(), Forgets(memory())
    target.told = told
    await fill(source, {"k": b"data"}, GIVEN)
    options = quick(strict_metadata=True, stores=transfer.StoreOptions(tags=True))
    result = await transfer.sync(source, target, options)
    assert result.ok == (not missing)
    assert [failure.lost for failure in result.failures] == [missing] * bool(missing)
    await target.delete(["k"])
    target.forget()
    assert (await transfer.sync(source, target, replace(options, strict_metadata=False, compare=Compare.ALWAYS))).ok
    assert target.count("stat") == 0
