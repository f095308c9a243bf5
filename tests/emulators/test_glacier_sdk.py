"""boto3, as its users have it, against our Glacier: every call that it has."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.utils import calculate_tree_hash

from tests.emulators.controls import Fault
from tests.emulators.glacier import Glacier
from tests.emulators.running import KEY, Emulator
from tests.glacier.topics import ask, subscribed
from tests.glacier.vaultplace import VaultPlace
from transfer.testing.servers import Server

MIB = 1 << 20


class Client:
    """boto3's client for one vault: each call gets its name."""

    def __init__(self, server: Emulator[Glacier], vault: str) -> None:
        config = Config(retries={"total_max_attempts": 1})
        session = boto3.Session(aws_access_key_id=KEY.id, aws_secret_access_key=KEY.secret, region_name="us-east-1")
        self.sdk = session.client("glacier", endpoint_url=server.endpoint, config=config)
        self.server = server
        self.name = vault

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self.sdk, name)
        return lambda **kwargs: call(vaultName=self.name, **kwargs)

    def archived(self, data: bytes, description: str = "") -> str:
        """The id of a new archive."""
        found: str = self.upload_archive(archiveDescription=description, body=data)["archiveId"]
        return found

    def asked(self, **parameters: Any) -> str:
        """The id of a new job."""
        found: str = self.initiate_job(jobParameters=parameters)["jobId"]
        return found

    def output(self, job: str, **options: Any) -> bytes:
        """What the job gave."""
        with self.get_job_output(jobId=job, **options)["body"] as stream:
            data: bytes = stream.read()
        return data

    def wait(self, **by: float) -> None:
        """Let time pass."""
        self.server.service.wait(**by)

    def inventory(self, **parameters: Any) -> dict[str, Any]:
        """That of the last daily run, by a job."""
        job = self.asked(Type="inventory-retrieval", **parameters)
        self.wait(hours=5)
        found: dict[str, Any] = json.loads(self.output(job))
        return found


@pytest.fixture
def client(glacier_server: Emulator[Glacier]) -> Iterator[Client]:
    """For a fresh vault."""
    name = f"vault-{uuid.uuid4().hex[:12]}"
    glacier_server.service.make_vault(name)
    made = Client(glacier_server, name)
    yield made
    made.sdk.close()


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    """Status and code of what is refused."""
    with pytest.raises(ClientError) as refused:
        call()
    answer = refused.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def blob(size: int) -> bytes:
    """Bytes of which no megabyte is like another."""
    return b"".join(hashlib.sha256(at.to_bytes(8, "big")).digest() * 4096 for at in range(-(-size // (128 << 10))))[
        :size
    ]


def tree(data: bytes) -> str:
    """The tree hash as botocore computes it."""
    found: str = calculate_tree_hash(io.BytesIO(data))
    return found


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_vaults(client: Client) -> None:
    """They are made, described, listed page by page, and go when they are empty."""
    names = [f"page-{client.name}-{each}" for each in range(5)]
    for name in names:
        made = client.sdk.create_vault(vaultName=name)
        assert made["location"] == f"/111122223333/vaults/{name}"
    assert client.sdk.create_vault(vaultName=names[0])["ResponseMetadata"]["HTTPStatusCode"] == 201
    pages = list(client.sdk.get_paginator("list_vaults").paginate(PaginationConfig={"PageSize": 2}))
    assert all(len(page["VaultList"]) <= 2 for page in pages)
    listed = [each["VaultName"] for page in pages for each in page["VaultList"]]
    assert listed == sorted(listed)
    assert set(names) < set(listed)
    told = client.sdk.describe_vault(vaultName=names[0], accountId="111122223333")
    assert (told["NumberOfArchives"], told["SizeInBytes"]) == (0, 0)
    assert told["VaultARN"] == f"arn:aws:glacier:us-east-1:111122223333:vaults/{names[0]}"
    assert abs(moment(told["CreationDate"]) - client.server.service.clock.now()) < dt.timedelta(minutes=1)
    assert "LastInventoryDate" not in told
    for name in names:
        client.sdk.delete_vault(vaultName=name)
    assert refusal(lambda: client.sdk.describe_vault(vaultName=names[0])) == (404, "ResourceNotFoundException")


def test_archive(client: Client) -> None:
    """One in one request: retrieved after hours, with its description and hashes; gone a day later."""
    data = blob(3 * MIB + 5)
    stored = client.upload_archive(archiveDescription="a b", body=data)
    assert stored["checksum"] == tree(data)
    assert stored["location"].endswith(f"/vaults/{client.name}/archives/{stored['archiveId']}")
    job = client.asked(Type="archive-retrieval", ArchiveId=stored["archiveId"], Description="mine")
    waiting = client.describe_job(jobId=job)
    assert (waiting["StatusCode"], waiting["Completed"], waiting["Tier"]) == ("InProgress", False, "Standard")
    assert refusal(lambda: client.output(job)) == (400, "InvalidParameterValueException")
    client.wait(hours=5)
    done = client.describe_job(jobId=job)
    assert (done["StatusCode"], done["Completed"], done["JobDescription"]) == ("Succeeded", True, "mine")
    assert moment(done["CompletionDate"]) - moment(done["CreationDate"]) == dt.timedelta(hours=5)
    assert (done["ArchiveSizeInBytes"], done["RetrievalByteRange"]) == (len(data), f"0-{len(data) - 1}")
    assert done["SHA256TreeHash"] == done["ArchiveSHA256TreeHash"] == tree(data)
    answer = client.get_job_output(jobId=job)
    assert answer["body"].read() == data
    assert (answer["status"], answer["checksum"], answer["archiveDescription"]) == (200, tree(data), "a b")
    assert (answer["contentType"], answer["acceptRanges"]) == ("application/octet-stream", "bytes")
    client.wait(hours=24)
    assert refusal(lambda: client.output(job)) == (404, "ResourceNotFoundException")
    assert client.list_jobs()["JobList"] == []


def test_multipart(client: Client) -> None:
    """Parts in any order and once more, listed page by page, completed twice."""
    data = blob(4 * MIB + 77)
    begun = client.initiate_multipart_upload(archiveDescription="parts", partSize=str(MIB))
    upload = begun["uploadId"]
    assert begun["location"].endswith(f"/multipart-uploads/{upload}")
    for at in (3, 0, 4, 1, 2, 0):
        part = data[at * MIB : (at + 1) * MIB]
        where = f"bytes {at * MIB}-{at * MIB + len(part) - 1}/*"
        assert client.upload_multipart_part(uploadId=upload, range=where, body=part)["checksum"] == tree(part)
    pages = client.sdk.get_paginator("list_parts").paginate(
        vaultName=client.name, uploadId=upload, PaginationConfig={"PageSize": 2}
    )
    parts = [part for page in pages for part in page["Parts"]]
    assert [part["RangeInBytes"].split("-")[0] for part in parts] == [str(at * MIB) for at in range(5)]
    assert parts[4] == {
        "RangeInBytes": f"{4 * MIB}-{len(data) - 1}",
        "SHA256TreeHash": hashlib.sha256(data[4 * MIB :]).hexdigest(),
    }
    told = client.list_parts(uploadId=upload)
    assert (told["ArchiveDescription"], told["PartSizeInBytes"]) == ("parts", MIB)
    under_way = client.list_multipart_uploads()["UploadsList"]
    assert [each["MultipartUploadId"] for each in under_way] == [upload]
    ends = {"uploadId": upload, "archiveSize": str(len(data)), "checksum": tree(data)}
    made = client.complete_multipart_upload(**ends)
    assert client.complete_multipart_upload(**ends)["archiveId"] == made["archiveId"]
    assert client.list_multipart_uploads()["UploadsList"] == []
    assert refusal(lambda: client.list_parts(uploadId=upload)) == (404, "ResourceNotFoundException")
    assert refusal(lambda: client.abort_multipart_upload(uploadId=upload)) == (404, "ResourceNotFoundException")
    job = client.asked(Type="archive-retrieval", ArchiveId=made["archiveId"], Tier="Bulk")
    client.wait(hours=12)
    assert client.output(job) == data


def test_abort(client: Client) -> None:
    """An upload that is given up takes no more parts; given up once more is no error."""
    uploads = [client.initiate_multipart_upload(partSize=str(MIB))["uploadId"] for _ in range(5)]
    pages = client.sdk.get_paginator("list_multipart_uploads").paginate(
        vaultName=client.name, PaginationConfig={"PageSize": 2}
    )
    found = {each["MultipartUploadId"] for page in pages for each in page["UploadsList"]}
    assert found == set(uploads)
    for _ in range(2):
        client.abort_multipart_upload(uploadId=uploads[0])
    late = {"uploadId": uploads[0], "range": "bytes 0-0/*", "body": b"x"}
    assert refusal(lambda: client.upload_multipart_part(**late)) == (404, "ResourceNotFoundException")
    assert len(client.list_multipart_uploads()["UploadsList"]) == 4


def test_ranges(client: Client) -> None:
    """Tree hashes are told of ranges that have a node in the tree, both retrieved and asked for."""
    data = blob(5 * MIB + 1)
    archive = client.archived(data)
    retrieved = f"{2 * MIB}-{4 * MIB - 1}"
    whole = client.asked(Type="archive-retrieval", ArchiveId=archive, Tier="Expedited")
    part = client.asked(Type="archive-retrieval", ArchiveId=archive, Tier="Expedited", RetrievalByteRange=retrieved)
    odd = client.asked(
        Type="archive-retrieval", ArchiveId=archive, Tier="Expedited", RetrievalByteRange=f"{MIB}-{3 * MIB - 1}"
    )
    client.wait(minutes=5)
    assert client.describe_job(jobId=part)["SHA256TreeHash"] == tree(data[2 * MIB : 4 * MIB])
    assert "SHA256TreeHash" not in client.describe_job(jobId=odd)

    def got(job: str, first: int, last: int) -> tuple[bytes, str | None, str]:
        answer = client.get_job_output(jobId=job, range=f"bytes={first}-{last}")
        assert answer["status"] == 206
        return answer["body"].read(), answer.get("checksum"), answer["contentRange"]

    assert got(whole, 0, 4 * MIB - 1) == (data[: 4 * MIB], tree(data[: 4 * MIB]), f"bytes 0-{4 * MIB - 1}/{len(data)}")
    assert got(whole, 4 * MIB, 5 * MIB)[:2] == (data[4 * MIB :], tree(data[4 * MIB :]))
    assert got(whole, MIB, 3 * MIB - 1)[:2] == (data[MIB : 3 * MIB], None)
    assert got(whole, 0, 1023)[:2] == (data[:1024], None)
    assert got(part, MIB, 2 * MIB - 1) == (
        data[3 * MIB : 4 * MIB],
        tree(data[3 * MIB : 4 * MIB]),
        f"bytes {MIB}-{2 * MIB - 1}/{2 * MIB}",
    )
    assert got(odd, 0, MIB - 1)[:2] == (data[MIB : 2 * MIB], None)
    assert client.output(odd) == data[MIB : 3 * MIB]


def test_inventory(client: Client) -> None:
    """It is as of the last daily run; its dates move only if anything was changed."""
    assert refusal(lambda: client.asked(Type="inventory-retrieval")) == (404, "ResourceNotFoundException")
    first = client.archived(b"one", "first, with a comma")
    client.wait(hours=24)
    second = client.archived(b"two")
    found = client.inventory()
    assert [each["ArchiveId"] for each in found["ArchiveList"]] == [first]
    assert found["ArchiveList"][0]["SHA256TreeHash"] == hashlib.sha256(b"one").hexdigest()
    assert found["ArchiveList"][0]["Size"] == 3
    told = client.describe_vault()
    assert (told["NumberOfArchives"], told["SizeInBytes"]) == (1, 3 + 32768)
    assert told["LastInventoryDate"] == found["InventoryDate"]
    client.delete_archive(archiveId=first)
    client.delete_archive(archiveId=first)
    client.wait(hours=24)
    later = client.inventory()
    assert [each["ArchiveId"] for each in later["ArchiveList"]] == [second]
    assert later["InventoryDate"] > found["InventoryDate"]
    client.wait(hours=48)
    assert client.inventory()["InventoryDate"] == later["InventoryDate"]


def test_inventory_in_csv(client: Client) -> None:
    """A backslash is not escaped there, although it escapes."""
    descriptions = ("plain", "a,b", 'q"uote', "back\\slash", 'both\\",', "")
    for each in descriptions:
        client.archived(b"x", each)
    client.server.service.take_inventory(client.name)
    job = client.asked(Type="inventory-retrieval", Format="CSV", Description="csv")
    client.wait(hours=5)
    assert client.describe_job(jobId=job)["InventoryRetrievalParameters"] == {"Format": "CSV"}
    answer = client.get_job_output(jobId=job)
    text = answer["body"].read().decode()
    assert answer["contentType"] == "text/csv"
    assert "checksum" not in answer
    assert client.describe_job(jobId=job)["InventorySizeInBytes"] == len(text)
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["ArchiveId", "ArchiveDescription", "CreationDate", "Size", "SHA256TreeHash"]
    told = {line.split(",", 1)[1].rsplit(",", 3)[0] for line in text.splitlines()[1:]}
    assert told == {"plain", '"a,b"', '"q\\"uote"', "back\\slash", '"both\\\\","', ""}


def test_inventory_in_pieces(client: Client) -> None:
    """By date, and page by page with a marker that the job's description tells."""
    early = {client.archived(b"x") for _ in range(3)}
    client.wait(hours=1)
    middle = (client.server.service.clock.now() - dt.timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    late = {client.archived(b"y") for _ in range(5)}
    client.server.service.take_inventory(client.name)
    found: list[str] = []
    marker = None
    while marker is not None or not found:
        more = {"Limit": "2", "StartDate": middle, **({} if marker is None else {"Marker": marker})}
        job = client.asked(Type="inventory-retrieval", InventoryRetrievalParameters=more)
        client.wait(hours=5)
        found += [each["ArchiveId"] for each in json.loads(client.output(job))["ArchiveList"]]
        told = client.describe_job(jobId=job)["InventoryRetrievalParameters"]
        assert (told["Limit"], told["StartDate"]) == ("2", middle)
        marker = told.get("Marker")
    assert (len(found), set(found)) == (5, late)
    before = client.inventory(InventoryRetrievalParameters={"EndDate": middle})
    assert {each["ArchiveId"] for each in before["ArchiveList"]} == early


def test_jobs(client: Client) -> None:
    """They are listed in the order in which they were asked for, by state, page by page."""
    archive = client.archived(b"x")
    jobs = []
    for tier in ("Bulk", "Standard", "Expedited", "Bulk", "Standard"):
        jobs.append(client.asked(Type="archive-retrieval", ArchiveId=archive, Tier=tier))
        client.wait(seconds=1)
    client.wait(hours=6)

    def listed(**options: str) -> list[str]:
        pages = client.sdk.get_paginator("list_jobs").paginate(
            vaultName=client.name, PaginationConfig={"PageSize": 2}, **options
        )
        return [job["JobId"] for page in pages for job in page["JobList"]]

    done, waiting = [jobs[1], jobs[2], jobs[4]], [jobs[0], jobs[3]]
    assert listed() == jobs
    assert listed(completed="true") == listed(statuscode="Succeeded") == done
    assert listed(completed="false") == listed(statuscode="InProgress") == waiting
    assert listed(statuscode="Failed") == listed(completed="true", statuscode="InProgress") == []
    assert refusal(lambda: listed(statuscode="finished")) == (400, "InvalidParameterValueException")


def test_policies(client: Client) -> None:
    """The policy for retrievals holds for the standard tier, and for bytes of jobs under way."""
    set_policy = client.sdk.set_data_retrieval_policy

    def policy() -> Any:
        return client.sdk.get_data_retrieval_policy()["Policy"]["Rules"]

    archive = client.archived(blob(5 * MIB))
    wanted = {"Type": "archive-retrieval", "ArchiveId": archive}
    try:
        assert policy() == [{"Strategy": "None"}]
        set_policy(Policy={"Rules": [{"Strategy": "BytesPerHour", "BytesPerHour": MIB}]})
        assert policy() == [{"Strategy": "BytesPerHour", "BytesPerHour": MIB}]
        assert refusal(lambda: client.asked(**wanted)) == (400, "PolicyEnforcedException")
        client.asked(**wanted, Tier="Bulk")
        client.asked(**wanted, RetrievalByteRange=f"0-{4 * MIB - 1}")
        last = {**wanted, "RetrievalByteRange": f"{4 * MIB}-{5 * MIB - 1}"}
        assert refusal(lambda: client.asked(**last)) == (400, "PolicyEnforcedException")
        client.wait(hours=5)
        client.asked(**last)
        set_policy(Policy={"Rules": [{"Strategy": "FreeTier"}]})
        client.wait(hours=24)
        client.server.service.rules.free_daily = 6 * MIB
        client.asked(**wanted)
        assert refusal(lambda: client.asked(**wanted)) == (400, "PolicyEnforcedException")
    finally:
        set_policy(Policy={"Rules": [{"Strategy": "None"}]})
    client.asked(**wanted)


def test_expedited(client: Client) -> None:
    """Refused for lack of capacity, unless some was bought."""
    archive = client.archived(b"x")
    client.server.service.rules.expedited_available = False
    expedited = {"Type": "archive-retrieval", "ArchiveId": archive, "Tier": "Expedited"}
    assert refusal(lambda: client.asked(**expedited)) == (503, "InsufficientCapacityException")
    client.asked(**{**expedited, "Tier": "Standard"})
    unit = client.sdk.purchase_provisioned_capacity()["capacityId"]
    units = client.sdk.list_provisioned_capacity()["ProvisionedCapacityList"]
    assert [each["CapacityId"] for each in units] == [unit]
    client.asked(**expedited)
    client.wait(days=31)
    assert client.sdk.list_provisioned_capacity()["ProvisionedCapacityList"] == []


def test_what_hangs_on_a_vault(client: Client) -> None:
    """Notifications, access policy, tags."""
    gone = (404, "ResourceNotFoundException")
    assert refusal(client.get_vault_notifications) == gone
    wanted = {"SNSTopic": "arn:aws:sns:us-east-1:111122223333:t", "Events": ["ArchiveRetrievalCompleted"]}
    client.set_vault_notifications(vaultNotificationConfig=wanted)
    assert client.get_vault_notifications()["vaultNotificationConfig"] == wanted
    client.delete_vault_notifications()
    assert refusal(client.get_vault_notifications) == gone
    assert refusal(client.get_vault_access_policy) == gone
    client.set_vault_access_policy(policy={"Policy": "{}"})
    assert client.get_vault_access_policy()["policy"] == {"Policy": "{}"}
    client.delete_vault_access_policy()
    assert refusal(client.get_vault_access_policy) == gone
    client.add_tags_to_vault(Tags={"a": "1", "b": "2"})
    client.remove_tags_from_vault(TagKeys=["a", "c"])
    assert client.list_tags_for_vault()["Tags"] == {"b": "2"}


def test_lock(client: Client) -> None:
    """A lock is made final within a day, or goes; a final one stays."""
    gone, denied = (404, "ResourceNotFoundException"), (403, "AccessDeniedException")
    assert refusal(client.get_vault_lock) == gone
    client.initiate_vault_lock(policy={"Policy": "{}"})
    assert refusal(lambda: client.initiate_vault_lock(policy={"Policy": "{}"})) == denied
    client.abort_vault_lock()
    client.initiate_vault_lock(policy={"Policy": "{}"})
    client.wait(hours=24)
    assert refusal(client.get_vault_lock) == gone
    lock = client.initiate_vault_lock(policy={"Policy": "{}"})["lockId"]
    assert refusal(lambda: client.complete_vault_lock(lockId="x")) == (400, "InvalidParameterValueException")
    for _ in range(2):
        client.complete_vault_lock(lockId=lock)
    told = client.get_vault_lock()
    assert (told["State"], told["Policy"], "ExpirationDate" in told) == ("Locked", "{}", False)
    assert refusal(client.abort_vault_lock) == denied


def test_billing(client: Client) -> None:
    """What was asked for is counted, by tier; what was asked for twice, and what was deleted early, too."""
    billing = client.server.service.billing
    before = (billing.retrieved("Bulk"), len(billing.billed_twice()), len(billing.early_deletions))
    archive = client.archived(blob(2 * MIB))
    wanted = {"Type": "archive-retrieval", "ArchiveId": archive, "Tier": "Bulk"}
    client.asked(**wanted, RetrievalByteRange=f"0-{MIB - 1}")
    client.asked(**wanted, RetrievalByteRange=f"{MIB}-{2 * MIB - 1}")
    assert len(billing.billed_twice()) == before[1]
    client.asked(**wanted)
    assert len(billing.billed_twice()) == before[1] + 2
    assert billing.retrieved("Bulk") == before[0] + 4 * MIB
    client.wait(days=89)
    client.asked(**wanted)
    assert len(billing.billed_twice()) == before[1] + 2
    client.delete_archive(archiveId=archive)
    assert [each.size for each in billing.early_deletions[before[2] :]] == [2 * MIB]
    old = client.archived(b"x")
    client.wait(days=90)
    client.delete_archive(archiveId=old)
    assert len(billing.early_deletions) == before[2] + 1
    assert billing.requests["begin_job"] >= 4


def test_deleted_while_retrieved(client: Client) -> None:
    """A job that is under way fails; one that is done gives what it has."""
    data = blob(MIB)
    archive = client.archived(data, "kept")
    done = client.asked(Type="archive-retrieval", ArchiveId=archive, Tier="Expedited")
    client.wait(hours=1)
    late = client.asked(Type="archive-retrieval", ArchiveId=archive)
    client.delete_archive(archiveId=archive)
    client.wait(hours=5)
    answer = client.get_job_output(jobId=done)
    assert (answer["body"].read(), answer["archiveDescription"]) == (data, "kept")
    assert client.describe_job(jobId=late)["StatusCode"] == "Failed"
    assert refusal(lambda: client.output(late)) == (400, "InvalidParameterValueException")
    again = {"Type": "archive-retrieval", "ArchiveId": archive}
    assert refusal(lambda: client.asked(**again)) == (404, "ResourceNotFoundException")
    client.server.service.rules.deleted_accepted = True
    vain = client.asked(**again)
    assert client.describe_job(jobId=vain)["StatusCode"] == "InProgress"
    client.wait(hours=5)
    told = client.describe_job(jobId=vain)
    assert (told["StatusCode"], told["StatusMessage"]) == ("Failed", "The archive was deleted.")


def test_throttling(client: Client) -> None:
    """Too many requests are a 400 of their own."""
    client.server.fail(Fault("throttle", "describe_vault"))
    assert refusal(client.describe_vault) == (400, "ThrottlingException")
    assert client.describe_vault()["VaultName"] == client.name


def test_notifications(client: Client, moto_server: Server) -> None:
    """Queues that are subscribed to the topics of vault and job get what describe_job tells."""
    place = VaultPlace(client.server, client.name)
    with subscribed(place, moto_server) as first, subscribed(place, moto_server) as second:
        ask(place, first)
        archive = client.archived(b"x")
        place.take_inventory()
        jobs = [
            client.asked(Type="archive-retrieval", ArchiveId=archive),
            client.asked(Type="inventory-retrieval", SNSTopic=second.arn),
            client.asked(Type="archive-retrieval", ArchiveId=archive, Tier="Bulk", SNSTopic=second.arn),
        ]
        wanted = {"SNSTopic": first.arn, "Events": ["ArchiveRetrievalCompleted"]}
        client.set_vault_notifications(vaultNotificationConfig=wanted)
        assert first.received() == []
        client.wait(hours=12)
        for topic, told in ((first, [jobs[0], jobs[2]]), (second, jobs[1:])):
            found: list[dict[str, Any]] = []
            deadline = time.monotonic() + 10
            while len(found) < 2 and time.monotonic() < deadline:
                found += topic.received()
            assert sorted(each["JobId"] for each in found) == sorted(told)
            assert {each["StatusCode"] for each in found} == {"Succeeded"}
            assert {each["VaultARN"].rpartition("/")[2] for each in found} == {client.name}
