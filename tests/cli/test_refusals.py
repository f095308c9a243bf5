"""What a newcomer gets wrong at a server is one sentence with the remedy, and exit status 2.

(A region that is wrong is one more: neither server minds. See the reference's test.)
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.session import get_session

from tests.cli.conftest import Cli
from transfer.testing.servers import Server, moto

COMMANDS = (
    ("ls", "{url}"),
    ("cat", "{url}/k"),
    ("rm", "{url}/k"),
    ("copy", "{url}/k", "{folder}/out"),
    ("copy", "{folder}/a.txt", "{url}/k"),
    ("copy", "-", "{url}/k"),
    ("sync", "{url}", "{folder}/out"),
    ("sync", "{folder}", "{url}"),
    ("verify", "{folder}", "{url}"),
)


@pytest.fixture(scope="module")
def strict_server() -> Iterator[Server]:
    """A moto that knows one user's key, and asks for it."""
    with moto() as server:
        server.create_bucket("bucket")
        keys = {"aws_access_key_id": server.access_key_id, "aws_secret_access_key": server.secret_access_key}
        iam = get_session().create_client("iam", endpoint_url=server.endpoint, region_name=server.region, **keys)
        iam.create_user(UserName="known")
        made = iam.create_access_key(UserName="known")["AccessKey"]
        reset = urllib.request.Request(f"{server.endpoint}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
        urllib.request.urlopen(reset).close()
        yield Server(server.port, made["AccessKeyId"], made["SecretAccessKey"])


@pytest.fixture(params=["seaweed", "moto"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture(params=["seaweed", "strict"])
def guarded(request: pytest.FixtureRequest) -> Server:
    """A server that looks at keys and signatures, with a bucket."""
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.txt").write_text("hello")
    return tmp_path / "tree"


def configure(folder: Path, server: Server, **others: str) -> Path:
    """A file that names the server ``here``, with settings of which some are others."""
    config = folder.with_name("transfer.toml")
    config.touch(0o600)
    settings = {"type": "s3", **server.settings, **others}
    config.write_text("[remote.here]\n" + "".join(f'{name} = "{value}"\n' for name, value in settings.items()))
    return config


def said(cli: Cli, command: tuple[str, ...], url: str, folder: Path, config: Path) -> str:
    """The sentence of a command, which has said nothing else and done nothing."""
    outcome = cli(*(part.format(url=url, folder=folder) for part in command), "--config", config, stdin=b"")
    assert (outcome.exit_code, outcome.stdout) == (2, ""), outcome.output
    assert outcome.stderr.count("\n") == 1
    assert not (folder / "out").exists()
    return outcome.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_bucket_that_is_not_there(cli: Cli, server: Server, command: tuple[str, ...], folder: Path) -> None:
    """It is named as it was written."""
    sentence = said(cli, command, "here://no-such-bucket", folder, configure(folder, server))
    assert sentence.startswith("transfer: 'here://no-such-bucket/")
    assert "bucket that does not exist: check its name and the endpoint (NoSuchBucket" in sentence


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("wrong", ["access_key_id", "secret_access_key"])
def test_keys_that_are_wrong(cli: Cli, guarded: Server, wrong: str, command: tuple[str, ...], folder: Path) -> None:
    """The settings to look at are named, and no value of them."""
    sentence = said(cli, command, "here://bucket", folder, configure(folder, guarded, **{wrong: "NOTTHEKEY"}))
    assert sentence.startswith("transfer: 'here://bucket/")
    assert "check access_key_id and secret_access_key" in sentence
    assert "NOTTHEKEY" not in sentence
