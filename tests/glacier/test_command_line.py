"""What the command line says of vaults, and of what is wrong with them: one sentence, and the exit status."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.glacier.vaultplace import VaultPlace
from transfer.cli.app import app
from transfer_glacier.journal import file


@pytest.fixture
def remote(place: VaultPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder to work in, whose ``transfer.toml`` has a remote ``vaults``."""
    config = tmp_path / "transfer.toml"
    config.touch(mode=0o600)
    config.write_text(
        '[remote.vaults]\ntype = "glacier"\n'
        + "".join(f'{name} = "{value}"\n' for name, value in place.settings.items())
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a").write_bytes(b"data")
    return tmp_path


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    """Exit status, and all that is said."""
    done = CliRunner().invoke(app, list(arguments), env=environment)
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["sync", "tree", "vaults://nowhere"],
            "does not exist: check the vault's name, the region",
        ),
        (["ls", "vaults://nowhere"], "'vaults://nowhere/' does not exist"),
        (["ls", "vaults://a b"], "names no vault"),
        (["ls", "glacier://vault"], "'glacier://vault' has no region: set region"),
        (["ls", "glacier://vault", "--source-option", "region=us-east-1"], "No AWS credentials were found"),
        (
            ["ls", "vaults://vault", "--source-option", "access_key_id=OTHER"],
            "the access key or its session token",
        ),
        (
            ["ls", "vaults://vault", "--source-option", "region=eu-west-1"],
            "signed for another region",
        ),
        (["ls", "vaults://vault", "--source-option", "account_id=1"], "must be the twelve digits of an AWS account"),
        (
            ["ls", "vaults://vault", "--source-option", "queue=arn:aws:sqs:eu-west-1:123456789012:jobs"],
            "The setting queue = 'arn:aws:sqs:eu-west-1:123456789012:jobs' must be the URL of an SQS queue",
        ),
        (
            ["sync", "tree", "vaults://vault", "--target-option", "journal=unmounted/vault.journal"],
            "The journal unmounted/vault.journal is not there, nor is its folder",
        ),
        (["sync", "tree", "vaults://vault", "--storage-class", "GLACIER"], "has no storage classes"),
    ],
)
def test_misuse_is_one_sentence(remote: Path, arguments: list[str], words: str) -> None:
    status, said = run(*arguments)
    assert status == 2, said
    assert words in said
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_a_server_that_is_not_there(remote: Path) -> None:
    """The endpoint is named, since it may be mistyped."""
    status, said = run("ls", "vaults://vault", "--source-option", "endpoint=http://127.0.0.1:1")
    assert status == 1
    assert "check the endpoint that is given for vaults://vault, and that its server runs" in said


def test_an_inventory_that_is_awaited_is_no_failure(remote: Path, place: VaultPlace) -> None:
    """The exit status says that the same command goes on later."""
    place.keep(b"data")
    place.take_inventory()
    status, said = run("ls", "vaults://vault")
    assert status == 75, said
    assert "its inventory was asked for, which takes some hours; run this again then" in said
    place.turn(hours=6)
    assert run("ls", "vaults://vault")[0] == 0


def test_vaults_are_listed(remote: Path, place: VaultPlace) -> None:
    place.other("second")
    assert run("ls", "vaults://") == (0, "second\nvault\n")


def test_what_is_in_a_vault_is_listed_and_deleted(remote: Path, place: VaultPlace) -> None:
    assert run("sync", "tree", "vaults://vault/x")[0] == 0
    assert run("ls", "vaults://vault/x") == (0, "a\n")
    assert run("size", "vaults://vault")[0] == 0
    assert run("rm", "vaults://vault/x/a")[0] == 0
    assert place.archives == []


def test_an_archive_is_no_folder(remote: Path, place: VaultPlace) -> None:
    """Nor is what is not there an empty one."""
    assert run("sync", "tree", "vaults://vault/x")[0] == 0
    status, said = run("sync", "vaults://vault/x/a", "out")
    assert (status, said.count("\n")) == (2, 1)
    assert "'vaults://vault/x/a' is an object, not a folder; copy it with 'transfer copy'" in said


def test_plugins_tell_of_it() -> None:
    status, said = run("plugins")
    assert status == 0
    assert "glacier://  transfer-engine\n  can       ordered, multipart, long parts, versions, dated, thaw" in said
    assert "object up to 39.1 TiB, part from 1.0 MiB, part up to 4.0 GiB, 10,000 parts" in said


def test_a_journal_that_may_only_be_read(remote: Path, place: VaultPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is enough to read the vault by; nothing is sent that could not be written down."""
    assert run("sync", "tree", "vaults://vault")[0] == 0

    def forbidden(path: Path) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(file, "_open_for_appending", forbidden)
    (remote / "tree" / "b").write_bytes(b"more")
    status, said = run("sync", "tree", "vaults://vault")
    assert (status, said.count("\n"), len(place.archives)) == (2, 1, 1)
    assert "vault.journal: Permission denied" in said
    assert run("sync", "vaults://vault", "out")[0] == 75
    place.turn(hours=5)
    assert run("sync", "vaults://vault", "out")[0] == 0
    assert len(place.jobs) == 1


def test_an_archive_that_is_not_in_the_vault(remote: Path, place: VaultPlace) -> None:
    """Since the journal is another vault's, or somebody else has deleted it."""
    assert run("sync", "tree", "vaults://vault")[0] == 0
    (journal,) = (remote / "state").rglob("*.journal")
    place.other("second")
    status, said = run("sync", "vaults://second", "out", "--source-option", f"journal={journal}")
    assert status == 1
    assert "'vaults://second/a' is in the journal and not in the vault; 'transfer glacier journal --check'" in said


def test_the_journal_of_an_older_vault_is_refused(remote: Path, place: VaultPlace) -> None:
    """Nothing is skipped for being in it."""
    assert run("sync", "tree", "vaults://vault")[0] == 0
    (journal,) = (remote / "state").rglob("*.journal")
    place.turn(days=3)
    second = place.other("second")
    status, said = run("sync", "tree", "vaults://second", "--target-option", f"journal={journal}")
    assert status == 2
    assert ": it has archives that are older than the vault; name the right one" in said
    assert second.archives == []


def test_clocks_may_differ(remote: Path, place: VaultPlace) -> None:
    """So an archive may look some hours older than its vault."""
    assert run("sync", "tree", "vaults://vault")[0] == 0
    (journal,) = (remote / "state").rglob("*.journal")
    place.turn(hours=12)
    place.other("second")
    assert run("ls", "vaults://second", "--source-option", f"journal={journal}") == (0, "a\n")


def test_archives_get_their_names_from_a_file(remote: Path, place: VaultPlace) -> None:
    """What the file does not name has the name that its description tells."""
    archive = place.keep(b"data", "plain")
    place.keep(b"more", "other")
    place.take_inventory()
    named = ("--source-option", f"names_from={remote / 'names.csv'}")
    status, said = run("ls", "vaults://vault", *named)
    assert (status, said.count("\n"), place.jobs) == (2, 1, [])
    assert "names.csv can't be read: No such file or directory" in said
    (remote / "names.csv").write_text(f"GlacierArchiveID,FileName\n{archive.id},photos/a.jpg\n")
    assert run("ls", "vaults://vault", *named)[0] == 75
    place.turn(hours=6)
    assert run("ls", "vaults://vault", *named) == (0, "other\nphotos/a.jpg\n")
