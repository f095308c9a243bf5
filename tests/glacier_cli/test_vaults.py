"""``transfer glacier vaults``, ``create``, ``delete``, ``jobs`` and ``uploads``."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests.emulators.controls import Fault
from tests.glacier_cli.conftest import Desk
from transfer.cli.app import app
from transfer.plugin import Location, StoreOptions
from transfer_glacier import calls
from transfer_glacier.descriptions import describe
from transfer_glacier.opening import open_vault


def test_vaults_are_listed_as_their_last_inventory_has_them(filled: Desk) -> None:
    """For people and as JSON, over all pages; a vault without an inventory tells no numbers."""
    for number in range(11):
        assert filled.glacier("create", f"vaults://more-{number:02}") == 0
    assert filled.glacier("vaults", "vaults://") == 0
    head, *rows = [line.split() for line in filled.said.splitlines()]
    assert head == ["archives", "size", "inventory", "vault"]
    assert [row[-1] for row in rows] == [*(f"more-{number:02}" for number in range(11)), "vault"]
    assert rows[-1][:3] == ["3", "3.0", "MiB"]
    assert rows[0][:2] == ["?", "?"]
    assert filled.glacier("vaults", "vaults://", "--json") == 0
    told = [json.loads(line) for line in filled.said.splitlines()]
    assert (told[-1]["name"], told[-1]["archives"], len(told)) == ("vault", 3, 12)


def test_a_vault_is_deleted_once_an_inventory_found_it_empty(filled: Desk) -> None:
    """Until then it is refused, with what the inventory found and what to do."""
    assert filled.glacier("delete", "vaults://vault") == 3
    assert "found 3 archives" in filled.said
    assert "'transfer glacier purge'" in filled.said
    assert filled.glacier("purge", "vaults://vault", "--yes") == 0
    assert filled.glacier("delete", "vaults://vault") == 3
    assert "try again a day later" in filled.said
    filled.place.turn(hours=25)
    assert filled.glacier("delete", "vaults://vault") == 0
    assert filled.glacier("delete", "vaults://nowhere") == 2  # Glacier itself would call it deleted
    assert "'vaults://nowhere/' does not exist: check the vault's name" in filled.said
    assert filled.glacier("vaults", "vaults://") == 0
    assert filled.said == "No vaults.\n"


def test_a_vault_of_another_kind_of_store_is_refused(desk: Desk) -> None:
    """As is a name that can be none."""
    assert desk.glacier("create", "s3://bucket") == 2
    assert "'s3://bucket' is no glacier:// URL" in desk.said
    for name in ("vaults://no vault", "vaults://"):
        assert desk.glacier("create", name) == 2
        assert f"'{name}' names no vault" in desk.said


def test_calls_are_made_again(desk: Desk) -> None:
    """Where they failed in passing, as often as is asked for."""
    desk.place.fail(Fault("refuse", "list_vaults", status=500))
    assert desk.glacier("vaults", "vaults://") == 0
    desk.place.fail(Fault("refuse", "list_vaults", status=500, times=2))
    assert desk.glacier("vaults", "vaults://", "--retries", 1) == 1


def test_jobs_are_listed_with_the_names_of_their_archives(filled: Desk) -> None:
    """And how far they are."""
    assert filled.run("sync", "vaults://vault", "out") == 75
    assert filled.glacier("jobs", "vaults://vault") == 0
    lines = filled.said.splitlines()
    assert any(line.startswith("under way") and line.endswith("a/old.txt") for line in lines)
    assert any(line.startswith("ready") and line.endswith("the inventory") for line in lines)
    assert filled.glacier("jobs", "vaults://vault", "--json") == 0
    told = [json.loads(line) for line in filled.said.splitlines()]
    assert {job["name"] for job in told} == {None, "a/old.txt", "b.bin"}
    assert {job["status"] for job in told} == {"Succeeded", "InProgress"}


async def begin(desk: Desk, *names: str) -> None:
    """Uploads that nobody will finish."""
    location = Location("glacier://vault", "glacier", "vault", "", desk.place.settings)
    client = (await open_vault(location, StoreOptions())).client
    for name in names:
        await calls.begin(client, describe(name, 0), 1024**2, key=name)
    await client.aclose()


def test_uploads_are_listed_and_aborted(desk: Desk) -> None:
    """One by its id, or all; an id that is not there is a mistake."""
    assert desk.glacier("uploads", "vaults://vault") == 0
    assert desk.said == "No unfinished uploads.\n"
    asyncio.run(begin(desk, "one", "two", "three"))
    ids = desk.place.uploads
    assert len(ids) == 3
    assert desk.glacier("uploads", "vaults://vault") == 0
    assert all(each in desk.said for each in (*ids, "one", "two", "three"))
    assert desk.glacier("uploads", "vaults://vault", "--json") == 0
    assert {json.loads(line)["name"] for line in desk.said.splitlines()} == {"one", "two", "three"}
    assert desk.glacier("uploads", "vaults://vault", "--abort", "not-there") == 2
    assert desk.glacier("uploads", "vaults://vault", "--abort", ids[0]) == 0
    assert desk.place.uploads == ids[1:]
    assert desk.glacier("uploads", "vaults://vault", "--abort-all") == 0
    assert (desk.said, desk.place.uploads) == ("2 uploads aborted.\n", [])


COMMANDS = ["vaults", "create", "delete", "inventory", "journal", "jobs", "uploads", "purge", "check", "estimate"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    """Within 80 columns, and no heading twice."""
    done = CliRunner().invoke(app, ["glacier", command, "--help"])
    assert done.exit_code == 0
    text, _, example = done.stdout.partition("Example:\n")
    assert example.startswith(f"  transfer glacier {command}")
    assert max(map(len, text.splitlines())) <= 80
    headings = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert len(headings) == len(set(headings))


def test_the_help_of_all_names_them_and_imports_no_client() -> None:
    """Only the command that is called is imported."""
    done = CliRunner().invoke(app, ["--help"])
    assert "  glacier " in done.stdout
    program = (
        "import sys\nfrom transfer.cli.app import app\n"
        "try: app.main(['--help'])\n"
        "except SystemExit: print(sorted(name for name in sys.modules if name.startswith('transfer_glacier')))"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines()[-1] == "['transfer_glacier_cli']"
