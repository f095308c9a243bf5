"""The plugins at the clouds themselves, where the environment names accounts: "At a real account" in docs/plugin.md.

Each test has a place of its own below the folder that is named, and deletes what it left there.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import ClassVar

import pytest

import transfer_cos
import transfer_oss
import transfer_qiniu
import transfer_s3
from tests.conformance import test_cos
from tests.conformance.accounts import OPTIONS, Account, named, sweep
from transfer.plugin import Plugin, Store
from transfer.testing.conformance import MakeStore, StoreConformance

S3 = named("S3", "AWS_")
OSS = named("OSS", "OSS_", "ALIBABA_CLOUD_")
COS = named("COS", "COS_", "TENCENTCLOUD_")
KODO = named("KODO", "QINIU_")

# The way there is long.
pytestmark = pytest.mark.timeout(1800)


@pytest.mark.parametrize("account", [S3, OSS, COS, KODO], ids=lambda account: account.variable)
def test_a_folder_is_named(account: Account) -> None:
    """Which is the tests' own, in a bucket of any use."""
    if account.excuse:
        pytest.skip(account.excuse)
    assert account.folder, f"{account.variable} must name a folder of the bucket: the tests write and delete there"


class _AtAccount(StoreConformance):
    account: ClassVar[Account]
    plugin: ClassVar[Plugin]

    @pytest.fixture
    async def make_store(self, own_surroundings: object, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MakeStore]:
        account, plugin, place = self.account, self.plugin, uuid.uuid4().hex
        assert account.folder, "a bucket of its own is not asked for"
        for name, value in account.environment.items():
            monkeypatch.setenv(name, value)

        async def make(folder: str = "") -> Store:
            return await plugin.open(account.location(f"{place}/{folder}" if folder else place), OPTIONS)

        yield make
        await sweep(plugin, account.location(place))


class TestS3(_AtAccount):
    """AWS, or whoever imitates it."""

    __test__ = not S3.excuse
    account, plugin = S3, transfer_s3.plugin


class TestOss(_AtAccount):
    """Aliyun."""

    __test__ = not OSS.excuse
    account, plugin = OSS, transfer_oss.plugin


class TestCos(_AtAccount):
    """Tencent Cloud."""

    __test__ = not COS.excuse
    account, plugin = COS, transfer_cos.plugin
    holds = test_cos.TestCos.holds


class TestKodo(_AtAccount):
    """Qiniu."""

    __test__ = not KODO.excuse
    account, plugin = KODO, transfer_qiniu.plugin
