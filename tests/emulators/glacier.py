"""An Amazon Glacier vault server, as strict as the real one. By hand: ``python -m tests.emulators.glacier --help``.

What it is faithful to, and what is assumed, is told in FIDELITY.md beside it.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile
from collections.abc import Sequence
from typing import Any, ClassVar

from tests.emulators import glacier_jobs as jobs
from tests.emulators import glacier_policies as policies
from tests.emulators import glacier_uploads as uploads
from tests.emulators import glacier_vaults as vaults
from tests.emulators.api import Api, Route
from tests.emulators.command import options_of, serve
from tests.emulators.controls import Fault
from tests.emulators.glacier_account import Account
from tests.emulators.glacier_authentication import authenticate
from tests.emulators.glacier_billing import Billing
from tests.emulators.glacier_checks import document, invalid, missing, not_found
from tests.emulators.glacier_notifying import Notifying
from tests.emulators.glacier_paths import placed
from tests.emulators.glacier_state import ACCOUNT, Archive, Job, Rules, Upload, Vault
from tests.emulators.messages import Call, Held, Refused, Reply

_VERSION = "2012-06-01"
_STREAMS = ("upload_archive", "upload_part")
_DOCUMENT = 4 << 20


class Glacier(Api):
    """Vaults of one account, in one region."""

    prefix = "x-amz-"
    routes: ClassVar[Sequence[Route]] = (
        Route("list_vaults", "GET", "vaults", vaults.list_vaults),
        Route("create_vault", "PUT", "vault", vaults.create_vault),
        Route("delete_vault", "DELETE", "vault", vaults.delete_vault),
        Route("describe_vault", "GET", "vault", vaults.describe_vault),
        Route("upload_archive", "POST", "archives", uploads.upload_archive),
        Route("delete_archive", "DELETE", "archive", uploads.delete_archive),
        Route("begin_upload", "POST", "uploads", uploads.begin_upload),
        Route("list_uploads", "GET", "uploads", uploads.list_uploads),
        Route("upload_part", "PUT", "upload", uploads.upload_part),
        Route("complete_upload", "POST", "upload", uploads.complete_upload),
        Route("abort_upload", "DELETE", "upload", uploads.abort_upload),
        Route("list_parts", "GET", "upload", uploads.list_parts),
        Route("begin_job", "POST", "jobs", jobs.begin_job),
        Route("list_jobs", "GET", "jobs", jobs.list_jobs),
        Route("describe_job", "GET", "job", jobs.describe_job),
        Route("job_output", "GET", "output", jobs.job_output),
        Route("get_notifications", "GET", "notification-configuration", policies.get_notifications),
        Route("set_notifications", "PUT", "notification-configuration", policies.set_notifications),
        Route("delete_notifications", "DELETE", "notification-configuration", policies.delete_notifications),
        Route("get_access_policy", "GET", "access-policy", policies.get_access_policy),
        Route("set_access_policy", "PUT", "access-policy", policies.set_access_policy),
        Route("delete_access_policy", "DELETE", "access-policy", policies.delete_access_policy),
        Route("get_lock", "GET", "locks", policies.get_lock),
        Route("begin_lock", "POST", "locks", policies.begin_lock),
        Route("abort_lock", "DELETE", "locks", policies.abort_lock),
        Route("complete_lock", "POST", "lock", policies.complete_lock),
        Route("list_tags", "GET", "tags", policies.list_tags),
        Route("change_tags", "POST", "tags", policies.change_tags, ("operation",)),
        Route("get_retrieval_policy", "GET", "data-retrieval", policies.get_retrieval_policy),
        Route("set_retrieval_policy", "PUT", "data-retrieval", policies.set_retrieval_policy),
        Route("list_capacity", "GET", "capacity", policies.list_capacity),
        Route("buy_capacity", "POST", "capacity", policies.buy_capacity),
    )

    def __init__(self, folder: str, region: str = "us-east-1") -> None:
        super().__init__(folder, region)
        self.account = Account(folder, region, self.clock)
        self.notifying = Notifying(self)
        self.controls.switches.clock_skew_checked = not self.clock.turned

    @property
    def rules(self) -> Rules:
        """How long things take, and what is allowed."""
        return self.account.rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        self.account.rules = rules

    @property
    def billing(self) -> Billing:
        """What would have been billed."""
        return self.account.billing

    def make_vault(self, name: str) -> Vault:
        """A new one; or the one that has this name."""
        if name not in self.account.vaults:
            now = self.account.now()
            self.account.add(Vault(name, now, ran=now))
        return self.account.vaults[name]

    def keep(self, vault: str, data: bytes, description: str = "") -> Archive:
        """Put an archive into a vault without any request."""
        self._catch_up()
        received = self.account.files.begin()
        received.write(data)
        received.finish()
        return uploads.kept(self, vault, received, description)

    def content(self, archive: str) -> bytes:
        """The bytes of an archive."""
        return b"".join(self.account.files.archive(archive).chunks())

    def wait(self, **by: float) -> None:
        """Let time pass, and do not mind that it has not passed for those who sign."""
        self.controls.switches.clock_skew_checked = False
        self.clock.turn(**by)

    def take_inventory(self, vault: str) -> None:
        """Make a vault's inventory now, and not when it is due."""
        self._catch_up()
        self.account.take_inventory(vault)

    # Where requests go.

    def locate(self, call: Call) -> None:
        account, _, call.bucket, call.key = placed(call.target)
        if account not in ("-", ACCOUNT):
            message = f"The account ID of the request's URI is not that of the key: {account}"
            raise Refused(403, "AccessDeniedException", message)

    def scope(self, call: Call) -> str:
        return placed(call.target)[1]

    def authenticate(self, call: Call) -> str:
        return authenticate(self, call)

    def unknown(self, call: Call) -> Refused:
        return Refused(404, "UnknownOperationException", f"Unknown operation: {call.method} {call.path}")

    def admit(self, call: Call, route: Route) -> None:
        version = call.headers.get("x-amz-glacier-version")
        if version is None:
            raise missing("API version")
        if version != _VERSION:
            raise invalid(f"The requested API version is not known: {version}")

    async def answer(self, call: Call, fault: Fault | None) -> Reply:
        self._catch_up()
        if call.verb not in _STREAMS:
            call.body = await _held(call)
        reply = await super().answer(call, fault)
        self.account.count(call.verb)
        self.notifying.watch()
        return reply

    def _catch_up(self) -> None:
        self.notifying.collect()
        self.account.catch_up()

    def error(self, call: Call, refused: Refused) -> Reply:
        kind = "Client" if refused.status < 500 else "Server"
        reply = document({"code": refused.code, "message": refused.message, "type": kind}, refused.status)
        reply.headers.update(refused.headers)
        return reply

    def common_headers(self, call: Call) -> dict[str, str]:
        return {"x-amzn-RequestId": call.request_id}

    def throttled(self, fault: Fault) -> Refused:
        return Refused(400, fault.code or "ThrottlingException", "Rate exceeded")

    def spoil_checksum(self, reply: Reply) -> None:
        name, headers = "x-amz-sha256-tree-hash", reply.headers
        if name in headers:
            headers[name] = f"{int(headers[name], 16) ^ 1:064x}"

    # The control endpoint.

    def tell(self, what: str) -> object | None:
        """``billing`` is what would have been billed, ``archives/VAULT`` what the vault holds now."""
        kind, _, name = what.partition("/")
        if kind == "billing":
            return self.billing.summary()
        if kind == "archives" and name in self.account.vaults:
            return [dataclasses.asdict(each) for each in self.account.archives_of(name)]
        return None

    def turn(self, what: str, wanted: dict[str, Any]) -> bool:
        """``vaults`` and ``inventory`` take a name, ``wait`` hours or the like, ``rules`` those to change."""
        if what == "vaults":
            self.make_vault(wanted["name"])
        elif what == "inventory":
            self.take_inventory(wanted["name"])
        elif what == "wait":
            self.wait(**wanted)
        elif what == "rules":
            self.rules = dataclasses.replace(self.rules, **wanted)
        else:
            return False
        return True

    # What is spoken of.

    def vault(self, call: Call) -> Vault:
        """The vault. Raises Refused."""
        found = self.account.vaults.get(call.bucket)
        if found is None:
            raise not_found(f"Vault not found for ARN: {self.account.arn(call.bucket)}")
        return found

    def upload(self, call: Call, *, over: bool = False) -> Upload:
        """The upload, which is under way unless it may be ``over``. Raises Refused."""
        vault, found = self.vault(call), self.account.uploads.get(call.key)
        if found is None or found.vault != vault.name or (found.over is not None and not over):
            raise self.no_upload(call.key)
        return found

    def no_upload(self, name: str) -> Refused:
        """What is said of one that is not there."""
        return not_found(f"The upload ID was not found: {name}")

    def job(self, call: Call) -> Job:
        """The job. Raises Refused."""
        vault, found = self.vault(call), self.account.jobs.get(call.key)
        if found is None or found.vault != vault.name:
            raise not_found(f"The job ID was not found: {call.key}")
        return found


async def _held(call: Call) -> Held:
    data = bytearray()
    async for chunk in call.body.chunks():
        data += chunk
        if len(data) > _DOCUMENT:
            raise Refused(400, "BadRequest", "The body of the request is too large.")
    return Held(bytes(data))


def main() -> None:
    """Serve until it is interrupted."""
    parser = options_of(Glacier)
    parser.add_argument("--data", help="a folder for all that is kept; a temporary one by default")
    parser.add_argument("--vault", action="append", default=[], metavar="NAME", help="a vault; may be repeated")
    parser.add_argument("--job-seconds", type=float, metavar="S", help="how long a job takes, in place of hours")
    parser.add_argument(
        "--sns-endpoint", metavar="URL", default="", help="of an SNS, such as moto's, to be told of jobs"
    )
    parser.add_argument(
        "--inventory-seconds", type=float, metavar="S", help="how often inventories are made, not daily"
    )
    options = parser.parse_args()
    if options.data:
        os.makedirs(options.data, exist_ok=True)
        _serve(options.data, options)
    else:
        with tempfile.TemporaryDirectory(prefix="transfer-emulator-") as folder:
            _serve(folder, options)


def _serve(folder: str, options: argparse.Namespace) -> None:
    service = Glacier(folder, options.region) if options.region else Glacier(folder)
    service.rules.job_seconds = options.job_seconds
    if options.inventory_seconds is not None:
        service.rules.inventory_every_hours = options.inventory_seconds / 3600
    service.notifying.endpoint = options.sns_endpoint
    for name in options.vault:
        service.make_vault(name)
    serve(service, options)


if __name__ == "__main__":
    main()
