"""Calls about jobs: retrievals of archives and of inventories, and their output."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.emulators import glacier_inventory as inventories
from tests.emulators.glacier_account import DELETED, fresh_id, told
from tests.emulators.glacier_billing import Retrieval
from tests.emulators.glacier_checks import described, document, invalid, missing, not_found, page, parsed
from tests.emulators.glacier_policies import check_rate
from tests.emulators.glacier_state import ACCOUNT, Archive, Job, Vault
from tests.emulators.glacier_trees import MIB, aligned
from tests.emulators.messages import Call, Refused, Reply

if TYPE_CHECKING:
    from tests.emulators.glacier import Glacier

ARCHIVE, INVENTORY = "ArchiveRetrieval", "InventoryRetrieval"
STATUSES = ("InProgress", "Succeeded", "Failed")
_HOUR = 3600.0
_TOPIC = re.compile(r"arn:aws:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
_TYPES = {"JSON": "application/json", "CSV": "text/csv"}
_FAILED = "The job failed, as a test asked."


async def begin_job(service: Glacier, call: Call) -> Reply:
    """Accept a job, which takes hours."""
    vault, wanted = service.vault(call), parsed(call)
    kind = wanted.get("Type")
    if kind is None:
        raise missing("Type")
    if kind == "select":
        raise Refused(400, "NoLongerSupportedException", "Select is no longer supported.")
    if kind not in ("archive-retrieval", "inventory-retrieval"):
        raise invalid(f"Invalid job type: {kind}")
    make = _archive_job if kind == "archive-retrieval" else _inventory_job
    job = make(service, vault, wanted)
    service.account.add(job)
    _bill(service, job)
    path = f"/{ACCOUNT}/vaults/{vault.name}/jobs/{job.id}"
    return Reply(202, {"Location": path, "x-amz-job-id": job.id})


def _archive_job(service: Glacier, vault: Vault, wanted: Mapping[str, Any]) -> Job:
    account, name, tier = service.account, wanted.get("ArchiveId"), wanted.get("Tier") or "Standard"
    if not name:
        raise missing("ArchiveId")
    _exclude(wanted, "Format", "InventoryRetrievalParameters")
    if tier not in account.rules.tier_hours:
        raise invalid(f"Invalid tier: {tier}")
    archive = account.archives.get(name) or (account.deleted.get(name) if account.rules.deleted_accepted else None)
    if archive is None or archive.vault != vault.name:
        raise not_found(f"The archive ID was not found: {name}")
    start, end = _retrieved(wanted.get("RetrievalByteRange"), archive)
    job = _job(service, vault, wanted, ARCHIVE, account.rules.tier_hours[tier])
    job.tier, job.archive = tier, archive.id
    job.archive_size, job.archive_hash, job.archive_description = archive.size, archive.tree_hash, archive.description
    job.start, job.end, job.size = start, end, end - start
    job.ranged = "RetrievalByteRange" in wanted
    check_rate(service, job)
    if archive.id in account.deleted:
        job.failure = DELETED
    elif account.rules.failing_jobs:
        account.rules.failing_jobs -= 1
        job.failure = _FAILED
    return job


def _inventory_job(service: Glacier, vault: Vault, wanted: Mapping[str, Any]) -> Job:
    account = service.account
    _exclude(wanted, "ArchiveId", "RetrievalByteRange", "Tier")
    parameters = inventories.checked(wanted)
    if vault.inventoried is None:
        raise not_found(f"Inventory not available, no initial inventory was made yet: {account.arn(vault.name)}")
    job = _job(service, vault, wanted, INVENTORY, account.rules.inventory_job_hours)
    archives, job.next_marker = inventories.chosen(account.inventory(vault.name), parameters)
    job.parameters = parameters
    path = account.files.path("outputs", job.id)
    with open(path, "w", encoding="utf-8", newline="") as file:
        for piece in inventories.written(account.arn(vault.name), vault.inventoried, archives, parameters["Format"]):
            job.size += file.write(piece)
    return job


def _job(service: Glacier, vault: Vault, wanted: Mapping[str, Any], action: str, hours: float) -> Job:
    rules, now = service.account.rules, service.account.now()
    seconds = hours * _HOUR if rules.job_seconds is None else rules.job_seconds
    description, topic = wanted.get("Description"), wanted.get("SNSTopic")
    if topic is not None and not _TOPIC.fullmatch(topic):
        raise invalid(f"Invalid SNS topic ARN: {topic}")
    if description is not None:
        described(description)
    return Job(fresh_id(), vault.name, action, now, round(now + seconds, 3), description, topic)


def _exclude(wanted: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if wanted.get(name) is not None:
            raise invalid(f"{name} is not valid for this type of job.")


def _retrieved(text: str | None, archive: Archive) -> tuple[int, int]:
    if text is None:
        return 0, archive.size
    found = re.fullmatch(r"(\d+)-(\d+)", text)
    start, end = (int(found[1]), int(found[2]) + 1) if found else (0, 0)
    if start >= end or end > archive.size:
        raise invalid(f"Invalid retrieval byte range: {text}")
    if start % MIB or (end % MIB and end != archive.size):
        raise invalid(f"The retrieval byte range is not megabyte aligned: {text}")
    return start, end


def _bill(service: Glacier, job: Job) -> None:
    if job.archive is not None and job.tier is not None:
        until = job.ready + service.account.rules.output_hours * _HOUR
        service.account.add(Retrieval(job.id, job.vault, job.archive, job.tier, job.start, job.end, job.created, until))


async def describe_job(service: Glacier, call: Call) -> Reply:
    """What it is, and how far."""
    return document(job_document(service, service.job(call)))


async def list_jobs(service: Glacier, call: Call) -> Reply:
    """Those under way and those that ended not long ago, by when they were asked for."""
    vault, account = service.vault(call), service.account
    completed, status = call.query.get("completed", ""), call.query.get("statuscode", "")
    if completed not in ("", "true", "false"):
        raise invalid(f"The job completed value is not valid: {completed}")
    if status and status not in STATUSES:
        raise invalid(f"The job status code is not valid: {status}")
    found = [job for job in account.jobs.values() if job.vault == vault.name]
    found = [job for job in found if status in ("", status_of(service, job))]
    if completed:
        found = [job for job in found if (status_of(service, job) != "InProgress") == (completed == "true")]
    found.sort(key=_order)
    told_now, marker = page(call, found, _order, account.rules.page)
    return document({"JobList": [job_document(service, job) for job in told_now], "Marker": marker})


def _order(job: Job) -> str:
    return f"{job.created:020.3f}/{job.id}"


def status_of(service: Glacier, job: Job) -> str:
    """How far it is."""
    if service.account.now() < job.ready:
        return "InProgress"
    return "Failed" if job.failure else "Succeeded"


def job_document(service: Glacier, job: Job) -> dict[str, Any]:
    """How it is told of, by calls and by notifications."""
    status = status_of(service, job)
    done, archive = status != "InProgress", job.action == ARCHIVE
    whole_and_waiting = job.ranged and job.size == job.archive_size and not done
    hashed = archive and aligned(job.start, job.end, job.archive_size) and not whole_and_waiting
    parameters = (
        {**job.parameters, "Marker": job.next_marker if done else job.parameters["Marker"]} if not archive else None
    )
    return {
        "Action": job.action,
        "ArchiveId": job.archive,
        "ArchiveSHA256TreeHash": job.archive_hash if archive else None,
        "ArchiveSizeInBytes": job.archive_size if archive else None,
        "Completed": done,
        "CompletionDate": told(job.ready) if done else None,
        "CreationDate": told(job.created),
        "InventoryRetrievalParameters": parameters,
        "InventorySizeInBytes": job.size if done and not archive else None,
        "JobDescription": job.description,
        "JobId": job.id,
        "RetrievalByteRange": f"{job.start}-{job.end - 1}" if archive else None,
        "SHA256TreeHash": _hash(service, job) if hashed else None,
        "SNSTopic": job.topic,
        "StatusCode": status,
        "StatusMessage": (job.failure or status) if done else None,
        "Tier": job.tier,
        "VaultARN": service.account.arn(job.vault),
    }


def _hash(service: Glacier, job: Job) -> str | None:
    if job.size == job.archive_size:
        return job.archive_hash
    return None if job.failure else service.account.files.tree_hash(job.archive or "", job.start, job.end)


async def job_output(service: Glacier, call: Call) -> Reply:
    """The bytes, or some of them, of a job that has succeeded."""
    job = service.job(call)
    if status_of(service, job) != "Succeeded":
        raise invalid(f"The job is not currently available for download: {job.id}")
    header = call.headers.get("range")
    start, end = _downloaded(header, job.size) if header is not None else (0, job.size)
    files = service.account.files
    headers = {"Accept-Ranges": "bytes", "Content-Type": _type(job)}
    if header is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{job.size}"
    if job.archive is not None:
        headers.update(_archive_headers(service, job, start, end))
    blob = files.output(job.id) if job.archive is None else files.archive(job.archive)
    return Reply(200 if header is None else 206, headers, blob=blob, piece=(job.start + start, end - start))


def _archive_headers(service: Glacier, job: Job, start: int, end: int) -> dict[str, str]:
    assert job.archive is not None
    headers = {"x-amz-archive-description": job.archive_description} if job.archive_description else {}
    first, last = job.start + start, job.start + end
    if aligned(job.start, job.end, job.archive_size) and aligned(first, last, job.archive_size):
        headers["x-amz-sha256-tree-hash"] = service.account.files.tree_hash(job.archive, first, last)
    return headers


def _type(job: Job) -> str:
    return "application/octet-stream" if job.archive is not None else _TYPES[job.parameters["Format"] or "JSON"]


def _downloaded(header: str, size: int) -> tuple[int, int]:
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", header)
    start = int(found[1]) if found else size
    end = min(int(found[2]) + 1, size) if found and found[2] else size
    if start >= end:
        raise invalid(f"Invalid Range: {header}")
    return start, end
