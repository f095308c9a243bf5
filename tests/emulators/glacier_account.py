"""An account's state, kept on disk, and what happens in it by itself as time goes on."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from tests.emulators.clock import Clock
from tests.emulators.glacier_billing import Billing, EarlyDeletion, Retrieval
from tests.emulators.glacier_files import Files
from tests.emulators.glacier_ledger import Ledger
from tests.emulators.glacier_state import ACCOUNT, OVERHEAD, Archive, Job, Part, Rules, Upload, Vault

_HOUR = 3600.0
_KINDS: dict[str, type] = {
    each.__name__.lower(): each for each in (Vault, Archive, Upload, Part, Job, Retrieval, EarlyDeletion)
}
DELETED = "The archive was deleted."
ARCHIVE_ID, OTHER_ID = 103, 69
"""Bytes of ids, as long as Glacier's are."""


@dataclass(slots=True)
class Capacity:
    """A unit of capacity that was bought."""

    id: str
    start: float
    end: float


class Account:
    """The state. Whoever changes a thing of it saves it."""

    def __init__(self, folder: str, region: str, clock: Clock) -> None:
        self.region = region
        self.clock = clock
        self.rules = Rules()
        self.files = Files(folder)
        self.billing = Billing()
        self.vaults: dict[str, Vault] = {}
        self.archives: dict[str, Archive] = {}
        self.uploads: dict[str, Upload] = {}
        self.parts: dict[str, dict[int, Part]] = {}
        self.jobs: dict[str, Job] = {}
        self.deleted: dict[str, Archive] = {}
        """Archives that are no more, as far as this process has seen that."""
        self.capacity: list[Capacity] = []
        self.policy: dict[str, Any] = {"Strategy": "None"}
        self._ledger = Ledger(folder)
        self._load()

    def _load(self) -> None:
        for kind, fields in self._ledger.load():
            if kind == "clock":
                self.clock.turned = dt.timedelta(seconds=fields["turned"])
            elif kind == "policy":
                self.policy = fields
            elif kind == "requests":
                self.billing.requests[fields["verb"]] = fields["count"]
            elif kind == "capacity":
                self.capacity.append(Capacity(**fields))
            else:
                self._hold(_KINDS[kind](**fields))
        self._turned = self.clock.turned

    def _hold(self, thing: Any) -> None:
        match thing:
            case Vault():
                self.vaults[thing.name] = thing
            case Archive():
                self.archives[thing.id] = thing
            case Upload():
                self.uploads[thing.id] = thing
                self.parts.setdefault(thing.id, {})
            case Part():
                self.parts.setdefault(thing.upload, {})[thing.start] = thing
            case Job():
                self.jobs[thing.id] = thing
            case Retrieval():
                self.billing.retrievals.append(thing)
            case EarlyDeletion():
                self.billing.early_deletions.append(thing)

    def now(self) -> float:
        """Now, in whole milliseconds."""
        return round(self.clock.now().timestamp(), 3)

    def arn(self, vault: str) -> str:
        """How the vault is called by other services."""
        return f"arn:aws:glacier:{self.region}:{ACCOUNT}:vaults/{vault}"

    def add(self, thing: Any) -> None:
        """Hold and save a new one."""
        self._hold(thing)
        self.save(thing)

    def save(self, thing: Any) -> None:
        """Keep it as it is now."""
        kind = type(thing).__name__.lower()
        self._ledger.put(kind, _name(thing), thing)

    def save_policy(self) -> None:
        """Keep the retrieval policy."""
        self._ledger.put("policy", "", self.policy)

    def count(self, verb: str) -> None:
        """A request was granted."""
        self.billing.requests[verb] += 1
        self._ledger.put("requests", verb, {"verb": verb, "count": self.billing.requests[verb]})

    # What time brings.

    def catch_up(self) -> None:
        """Let all happen that was due by now."""
        if self.clock.turned != self._turned:
            self._turned = self.clock.turned
            self._ledger.put("clock", "", {"turned": self._turned.total_seconds()})
        for vault in list(self.vaults.values()):
            self._daily_run(vault)
        self._forget_uploads()
        self._forget_jobs()

    def _daily_run(self, vault: Vault) -> None:
        period, now = self.rules.inventory_every_hours * _HOUR, self.now()
        runs = int((now - vault.ran) // period)
        if runs < 1 or self.rules.inventories_held:
            return
        if vault.changed is not None:
            self.take_inventory(vault.name, max(vault.ran + period, vault.changed))
        vault.ran += runs * period
        self.save(vault)

    def take_inventory(self, name: str, moment: float | None = None) -> None:
        """Make the vault's inventory as of now, as the daily run does."""
        vault = self.vaults[name]
        archives = self.archives_of(name)
        path = self.files.path("inventories", name)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(archive)) + "\n" for archive in archives)
        vault.inventoried = self.now() if moment is None else moment
        vault.archives, vault.size = len(archives), sum(each.size + OVERHEAD for each in archives)
        vault.changed, vault.written = None, False
        self.save(vault)

    def archives_of(self, vault: str) -> list[Archive]:
        """What is in it now, in no order that means anything."""
        return sorted((each for each in self.archives.values() if each.vault == vault), key=lambda each: each.id)

    def inventory(self, vault: str) -> Iterator[Archive]:
        """What was in it as of the last inventory."""
        with open(self.files.path("inventories", vault), encoding="utf-8") as file:
            for line in file:
                yield Archive(**json.loads(line))

    def _forget_uploads(self) -> None:
        now = self.now()
        for upload in list(self.uploads.values()):
            hours = self.rules.upload_hours if upload.over is None else self.rules.complete_again_hours
            since = upload.touched if upload.over is None else upload.over
            if since + hours * _HOUR <= now:
                self.drop_upload(upload)

    def _forget_jobs(self) -> None:
        now = self.now()
        for job in list(self.jobs.values()):
            if job.ready + self.rules.output_hours * _HOUR <= now:
                self.drop_job(job)

    # What calls bring.

    def add_archive(self, archive: Archive) -> None:
        """It is in the vault now."""
        self.add(archive)
        vault = self.vaults[archive.vault]
        vault.changed, vault.written = archive.created, True
        self.save(vault)

    def delete_archive(self, archive: Archive) -> None:
        """It is not in the vault any more; retrievals that are under way fail."""
        now = self.now()
        self.deleted[archive.id] = self.archives.pop(archive.id)
        self._ledger.drop("archive", archive.id)
        vault = self.vaults[archive.vault]
        vault.changed = now
        self.save(vault)
        for job in self.jobs.values():
            if job.archive == archive.id and job.ready > now:
                job.failure = DELETED
                self.save(job)
        days = (now - archive.created) / (24 * _HOUR)
        if days < self.rules.early_days:
            self.add(EarlyDeletion(archive.id, archive.vault, archive.size, days))
        self._sweep(archive.id)

    def drop_upload(self, upload: Upload) -> None:
        """Nothing is known of it any more."""
        self.drop_parts(upload)
        del self.uploads[upload.id], self.parts[upload.id]
        self._ledger.drop("upload", upload.id)

    def drop_parts(self, upload: Upload) -> None:
        """Its parts, and their bytes if they are still there, are not needed."""
        for part in self.parts[upload.id].values():
            self._ledger.drop("part", part.id)
        self.parts[upload.id].clear()
        self.files.remove("uploads", upload.id)

    def drop_job(self, job: Job) -> None:
        """It is over, and its output is gone."""
        del self.jobs[job.id]
        self._ledger.drop("job", job.id)
        self.files.remove("outputs", job.id)
        if job.archive is not None:
            self._sweep(job.archive)

    def _sweep(self, archive: str) -> None:
        """Remove its bytes, if nothing needs them."""
        needed = archive in self.archives or any(
            job.archive == archive and not job.failure for job in self.jobs.values()
        )
        if not needed:
            self.files.remove("archives", archive)

    def drop_vault(self, vault: Vault) -> None:
        """It is gone, with all that was going on in it."""
        for upload in [each for each in self.uploads.values() if each.vault == vault.name]:
            self.drop_upload(upload)
        for job in [each for each in self.jobs.values() if each.vault == vault.name]:
            self.drop_job(job)
        del self.vaults[vault.name]
        self._ledger.drop("vault", vault.name)
        if os.path.exists(self.files.path("inventories", vault.name)):
            self.files.remove("inventories", vault.name)


def _name(thing: Any) -> str:
    match thing:
        case Vault():
            return thing.name
        case Retrieval():
            return thing.job
        case EarlyDeletion():
            return thing.archive
    return str(thing.id)


def fresh_id(size: int = OTHER_ID) -> str:
    """An id as Glacier makes them."""
    return secrets.token_urlsafe(size)


def told(moment: float | None) -> str | None:
    """A moment as Glacier writes it."""
    if moment is None:
        return None
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
