"""What every operation on a bucket has in hand, and entries as replies tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from transfer.errors import Corrupt, NotFound, Unsupported
from transfer.model import Algorithm, Checksums, Entry, Kind, Metadata
from transfer.restxml.client import Client
from transfer.restxml.coldness import with_coldness
from transfer.restxml.dialect import Dialect
from transfer.restxml.encryption import Encryption
from transfer.restxml.metadata import from_headers, to_headers
from transfer.restxml.verifier import Verifier, md5_of, whole
from transfer.wire import xml
from transfer.wire.times import http_ns

_UNKNOWN_TYPE = "binary/octet-stream"
"""What AWS says where none was given. Other servers then make one up from the name or the bytes."""
FOLDING = "SeaweedFS"
"""A server that keeps objects as files in folders, and lists them folder by folder."""


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of an object, and the version that they were told of, where the server says so."""

    values: Mapping[str, str]
    version: str | None

    def on(self, entry: Entry) -> Entry:
        """``entry`` with these tags."""
        return entry if entry.metadata is None else replace(entry, metadata=replace(entry.metadata, tags=self.values))


@dataclass(slots=True)
class Bucket:
    """A client with the run's wishes. ``verifier`` is settled by the store's check."""

    client: Client
    verifier: Verifier
    encryption: Encryption = field(default_factory=Encryption)
    acl: str | None = None
    tags: bool = False
    """Whether the run asks for tags, each time with a request of their own."""
    asked_class: str | None = None
    """The storage class that the run asks for. It is for the server to say whether there is such a one."""

    @property
    def dialect(self) -> Dialect:
        return self.client.dialect

    def making(self, metadata: Metadata) -> tuple[dict[str, str], tuple[str, ...]]:
        """The headers with which an object comes into being, and what of ``metadata`` is lost."""
        headers, lost = to_headers(
            self.dialect, metadata, genuine=self.client.endpoint.genuine, asked_class=self.asked_class
        )
        headers.setdefault("content-type", _UNKNOWN_TYPE)
        headers.update(self.encryption.making)
        headers.update(self.canned_acl)
        return headers, lost

    @property
    def canned_acl(self) -> dict[str, str]:
        """The header that sets the ACL which the run asks for."""
        return {self.dialect.names.acl: self.acl} if self.acl else {}

    def refuse_folded(self, key: str, size: int | None) -> None:
        """Raise Unsupported for a key that this server would take, and keep as another one."""
        name = self.client.place.name(key)
        if self.client.server.startswith(FOLDING) and is_folded(name, size):
            message = f"'{key}' can't be kept: {FOLDING} makes paths of keys and would change this one"
            raise Unsupported(message, key=key)

    async def head(self, key: str, *, version: str | None = None) -> Entry:
        """All that is known of an object but its tags. Raises NotFound."""
        query = {"versionId": version} if version else {}
        reply = await self.client.call("HEAD", key, query, {**self.dialect.asking, **self.encryption.key})
        length = reply.headers.get("content-length")
        size = int(length) if length else None
        entry = entry_of(self.dialect, key, reply.headers, size=size, whole_object=True)
        return with_coldness(self.dialect, entry, reply.headers, genuine=self.client.endpoint.genuine)

    async def exists(self, key: str) -> bool:
        try:
            await self.client.call("HEAD", key, {}, self.encryption.key)
        except NotFound:
            return False
        return True

    async def with_tags(self, entry: Entry) -> Entry:
        """The entry with its tags, where the run asks for tags; they cost a request."""
        return (await self.tags_of(entry)).on(entry) if self.tags else entry

    async def tags_of(self, entry: Entry) -> Tags:
        """The tags of the version that ``entry`` names, or of the object as it is now. Raises NotFound, Unsupported."""
        query = {"tagging": "", **({"versionId": entry.version} if entry.version else {})}
        try:
            reply = await self.client.call("GET", entry.key, query)
        except NotFound as error:
            if error.code != "NoSuchTagSet":
                raise
            return Tags({}, None)
        return Tags(_tags(reply.body, entry.key), reply.headers.get(self.dialect.names.version_id))


def _tags(document: bytes, key: str) -> dict[str, str]:
    """Those that the document tells. Raises Unsupported if it is another: not all servers look at the whole request."""
    try:
        root = xml.parse(document, "the tags")
    except Corrupt:
        root = None
    if root is None or xml.local(root) != "Tagging":
        raise Unsupported(f"The server can't tell the tags of '{key}': leave out --tags", key=key)
    sets = xml.children(root, "TagSet")
    return {xml.text(tag, "Key"): xml.text(tag, "Value") for tag_set in sets for tag in tag_set}


def entry_of(dialect: Dialect, key: str, headers: Mapping[str, str], *, size: int | None, whole_object: bool) -> Entry:
    """The entry that a reply to GET or HEAD tells; checksums only where they cover the ``whole_object``."""
    metadata = from_headers(dialect, headers)
    etag = headers.get("etag", "").strip('"') or None
    encrypted = etag_is_encrypted(dialect, headers)
    return Entry(
        key,
        size,
        mtime_ns=metadata.posix.mtime_ns,
        modified_ns=http_ns(headers.get("last-modified")),
        etag=etag,
        version=version_of(dialect, headers),
        checksums=_checksums(dialect, headers, etag, encrypted=encrypted) if whole_object else {},
        metadata=metadata,
        storage_class=metadata.storage_class,
        kind=Kind.OBJECT if metadata.posix.link_target is None else Kind.SYMLINK,
        encrypted_etag=encrypted,
    )


def is_folded(name: str, size: int | None) -> bool:
    """Whether ``name`` is not what a path of folders would spell, or holds bytes as a folder."""
    segments = name.replace("\\", "/").split("/")
    inner = segments if segments[-1] else segments[:-1]
    return "\\" in name or not {"", ".", ".."}.isdisjoint(inner) or (name.endswith("/") and size != 0)


def version_of(dialect: Dialect, headers: Mapping[str, str]) -> str | None:
    """The version that a reply is about. ``null`` is what was written while the bucket kept no versions."""
    version = headers.get(dialect.names.version_id)
    return None if version == "null" else version


def etag_is_encrypted(dialect: Dialect, headers: Mapping[str, str]) -> bool:
    """Whether the ETag is known to be no MD5."""
    sse = dialect.names.sse
    managed = headers.get(sse, "").startswith(dialect.encryptions.managed)
    return managed or f"{sse}-customer-algorithm" in headers


def _checksums(dialect: Dialect, headers: Mapping[str, str], etag: str | None, *, encrypted: bool) -> Checksums:
    """What the server keeps; an ETag that looks like an MD5 only where it keeps nothing better."""
    kept = whole(headers, dialect.told)
    md5 = None if encrypted else md5_of(etag)
    return kept if kept or md5 is None else {Algorithm.MD5: md5}
