"""The policies of the page on S3 are enough, and each is too little for the other side."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session

import transfer
from tests.docs import pages
from transfer.config import load_config
from transfer.errors import Denied
from transfer.options import Options
from transfer.plugin import StoreOptions
from transfer.registry import open_store
from transfer.testing.servers import Server, moto

SOURCE, TARGET = (json.loads(block) for block in pages.blocks("s3.md", "json"))
DELETE = {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::TARGET/*"}


@pytest.fixture
def strict_server() -> Iterator[Server]:
    """A server that asks its users' policies; filled, and with nobody checked yet."""
    with moto() as server:
        yield server


@pytest.mark.parametrize("block", list(pages.blocks("s3.md", "toml")))
async def test_remotes_can_be_opened(block: str, tmp_path: Path) -> None:
    """Each by its name, which is that of no other scheme."""
    (tmp_path / "transfer.toml").write_text(block)
    config = load_config(tmp_path / "transfer.toml")
    assert len(config.remotes) == block.count("[remote.") > 0
    for name in config.remotes:
        store = await open_store(f"{name}://b/p", StoreOptions(), config=config, settings={"anonymous": "true"})
        assert store.url == f"{name}://b/p/"
        await store.aclose()


def client(server: Server, service: str) -> Any:
    return get_session().create_client(
        service,
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
        region_name=server.region,
    )


def user(server: Server, name: str, *policies: dict[str, Any]) -> dict[str, str]:
    """A new user with these policies; returns the settings to be it."""
    iam = client(server, "iam")
    iam.create_user(UserName=name)
    for number, policy in enumerate(policies):
        iam.put_user_policy(UserName=name, PolicyName=f"p{number}", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    keys = {"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]}
    return {"endpoint": server.endpoint, "region": server.region, **keys}


def fill(server: Server) -> None:
    s3 = client(server, "s3")
    for bucket in ("SOURCE", "TARGET"):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for number in range(3):
        s3.put_object(Bucket="SOURCE", Key=f"d/{number}", Body=b"data")
    # Only one: moto asks for the right to delete many of the bucket, which AWS does not.
    s3.put_object(Bucket="TARGET", Key="d/gone", Body=b"data")
    s3.put_object(Bucket="SOURCE", Key="d/large", Body=bytes(17 * 1024 * 1024))


def begin_checking(server: Server) -> None:
    url = f"{server.endpoint}/moto-api/reset-auth"
    urllib.request.urlopen(urllib.request.Request(url, b"0", {"Content-Type": "text/plain"})).close()


async def test_the_policies_are_enough_and_not_more(strict_server: Server) -> None:
    """A sync and a verification succeed with them, deletes with one action more, and nothing with the other's."""
    fill(strict_server)
    source, target = user(strict_server, "source", SOURCE), user(strict_server, "target", TARGET)
    deleting = user(strict_server, "deleting", TARGET, {"Version": "2012-10-17", "Statement": [DELETE]})
    begin_checking(strict_server)
    options = Options(source_settings=source, target_settings=target, retries=1, verify=transfer.Verify.READBACK)
    places = ("s3://SOURCE/d", "s3://TARGET/d")
    assert (await transfer.sync(*places, options)).totals.copied == 4
    assert (await transfer.sync(*places, replace(options, delete=True))).exit_status == 1
    assert (await transfer.sync(*places, replace(options, target_settings=deleting, delete=True))).totals.deleted == 1
    assert (await transfer.verify(*places, options)).ok
    for wrong in (replace(options, source_settings=target), replace(options, target_settings=source)):
        with pytest.raises(Denied):
            await transfer.sync(*places, wrong)
