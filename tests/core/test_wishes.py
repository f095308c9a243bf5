"""A run that asks of its target what that can't do is refused, and nothing is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

import transfer
from tests.core.rig import contents, fill, memory
from transfer.errors import Misconfigured
from transfer.options import Options
from transfer.plugin import StoreOptions

WISHES = [
    (Options(stores=StoreOptions(sse="AES256")), "--sse would have no effect, for the target .* can't encrypt"),
    (Options(stores=StoreOptions(sse_kms_key_id="k")), "--sse-kms-key-id would have no effect, for the target"),
    (Options(stores=StoreOptions(sse_c_key_file="k")), "--sse-c-key-file would have no effect, for the target"),
    (Options(stores=StoreOptions(acl="private")), "--acl would have no effect, for the target .* has no ACLs"),
    (Options(storage_class="COLD"), "--storage-class would have no effect, for the target .* has no storage classes"),
    (Options(stores=StoreOptions(tags=True)), "--tags would have no effect, for the target .* keeps no tags"),
]


async def chunks() -> AsyncIterator[bytes]:
    """A stream."""
    yield b"data"


@pytest.mark.parametrize(("options", "sentence"), WISHES)
async def test_a_disk_says_what_it_can_not_do(tmp_path: Path, options: Options, sentence: str) -> None:
    """Whoever asks for encryption must not believe that there is any."""
    source = memory()
    await fill(source, {"k": b"data"})
    for verb in (transfer.sync, transfer.copy):
        with pytest.raises(Misconfigured, match=sentence):
            await verb(source, tmp_path / "out", options)
    with pytest.raises(Misconfigured, match=r"--tags has no effect on a stream" if options.stores.tags else sentence):
        await transfer.copy_stream(chunks(), tmp_path / "out", options)
    assert not (tmp_path / "out").exists()


async def test_a_map_needs_classes_on_both_sides(tmp_path: Path) -> None:
    """There is nothing to map on a disk."""
    for source, target, side in ((tmp_path, memory(), "source"), (memory(), tmp_path, "target")):
        sentence = f"--map-class would have no effect, for the {side} .* has no storage classes"
        with pytest.raises(Misconfigured, match=sentence):
            await transfer.sync(source, target, Options(map_class={"COLD": "FROZEN"}))


async def test_a_map_names_classes_that_are_there() -> None:
    """Of either side, where these are known; and the sentence names them."""
    source, target = memory(), memory()
    source.capabilities = replace(source.capabilities, class_names=("STANDARD", "GLACIER"))
    target.capabilities = replace(target.capabilities, class_names=("Standard", "Archive"))
    for old, new, side, wrong, choices in (
        ("Archive", "Archive", "source", "Archive", "STANDARD, GLACIER"),
        ("GLACIER", "GLACIER", "target", "GLACIER", "Standard, Archive"),
    ):
        sentence = f"--map-class names '{wrong}', which is no storage class of the {side} .*; name one of {choices}."
        with pytest.raises(Misconfigured, match=sentence):
            await transfer.sync(source, target, Options(map_class={old: new}))
    assert (await transfer.sync(source, target, Options(map_class={"GLACIER": "Archive"}))).ok


async def test_a_dry_run_says_it_too(tmp_path: Path) -> None:
    """It tells what the run would do."""
    with pytest.raises(Misconfigured, match=r"--acl would have no effect"):
        await transfer.sync(memory(), tmp_path, Options(dry_run=True, stores=StoreOptions(acl="private")))


async def test_a_source_without_tags_has_none_to_carry(tmp_path: Path) -> None:
    """Each would be looked for in vain."""
    with pytest.raises(Misconfigured, match=r"--tags would have no effect, for the source .* keeps no tags"):
        await transfer.sync(tmp_path, memory(), Options(stores=StoreOptions(tags=True)))


async def test_a_backup_is_encrypted_too() -> None:
    """Or there is none."""
    able, backup = memory(), f"memory://{memory().origin.container}"
    able.capabilities = type(able.capabilities)(encryption=True)
    with pytest.raises(Misconfigured, match=r"--sse would have no effect, for --backup-dir .* can't encrypt"):
        await transfer.sync(memory(), able, Options(backup_dir=backup, stores=StoreOptions(sse="AES256")))


async def test_what_the_target_can_do_is_done() -> None:
    """A class is given where there are classes; and a comparison writes nothing, so that nothing is asked of it."""
    source, target = memory(), memory()
    await fill(source, {"k": b"data"})
    options = Options(storage_class="COLD", stores=StoreOptions(tags=True))
    assert (await transfer.sync(source, target, options)).ok
    assert contents(target) == {"k": b"data"}
    assert (await target.stat("k")).storage_class == "COLD"
    assert (await transfer.verify(source, target, Options(stores=StoreOptions(acl="private")))).ok
