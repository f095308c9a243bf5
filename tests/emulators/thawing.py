"""Archived objects, and their restores, by a clock that tests can turn."""

from __future__ import annotations

import datetime as dt

from tests.emulators.bodies import document_of
from tests.emulators.clock import http_date
from tests.emulators.documents import parse, text
from tests.emulators.messages import Call, Refused, Reply
from tests.emulators.service import Service
from tests.emulators.state import Bucket, Thaw, Version

_FOR_GOOD = 36_500
"""Days."""


def live_thaw(service: Service, version: Version) -> Thaw | None:
    """Its restore, going on or done and not yet over."""
    thaw = version.thaw
    return thaw if thaw is not None and service.clock.now() < thaw.expires else None


def frozen(service: Service, bucket: Bucket | None, version: Version) -> bool:
    """Whether it can't be read now."""
    if not version.sunk and version.storage_class not in service.archived:
        return False
    if bucket is not None and service.reads_archived(bucket, version):
        return False
    thaw = live_thaw(service, version)
    return thaw is None or service.clock.now() < thaw.ready


def thaw_header(service: Service, version: Version) -> str:
    """What the restore header says, if there is one."""
    thaw = live_thaw(service, version)
    if thaw is None:
        return ""
    if version.sunk and service.clock.now() >= thaw.ready:
        return ""  # it has come up again, for good
    if service.clock.now() < thaw.ready:
        return 'ongoing-request="true"'
    return f'ongoing-request="false", expiry-date="{http_date(thaw.expires)}"'


async def restore_object(service: Service, call: Call) -> Reply:
    """202 for what begins, 409 while it goes on, 200 for what is extended."""
    bucket = service.bucket(call)
    version = service.version(bucket, call.key, call.query.get("versionId"))
    body = await document_of(service, call)
    if version.storage_class not in service.archived and not version.sunk:
        raise service.not_archived()
    days, tier = _asked(service, version, body)
    if tier == "Expedited" and service.controls.switches.expedited_full:
        message = "Glacier expedited retrievals are currently not available, please try again later"
        raise Refused(503, "GlacierExpeditedRetrievalNotAvailable", message)
    now = service.clock.now()
    thaw = live_thaw(service, version)
    if thaw is None:
        ready = now + dt.timedelta(hours=service.thaw_hours(version.sunk or version.storage_class, tier))
        version.thaw = Thaw(tier, days, ready, ready + dt.timedelta(days=days))
        return Reply(202, service.restore_headers(version.storage_class, tier))
    if now < thaw.ready:
        return _while_going_on(service, version, thaw, tier, now)
    thaw.days, thaw.expires = days, now + dt.timedelta(days=days)
    return Reply(200)


def _while_going_on(service: Service, version: Version, thaw: Thaw, tier: str, now: dt.datetime) -> Reply:
    ready = now + dt.timedelta(hours=service.thaw_hours(version.sunk or version.storage_class, tier))
    if service.speeds_up and ready < thaw.ready and tier != thaw.tier:
        version.thaw = Thaw(tier, thaw.days, ready, ready + dt.timedelta(days=thaw.days))
        return Reply(202, service.restore_headers(version.storage_class, tier))
    raise Refused(409, "RestoreAlreadyInProgress", "The restore operation is in progress.")


def _asked(service: Service, version: Version, body: bytes) -> tuple[int, str]:
    if not body and service.restores_without_body:
        return 1, "Standard"
    root = parse(body, "RestoreRequest")
    days = text(root, "Days")
    if version.sunk:
        if days:
            raise Refused(400, service.bad_restore, "Days must not be given for this storage class.")
        days = str(_FOR_GOOD)
    tier = text(root, f"{service.job_parameters}/Tier") or "Standard"
    most = _FOR_GOOD if version.sunk else service.thaw_days(version.storage_class)
    if not days.isdigit() or not 1 <= int(days) <= most:
        raise Refused(400, service.bad_restore, "The number of days is not valid.")
    if service.thaw_hours(version.sunk or version.storage_class, tier) <= 0:
        raise Refused(400, service.bad_restore, f"The tier '{tier}' is not valid for this storage class.")
    return int(days), tier
