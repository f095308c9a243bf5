"""The buckets of an account."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element

from transfer.errors import Corrupt
from transfer.restxml.client import Client
from transfer.wire import xml


async def names(client: Client) -> list[str]:
    """All that the credentials see. The client's place has no bucket, so that its address is the service's."""
    found: list[str] = []
    position: Mapping[str, str] = {}
    while True:
        reply = await client.call("GET", None, position)
        root = xml.parse(reply.body, "a listing of buckets")
        if xml.local(root) != "ListAllMyBucketsResult":
            raise Corrupt(f"The reply to a listing of buckets is a <{xml.local(root)}>")
        for group in xml.children(root, "Buckets"):
            found += [xml.text(bucket, "Name") for bucket in xml.children(group, "Bucket")]
        before, position = position, _next(root)
        if position in ({}, before):
            return found


def _next(root: Element) -> Mapping[str, str]:
    """The parameters of the next page; none after the last."""
    told = {"continuation-token": xml.text(root, "ContinuationToken"), "marker": xml.text(root, "NextMarker")}
    return {name: value for name, value in told.items() if value}
