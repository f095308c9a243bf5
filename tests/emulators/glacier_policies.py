"""Calls about what is allowed, whom to tell, and what else hangs on a vault or an account."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from tests.emulators.glacier_account import Capacity, fresh_id, told
from tests.emulators.glacier_checks import document, invalid, missing, not_found, parsed
from tests.emulators.glacier_state import Job, Lock, Vault
from tests.emulators.messages import Call, Refused, Reply

if TYPE_CHECKING:
    from tests.emulators.glacier import Glacier

EVENTS = ("ArchiveRetrievalCompleted", "InventoryRetrievalCompleted")
_HOUR, _DAY = 3600.0, 86400.0
_UNITS = 2
_LOCK_HOURS = 24
_POLICY_BYTES = 20 << 10


def check_rate(service: Glacier, job: Job) -> None:
    """Raises Refused where the policy, or the lack of capacity, forbids a retrieval."""
    account = service.account
    if job.tier == "Expedited" and not account.rules.expedited_available and not _bought(service):
        message = "Glacier expedited retrievals are currently not available, please try again later"
        raise Refused(503, "InsufficientCapacityException", message)
    strategy = account.policy["Strategy"]
    if job.tier != "Standard" or strategy == "None":
        return
    standard = [each for each in account.jobs.values() if each.tier == "Standard"]
    if strategy == "BytesPerHour":
        running = sum(each.size for each in standard if each.ready > account.now())
        refused = (running + job.size) / account.rules.spread_hours > account.policy["BytesPerHour"]
    else:
        day = account.now() // _DAY * _DAY
        today = sum(each.size for each in account.billing.of_tier("Standard") if each.asked >= day)
        refused = today + job.size > account.rules.free_daily
    if refused:
        message = "InitiateJob request denied by current data retrieval policy."
        raise Refused(400, "PolicyEnforcedException", message)


def _bought(service: Glacier) -> bool:
    now = service.account.now()
    return any(each.start <= now < each.end for each in service.account.capacity)


async def get_retrieval_policy(service: Glacier, call: Call) -> Reply:
    """The one rule."""
    return document({"Policy": {"Rules": [service.account.policy]}})


async def set_retrieval_policy(service: Glacier, call: Call) -> Reply:
    """Another rule, for jobs from now on."""
    rules = (parsed(call).get("Policy") or {}).get("Rules")
    if not isinstance(rules, list) or len(rules) != 1:
        raise invalid("Invalid policy: it needs exactly one rule.")
    strategy, rate = rules[0].get("Strategy"), rules[0].get("BytesPerHour")
    if strategy not in ("BytesPerHour", "FreeTier", "None"):
        raise invalid(f"Invalid strategy: {strategy}")
    if (strategy == "BytesPerHour") != (rate is not None) or (rate is not None and int(rate) < 1):
        raise invalid(f"Invalid BytesPerHour: {rate}")
    account = service.account
    account.policy = {"Strategy": strategy, **({} if rate is None else {"BytesPerHour": int(rate)})}
    account.save_policy()
    return Reply(204)


async def get_notifications(service: Glacier, call: Call) -> Reply:
    """Which events of the vault go to which topic."""
    vault = service.vault(call)
    if not vault.topic:
        raise not_found(f"No notification configuration is set for vault: {service.account.arn(vault.name)}")
    return document({"SNSTopic": vault.topic, "Events": vault.events})


async def set_notifications(service: Glacier, call: Call) -> Reply:
    """Tell a topic."""
    vault, wanted = service.vault(call), parsed(call)
    topic, events = wanted.get("SNSTopic"), wanted.get("Events")
    if not topic:
        raise missing("SNSTopic")
    if not events or any(event not in EVENTS for event in events):
        raise invalid(f"Invalid notification events: {events}")
    vault.topic, vault.events = topic, events
    service.account.save(vault)
    return Reply(204)


async def delete_notifications(service: Glacier, call: Call) -> Reply:
    """Tell nobody, whether anybody was told or not."""
    vault = service.vault(call)
    vault.topic, vault.events = "", []
    service.account.save(vault)
    return Reply(204)


async def get_access_policy(service: Glacier, call: Call) -> Reply:
    """As it was set. Nothing heeds it."""
    vault = service.vault(call)
    if not vault.access_policy:
        raise not_found(f"No vault access policy is set for: {service.account.arn(vault.name)}")
    return document({"Policy": vault.access_policy})


async def set_access_policy(service: Glacier, call: Call) -> Reply:
    """Keep another one."""
    vault = service.vault(call)
    vault.access_policy = _policy(parsed(call))
    service.account.save(vault)
    return Reply(204)


async def delete_access_policy(service: Glacier, call: Call) -> Reply:
    """Keep none."""
    vault = service.vault(call)
    vault.access_policy = ""
    service.account.save(vault)
    return Reply(204)


async def get_lock(service: Glacier, call: Call) -> Reply:
    """The lock, and whether it is for good."""
    vault = service.vault(call)
    lock = _lock(service, vault)
    if lock is None:
        raise not_found(f"No vault lock policy is set for: {service.account.arn(vault.name)}")
    ends = None if lock.locked else told(lock.created + _LOCK_HOURS * _HOUR)
    state = "Locked" if lock.locked else "InProgress"
    return document({"Policy": lock.policy, "State": state, "ExpirationDate": ends, "CreationDate": told(lock.created)})


async def begin_lock(service: Glacier, call: Call) -> Reply:
    """Put a lock on, to be made final within a day. Nothing heeds it."""
    vault = service.vault(call)
    if _lock(service, vault) is not None:
        raise _denied("The vault has a lock already.")
    vault.lock = Lock(fresh_id(18), _policy(parsed(call)), service.account.now())
    service.account.save(vault)
    return Reply(201, {"x-amz-lock-id": vault.lock.id})


async def complete_lock(service: Glacier, call: Call) -> Reply:
    """Make it final."""
    vault = service.vault(call)
    lock = _lock(service, vault)
    if lock is None or lock.id != call.key:
        message = f"Invalid lock ID: {call.key}"
        raise _denied(message) if lock is not None and lock.locked else invalid(message)
    lock.locked = True
    service.account.save(vault)
    return Reply(204)


async def abort_lock(service: Glacier, call: Call) -> Reply:
    """Take it off, unless it is final."""
    vault = service.vault(call)
    lock = _lock(service, vault)
    if lock is not None and lock.locked:
        raise _denied("The vault is locked.")
    vault.lock = None
    service.account.save(vault)
    return Reply(204)


def _lock(service: Glacier, vault: Vault) -> Lock | None:
    lock = vault.lock
    if lock is not None and not lock.locked and lock.created + _LOCK_HOURS * _HOUR <= service.account.now():
        return None
    return lock


async def list_tags(service: Glacier, call: Call) -> Reply:
    """The vault's tags."""
    return document({"Tags": service.vault(call).tags})


async def change_tags(service: Glacier, call: Call) -> Reply:
    """Add tags, or take them away."""
    vault, wanted, operation = service.vault(call), parsed(call), call.query["operation"]
    if operation == "add":
        tags = {**vault.tags, **(wanted.get("Tags") or {})}
        if len(tags) > service.account.rules.tags:
            raise Refused(400, "LimitExceededException", "The limit of tags of a vault is reached.")
        vault.tags = tags
    elif operation == "remove":
        gone = wanted.get("TagKeys") or []
        vault.tags = {name: value for name, value in vault.tags.items() if name not in gone}
    else:
        raise invalid(f"Invalid operation: {operation}")
    service.account.save(vault)
    return Reply(204)


async def list_capacity(service: Glacier, call: Call) -> Reply:
    """What was bought for expedited retrievals."""
    now = service.account.now()
    units = [
        {"CapacityId": each.id, "StartDate": told(each.start), "ExpirationDate": told(each.end)}
        for each in service.account.capacity
        if now < each.end
    ]
    return document({"ProvisionedCapacityList": units})


async def buy_capacity(service: Glacier, call: Call) -> Reply:
    """A unit for a month."""
    account = service.account
    now = account.now()
    if sum(now < each.end for each in account.capacity) >= _UNITS:
        raise Refused(400, "LimitExceededException", "The limit of provisioned capacity units is reached.")
    unit = Capacity(fresh_id(18), now, now + dt.timedelta(days=30).total_seconds())
    account.capacity.append(unit)
    account.save(unit)
    return Reply(201, {"x-amz-capacity-id": unit.id})


def _policy(wanted: dict[str, Any]) -> str:
    policy = wanted.get("Policy")
    if not policy:
        raise missing("Policy")
    if not isinstance(policy, str) or len(policy.encode()) > _POLICY_BYTES:
        raise invalid("Invalid policy.")
    return policy


def _denied(message: str) -> Refused:
    return Refused(403, "AccessDeniedException", message)
