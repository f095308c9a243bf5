"""A queue that hears of jobs, by way of an SNS topic at moto."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3

from tests.glacier.vaultplace import REGION, VaultPlace
from transfer.testing.servers import Server

EVENTS = ("ArchiveRetrievalCompleted", "InventoryRetrievalCompleted")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, and a queue that is subscribed to it."""

    arn: str
    queue: str
    """Its URL."""
    endpoint: str
    """Where both are."""
    sqs: Any

    def received(self) -> list[dict[str, Any]]:
        """What it was told within a second, which is then gone from the queue."""
        found = []
        for message in self.sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=1).get("Messages", ()):
            found.append(json.loads(json.loads(message["Body"])["Message"]))
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found


@contextlib.contextmanager
def subscribed(place: VaultPlace, moto: Server, *, raw: bool = False) -> Iterator[Topic]:
    """A fresh topic with its queue. The server knows where it is; vault or job must still ask for it.

    ``raw``: messages reach the queue without the envelope of SNS.
    """
    keys = {"aws_access_key_id": moto.access_key_id, "aws_secret_access_key": moto.secret_access_key}
    at: dict[str, Any] = {"endpoint_url": moto.endpoint, "region_name": REGION, **keys}
    name = f"topic-{uuid.uuid4().hex[:12]}"
    with contextlib.closing(boto3.client("sns", **at)) as sns, contextlib.closing(boto3.client("sqs", **at)) as sqs:
        topic = sns.create_topic(Name=name)["TopicArn"]
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        how = {"RawMessageDelivery": str(raw).lower()}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=how)
        place.service.notifying.endpoint = moto.endpoint
        yield Topic(topic, queue, moto.endpoint, sqs)


def ask(place: VaultPlace, topic: Topic) -> None:
    """The vault tells the topic of all jobs."""
    vault = place.service.account.vaults[place.name]
    vault.topic, vault.events = topic.arn, list(EVENTS)
    place.service.account.save(vault)
