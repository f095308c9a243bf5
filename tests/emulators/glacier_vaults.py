"""Calls about vaults themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.emulators.glacier_account import told
from tests.emulators.glacier_checks import document, invalid, limit_of
from tests.emulators.glacier_state import ACCOUNT, Vault
from tests.emulators.messages import Call, Refused, Reply

if TYPE_CHECKING:
    from tests.emulators.glacier import Glacier

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")


async def create_vault(service: Glacier, call: Call) -> Reply:
    """Make it, if it is not there."""
    if not _NAME.fullmatch(call.bucket):
        raise invalid(f"Invalid vault name: {service.account.arn(call.bucket)}")
    if call.bucket not in service.account.vaults:
        if len(service.account.vaults) >= service.account.rules.vaults:
            raise Refused(400, "LimitExceededException", "The limit of vaults of this account is reached.")
        service.make_vault(call.bucket)
    return Reply(201, {"Location": f"/{ACCOUNT}/vaults/{call.bucket}"})


async def delete_vault(service: Glacier, call: Call) -> Reply:
    """Only one that was empty at its last inventory, and to which nothing was added since."""
    vault = service.account.vaults.get(call.bucket)
    if vault is not None:
        if vault.archives or vault.written:
            raise invalid(f"Vault not empty or recently written to: {service.account.arn(vault.name)}")
        service.account.drop_vault(vault)
    return Reply(204)


async def describe_vault(service: Glacier, call: Call) -> Reply:
    """What the last inventory says of it."""
    return document(_described(service, service.vault(call)))


async def list_vaults(service: Glacier, call: Call) -> Reply:
    """By name; the marker is the ARN of the last one that was told."""
    account, after = service.account, call.query.get("marker", "")
    names = sorted(account.vaults)
    if after:
        begin = account.arn("")
        if not after.startswith(begin):
            raise invalid(f"Invalid marker: {after}")
        names = [name for name in names if name > after.removeprefix(begin)]
    told_now = names[: limit_of(call, account.rules.vaults_page)]
    marker = account.arn(told_now[-1]) if len(told_now) < len(names) else None
    return document({"Marker": marker, "VaultList": [_described(service, account.vaults[name]) for name in told_now]})


def _described(service: Glacier, vault: Vault) -> dict[str, Any]:
    return {
        "CreationDate": told(vault.created),
        "LastInventoryDate": told(vault.inventoried),
        "NumberOfArchives": vault.archives,
        "SizeInBytes": vault.size,
        "VaultARN": service.account.arn(vault.name),
        "VaultName": vault.name,
    }
