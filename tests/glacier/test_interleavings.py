"""Whatever happens on the way, in the end journal, vault and folder agree, and nothing is billed twice."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import transfer
from tests.emulators.controls import Fault
from tests.glacier.vaultplace import VaultPlace, vault_place
from transfer.options import Options
from transfer_glacier.journal import Journal

NAMES = ("a", "b/c", "ü")
VERBS = ("begin_upload", "upload_part", "complete_upload", "delete_archive", "begin_job", "list_jobs", "describe_vault")
SIZES = (1, 1000, 1024**2 + 1)

writing = st.tuples(st.just("write"), st.sampled_from(NAMES), st.sampled_from(SIZES), st.integers(0, 9))
removing = st.tuples(st.just("remove"), st.sampled_from(NAMES))
failing = st.tuples(st.just("fail"), st.sampled_from(("lost", "refuse", "reset")), st.sampled_from(VERBS))
passing = st.tuples(st.just("turn"), st.sampled_from((1, 6, 13, 26)))
others = st.sampled_from([("up",), ("up",), ("down",), ("inventory",)])
steps = st.lists(st.one_of(writing, removing, failing, passing, others), min_size=4, max_size=12)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(steps)
def test_all_ends_well(story: list[tuple[str | int, ...]]) -> None:
    with world() as (place, folder):
        for step in story:
            act(place, folder, step)
        place.controls.faults.clear()
        assert up(place, folder).ok
        agree(place, folder)
        retrieve(place, folder)
        assert place.billing.billed_twice() == []


def act(place: VaultPlace, folder: Path, step: tuple[str | int, ...]) -> None:
    """One thing that happens."""
    match step:
        case ("write", str(name), int(size), int(seed)):
            path = folder / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes([seed]) * size)
        case ("remove", str(name)):
            (folder / "tree" / name).unlink(missing_ok=True)
        case ("fail", kind, verb):
            place.fail(Fault(kind, verb, status=500))  # type: ignore[arg-type]
        case ("turn", int(hours)):
            place.turn(hours=hours)
        case ("up",):
            up(place, folder)
        case ("down",):
            down(place, folder)
        case ("inventory",):
            place.take_inventory()


def up(place: VaultPlace, folder: Path) -> transfer.Result:
    """The folder into the vault. It may fail."""
    options = Options(target_settings=place.settings, delete=True, allow_empty_source=True, max_delete=None, retries=0)
    return run(str(folder / "tree"), "glacier://vault", options)


def down(place: VaultPlace, folder: Path) -> transfer.Result:
    """What is in the vault, as far as it can be read, into another folder."""
    options = Options(source_settings=place.settings, tier="expedited", delete=True, allow_empty_source=True, retries=0)
    return run("glacier://vault", str(folder / "back"), options)


def run(source: str, target: str, options: Options) -> transfer.Result:
    try:
        return asyncio.run(transfer.sync(source, target, options))
    except transfer.TransferError:
        return mock.Mock(ok=False, exit_status=1)


def retrieve(place: VaultPlace, folder: Path) -> None:
    """Until all of it is back."""
    for _ in range(3):
        status = down(place, folder).exit_status
        if status == 0:
            break
        assert status == 75
        place.turn(hours=1)
    assert contents(folder / "back") == contents(folder / "tree")


def agree(place: VaultPlace, folder: Path) -> None:
    """The folder, the vault and the journal have the same, and no upload is left but those that nobody knows of."""
    (path,) = (folder / "state").rglob("*.journal")
    journal = Journal(path)
    named = dict(journal.page("", None, 100))
    journal.close()
    files = contents(folder / "tree")
    known = {name: place.content(versions[0].id) for name, versions in named.items()}
    assert known == files
    assert {archive.id for versions in named.values() for archive in versions} == {each.id for each in place.archives}


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@contextmanager
def world() -> Iterator[tuple[VaultPlace, Path]]:
    with vault_place() as place, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tree").mkdir()
        with mock.patch.dict(os.environ, {"TRANSFER_STATE_DIR": str(folder / "state")}):
            yield place, folder
