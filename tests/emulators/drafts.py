"""What an object will be, from the headers of the request that makes it."""

from __future__ import annotations

from tests.emulators.messages import Call, Refused, parse_query
from tests.emulators.service import Service
from tests.emulators.state import Bucket, Version

KEPT = {
    name.lower(): name
    for name in (
        "Cache-Control",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Content-Type",
        "Expires",
    )
}
"""Headers that are stored and given back."""


def draft(service: Service, call: Call, bucket: Bucket) -> Version:
    """A version without bytes. Raises Refused."""
    return Version(
        call.key,
        service.clock.now(),
        headers={name: call.headers[low] for low, name in {**KEPT, **service.kept}.items() if low in call.headers},
        meta=user_metadata(service, call),
        tags=parse_tags(service, service.header(call, "tagging")),
        acl=acl(service, call, service.prefix + service.object_acl),
        storage_class=storage_class(service, call, bucket),
    )


def user_metadata(service: Service, call: Call) -> dict[str, str]:
    """What the client calls its own. Raises Refused where it breaks a limit."""
    start = f"{service.prefix}meta-"
    found = {name.removeprefix(start): value for name, value in call.headers.items() if name.startswith(start)}
    for name, value in found.items():
        if not service.meta_name.fullmatch(name):
            raise Refused(400, "InvalidArgument", f"The user metadata name '{name}' is not valid.")
        if 0 < service.limits.meta_value < len(value.encode(errors="surrogateescape")):
            raise _too_much()
    counted = len(start) if service.meta_counts_prefix else 0
    total = sum(counted + len(name) + len(value.encode(errors="surrogateescape")) for name, value in found.items())
    if total > service.limits.meta:
        raise _too_much()
    return found


def _too_much() -> Refused:
    return Refused(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size.")


def parse_tags(service: Service, text: str) -> dict[str, str]:
    """From the header's form, which is that of a query. Raises Refused."""
    return check_tags(service, list(parse_query(text).items()), text.count("&") + 1 if text else 0)


def check_tags(service: Service, pairs: list[tuple[str, str]], count: int | None = None) -> dict[str, str]:
    """The tags, if they are within the limits. Raises Refused."""
    tags = dict(pairs)
    if len(tags) != (len(pairs) if count is None else count):
        raise Refused(400, "InvalidTag", "The same tag key was given twice.")
    if len(tags) > service.limits.tags:
        raise Refused(400, service.too_many_tags, "Object tags cannot be greater than 10.")
    for key, value in tags.items():
        if not key or len(key) > service.tag_sizes[0] or len(value) > service.tag_sizes[1]:
            raise Refused(400, "InvalidTag", "The tag key or value is too long, or empty.")
    return tags


def acl(service: Service, call: Call, header: str) -> str:
    """A canned ACL. Raises Refused."""
    value = call.headers.get(header, "default")
    if value != "default" and value not in service.acls:
        raise Refused(400, "InvalidArgument", "The ACL that you specified is not valid.")
    return value


def storage_class(service: Service, call: Call, bucket: Bucket) -> str:
    """The class that is asked for, or the bucket's. Raises Refused."""
    value = service.header(call, "storage-class") or bucket.storage_class
    if value not in service.classes:
        raise Refused(400, service.bad_class, "The storage class you specified is not valid.")
    return value
