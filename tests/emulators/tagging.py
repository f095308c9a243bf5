"""Tags of objects."""

from __future__ import annotations

from tests.emulators.bodies import document_of
from tests.emulators.documents import document, parse, text
from tests.emulators.drafts import check_tags
from tests.emulators.messages import Call, Reply, xml
from tests.emulators.service import Service
from tests.emulators.state import Version


async def get_tagging(service: Service, call: Call) -> Reply:
    """The tags."""
    version = _version(service, call)
    tags = [("Tag", [("Key", key), ("Value", value)]) for key, value in version.tags.items()]
    return xml(document("Tagging", [("TagSet", tags)]), 200, service.versioned(service.bucket(call), version))


async def put_tagging(service: Service, call: Call) -> Reply:
    """Replace all of them."""
    version = _version(service, call)
    root = parse(await document_of(service, call), "Tagging")
    pairs = [(text(tag, "Key"), text(tag, "Value")) for tag in root.iterfind("TagSet/Tag")]
    version.tags = check_tags(service, pairs)
    return Reply(200, service.versioned(service.bucket(call), version))


async def delete_tagging(service: Service, call: Call) -> Reply:
    """Remove them."""
    version = _version(service, call)
    version.tags = {}
    return Reply(204, service.versioned(service.bucket(call), version))


def _version(service: Service, call: Call) -> Version:
    return service.version(service.bucket(call), call.key, call.query.get("versionId"))
