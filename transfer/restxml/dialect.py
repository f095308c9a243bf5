"""How one provider's API differs from those of its kin."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from transfer.errors import TransferError
from transfer.model import Algorithm
from transfer.plugin import Capabilities, Limits
from transfer.restxml.endpoint import Endpoint

Meaning = tuple[type[TransferError], str]
"""A kind of error, and what is said of the object or bucket that it is about."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a provider's own headers, in lower case."""

    acl: str
    bucket_region: str
    copy_source: str
    meta: str
    """The start of those of user metadata."""
    metadata_directive: str
    request_id: str
    request_payer: str
    restore: str
    """Tells how far a thaw is."""
    archive_status: str
    """Tells that an object has sunk into a tier that must be thawed, which its class does not say."""
    security_token: str
    sse: str
    storage_class: str
    tagging: str
    version_id: str

    @classmethod
    def starting(cls, prefix: str, *, acl: str = "acl") -> Names:
        """Those of a provider whose headers all start with ``prefix``."""
        return cls(
            acl=f"{prefix}{acl}",
            bucket_region=f"{prefix}bucket-region",
            copy_source=f"{prefix}copy-source",
            meta=f"{prefix}meta-",
            metadata_directive=f"{prefix}metadata-directive",
            request_id=f"{prefix}request-id",
            request_payer=f"{prefix}request-payer",
            restore=f"{prefix}restore",
            archive_status=f"{prefix}archive-status",
            security_token=f"{prefix}security-token",
            sse=f"{prefix}server-side-encryption",
            storage_class=f"{prefix}storage-class",
            tagging=f"{prefix}tagging",
            version_id=f"{prefix}version-id",
        )


@dataclass(frozen=True, slots=True)
class Encryptions:
    """What a provider calls the ways of encrypting at rest."""

    kinds: tuple[str, ...]
    managed: str
    """The start of the kinds with keys of its key management, for which a key may be named."""
    key_id: str
    """The end of the header that names the key."""
    own_keys: bool
    """Whether it takes a key of the user's with each request (SSE-C)."""


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """One provider's API. Sources of the facts are named where a dialect is made."""

    provider: str
    keys: str
    """The settings that hold the access key and its secret, for sentences."""
    names: Names
    capabilities: Capabilities
    limits: Limits
    encryptions: Encryptions
    classes: Mapping[str, str]
    """The provider's name for each tier of :data:`transfer.restxml.classes.TIERS` that it has."""
    own_classes: frozenset[str]
    """All of its storage classes."""
    user_name: re.Pattern[str]
    """Names of user metadata, in lower case."""
    if_absent: Mapping[str, str]
    """Headers with which a write fails where the key exists."""
    copy_source: Callable[[Endpoint, str, str, str], str]
    """Names a copy's source: of the source's bucket the address, region and name, and the object's full name."""
    kinds: Mapping[str, Meaning]
    """The meanings of error codes that are this provider's own, or other than usual."""
    aliases: Mapping[str, str]
    """Other codes for what has a meaning already."""
    told: Mapping[Algorithm, str]
    """The headers in which replies tell checksums."""
    asking: Mapping[str, str]
    """Headers that go with HEADs and whole reads, so that all is told."""
    span: Mapping[str, str]
    """Headers that go with reads of a span."""
    listing: Mapping[str, str]
    """Parameters of each listing; without ``list-type``, pages go on after a ``marker``."""
    thaw_parameters: str
    """The element that holds the tier of a request to thaw."""
    thaw_hours: Mapping[str, Mapping[str, float]]
    """Of each class that must be thawed the tiers, with the hours that they take; a single tier is not asked for."""
    cold_for_sure: frozenset[str]
    """Those of these classes whose objects can't be read, whatever the bucket's settings, unless they are thawed."""
    lists_thaws: bool = False
    """Whether listings tell of all objects that were asked for."""
    listing_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of each listing, without which it would tell less. A server may not know them."""
    undated_classes: frozenset[str] = frozenset()
    """Classes of which thawed objects stay readable, so that no number of days is taken."""
    acls: tuple[str, ...] = ()
    """The canned ACLs of objects; without any, the server is to say which it knows."""
    namespace: str = ""
    """Of the documents that are sent, where the provider wants one."""
    elements: Mapping[str, str] = field(default_factory=dict)
    """The headers that elements of replies stand for, by the elements' names in lower case."""
    forced: str = ""
    """The header that comes with a Content-Disposition which is not the object's own."""
    redirect: str | None = None
    """The header of a redirect to another page, where objects can be one."""
    replace_metadata: str = "REPLACE"
    """What a copy is told so that it gets the metadata that come with the request."""
    replace_tags: str = "REPLACE"
    """What a copy is told so that it does not carry the source's tags."""
    error_header: str = ""
    """The header that holds the error document, in base64, of replies without a body."""
    mute_heads: bool = False
    """Whether a HEAD that is refused is told nothing but the status."""
    moved: str | None = None
    """The code that means, where an endpoint is named beside it, that the bucket is at that one."""
    delay_header: str = ""
    """The header that tells how many milliseconds a request was put off."""
    if_absent_copies: bool = True
    """Whether :attr:`if_absent` is said to mean anything in copies."""
    overwrites_when_versioned: bool = False
    """Whether :attr:`if_absent` means nothing in a bucket that keeps versions."""
    acl_at_end: bool = False
    """Whether the canned ACL of what is uploaded in parts must be told when the upload ends, too."""
    metadata_with_prefix: bool = False
    """Whether the prefix of their headers counts in :attr:`Limits.max_user_metadata`."""
    link: tuple[str, str] | None = None
    """The header, and its value, that tell of an object which points at another one."""
    max_user_text: int | None = None
    """Bytes of the name and the value of one piece of user metadata."""
    max_tags: int = 10
    max_tag: tuple[int, int] = (128, 256)
    """Characters of a tag's name and of its value."""

    def refuses(self, name: str) -> bool:
        """Whether an object's full name has a character where it may not be."""
        return name[0] in self.limits.no_start or not self.limits.refused.isdisjoint(name)

    @property
    def max_key(self) -> int:
        """Bytes."""
        return self.limits.max_key or 1024
