"""A vault at the Glacier emulator, and what a test turns and looks at behind it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.emulators.controls import Controls, Fault
from tests.emulators.glacier import Glacier
from tests.emulators.glacier_billing import Billing
from tests.emulators.glacier_state import Archive, Job, Rules
from tests.emulators.running import KEY, Emulator, serving

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class VaultPlace:
    """A vault by name, with how it is reached."""

    server: Emulator[Glacier]
    name: str

    @property
    def endpoint(self) -> str:
        """Where the server is."""
        return self.server.endpoint

    @property
    def settings(self) -> dict[str, str]:
        """With which it is reached."""
        keys = {"access_key_id": KEY.id, "secret_access_key": KEY.secret}
        return {"endpoint": self.endpoint, "region": REGION, **keys}

    @property
    def service(self) -> Glacier:
        """The server's state."""
        return self.server.service

    @property
    def rules(self) -> Rules:
        """How long jobs take, sizes of pages, limits: may be changed."""
        return self.service.rules

    @property
    def controls(self) -> Controls:
        """Faults, switches, and what was called."""
        return self.server.controls

    @property
    def calls(self) -> Mapping[str, int]:
        """Requests so far, by verb."""
        return self.controls.calls

    @property
    def billing(self) -> Billing:
        """What would have been billed; ``billing.billed_twice()`` must be empty."""
        return self.service.billing

    @property
    def archives(self) -> list[Archive]:
        """What is in it now, whatever the inventory says."""
        return self.service.account.archives_of(self.name)

    @property
    def jobs(self) -> list[Job]:
        """Those that are not over, by when they were asked for."""
        found = (job for job in self.service.account.jobs.values() if job.vault == self.name)
        return sorted(found, key=lambda job: (job.created, job.id))

    @property
    def uploads(self) -> list[str]:
        """The ids of multipart uploads under way."""
        uploads = self.service.account.uploads.values()
        return sorted(each.id for each in uploads if each.vault == self.name and each.over is None)

    def turn(self, **by: float) -> None:
        """Let time pass at the server, which then does not mind that it has not passed here."""
        self.service.wait(**by)

    def fail(self, fault: Fault) -> None:
        """Let something go wrong; a fault's key is the id of an archive, an upload or a job."""
        self.server.fail(fault)

    def keep(self, data: bytes, description: str = "") -> Archive:
        """Put an archive into it without any request."""
        return self.service.keep(self.name, data, description)

    def content(self, archive: str) -> bytes:
        """The bytes of an archive."""
        return self.service.content(archive)

    def take_inventory(self) -> None:
        """Make its inventory now, and not when it is due."""
        self.service.take_inventory(self.name)

    def other(self, name: str) -> VaultPlace:
        """Another vault of the same account."""
        self.service.make_vault(name)
        return VaultPlace(self.server, name)


@contextlib.contextmanager
def vault_place(name: str = "vault") -> Iterator[VaultPlace]:
    """A vault of a server of its own."""
    with serving(Glacier) as server:
        server.service.make_vault(name)
        yield VaultPlace(server, name)
