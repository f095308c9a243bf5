"""What OSS can't copy itself; the rest of its copies is in ``test_native_copies.py``."""

from __future__ import annotations

from dataclasses import replace

import pytest

import transfer
from tests.core.rig import MIB, pattern, quick
from tests.plugins.ossplace import OssPlace, sdk
from transfer.errors import Unsupported
from transfer.model import Body, Metadata
from transfer_oss.dialect import OSS


@pytest.mark.parametrize("large", [False, True], ids=["whole", "in parts"])
async def test_a_symlink_is_not_copied_by_the_provider(
    oss: OssPlace, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    """That would copy the link, which there may lead nowhere: what it points at goes through here."""
    other = oss.server.fresh_bucket()
    data = pattern(2 * MIB + 5) if large else b"the target"
    replaced = replace(OSS, limits=replace(OSS.limits, max_copy=MIB))
    monkeypatch.setattr("transfer_oss.opening.OSS", replaced)
    source = await oss.open("tree")
    await (await oss.open()).put("aim", Body(data), Metadata())
    sdk(oss).put_symlink("aim", "tree/link")
    await source.put("plain", Body(b"plain"), Metadata())
    result = await transfer.sync(source, await oss.open("tree", bucket=other.name), quick())
    assert (result.ok, result.totals.copied) == (True, 2)
    made = other.current("tree/link")
    assert made is not None
    assert (made.kind, made.blob.bytes()) == ("Multipart" if large else "Normal", data)


async def test_new_metadata_for_a_symlink(oss: OssPlace) -> None:
    """It can't be given by a copy, which the caller is told, so that the object is sent again."""
    store = await oss.open()
    await store.put("aim", Body(b"the target"), Metadata())
    sdk(oss).put_symlink("aim", "link")
    with pytest.raises(Unsupported, match="'link' is a symlink, of which OSS would copy the link"):
        await store.update(await store.stat("link"), Metadata(user={"new": "1"}))
    assert oss.held("link").kind == "Symlink"
