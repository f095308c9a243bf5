"""The buckets of an account."""

from __future__ import annotations

from transfer.errors import Corrupt
from transfer.restxml.client import Client
from transfer.wire import xml


async def names(client: Client) -> list[str]:
    """All that the credentials see. The client's place has no bucket, so that its address is the service's."""
    found: list[str] = []
    token = ""
    while True:
        reply = await client.call("GET", None, {"continuation-token": token} if token else {})
        root = xml.parse(reply.body, "a listing of buckets")
        if xml.local(root) != "ListAllMyBucketsResult":
            raise Corrupt(f"The reply to a listing of buckets is a <{xml.local(root)}>")
        for group in xml.children(root, "Buckets"):
            found += [xml.text(bucket, "Name") for bucket in xml.children(group, "Bucket")]
        before, token = token, xml.text(root, "ContinuationToken")
        if token in ("", before):
            return found
