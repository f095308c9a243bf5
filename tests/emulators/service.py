"""One vendor's service: where requests go, and what all vendors have in common."""

from __future__ import annotations

import re
import secrets
from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from tests.emulators.api import Api, Route
from tests.emulators.blobs import Blob, Writer
from tests.emulators.clock import iso_date
from tests.emulators.documents import Element
from tests.emulators.messages import Call, Refused, Reply
from tests.emulators.state import Bucket, Part, Upload, Version

__all__ = ["ANYONE", "Limits", "Route", "Service"]

ANYONE = ("public-read", "public-read-write")


@dataclass(slots=True)
class Limits:
    """What the vendor allows. Tests may lower them."""

    part_min: int
    part_max: int = 5 << 30
    parts: int = 10_000
    put: int = 5 << 30
    copy: int = 5 << 30
    key: int = 1023
    meta: int = 8 << 10
    meta_value: int = 0
    tags: int = 10
    page: int = 1000
    page_default: int = 1000
    delete: int = 1000
    buckets: int = 2000
    """Told at once, if no other number is asked for."""


class Service(Api):
    """State and rules of one vendor's object store. Handlers are functions beside it."""

    limits: Limits

    classes: ClassVar[Sequence[str]]
    archived: ClassVar[Sequence[str]]
    """Classes that must be thawed before a read."""
    acls: ClassVar[Sequence[str]]
    object_acl: ClassVar[str]
    """The header for an object's ACL."""
    tag_sizes: ClassVar[tuple[int, int]]
    """Characters of a tag's key and of its value."""
    job_parameters: ClassVar[str]
    """The element that a restore's tier is in."""
    restores_without_body: ClassVar[bool]
    speeds_up: ClassVar[bool]
    """Whether a restore that goes on can be given a faster tier."""
    meta_name: ClassVar[re.Pattern[str]] = re.compile(r"[a-z0-9-]+")
    """Names of user metadata."""
    meta_counts_prefix: ClassVar[bool] = True
    """Whether the size of user metadata is that of the whole headers."""
    kept: ClassVar[Mapping[str, str]] = {}
    """Further headers that are stored and given back."""
    default_type: ClassVar[str] = "application/octet-stream"
    namespace: ClassVar[str] = ""
    """Of the documents of clients, which may name it."""
    acl_at_end: ClassVar[bool] = False
    """Whether an upload's ACL is that of the request which completes it."""
    replaces: ClassVar[str] = "REPLACE"
    """What a copy is told, in whatever case, so that it gets the metadata, or the tags, of the request."""
    copies_over: ClassVar[bool] = False
    """Whether a copy replaces what is there, even where that is forbidden."""
    copies_onto_itself: ClassVar[bool]
    """Whether an object may be copied onto itself with nothing changed."""

    # Codes of its own.
    wrong_md5: ClassVar[str]
    missing_md5: ClassVar[str]
    too_many_tags: ClassVar[str]
    bad_class: ClassVar[str]
    bad_restore: ClassVar[str]
    wrong_position: ClassVar[str]
    copy_too_large: ClassVar[str]

    def __init__(self, folder: str, region: str) -> None:
        super().__init__(folder, region)
        self.buckets: dict[str, Bucket] = {}
        self.domains: dict[str, str] = {}
        """Custom domains, and the buckets that they lead to."""

    # What each vendor has in its own way.

    @abstractmethod
    def symlink_headers(self, bucket: Bucket, version: Version) -> dict[str, str]:
        """What a symlink is, and what it points at."""

    @abstractmethod
    def check_key(self, key: str) -> None:
        """Raises Refused where an object can't be called that."""

    @abstractmethod
    def etag(self, md5: bytes, parts: int = 0) -> str:
        """As it is written, without quotes; of an object of ``parts``, if any."""

    @abstractmethod
    def range(self, call: Call, size: int) -> tuple[int, int] | None:
        """What of the object is asked for; None for all of it. Raises Refused."""

    @abstractmethod
    def kind_headers(self, named: Version, version: Version) -> dict[str, str]:
        """How class and kind are told."""

    @abstractmethod
    def stored(self, bucket: Bucket, version: Version) -> dict[str, str]:
        """What is told of what was just stored."""

    @abstractmethod
    def part_stored(self, part: Part) -> dict[str, str]:
        """The same of a part."""

    @abstractmethod
    def check_parts(self, parts: list[Part]) -> None:
        """Raises Refused where no object can be made of these."""

    @abstractmethod
    def completed(self, call: Call, bucket: Bucket, version: Version, key: str) -> Reply:
        """What is told of an upload that is complete; ``key`` is as it is written."""

    @abstractmethod
    def deleted(self, call: Call, told: list[Element], *, quiet: bool) -> Reply:
        """What is told of many that were deleted."""

    @abstractmethod
    def thaw_hours(self, storage_class: str, tier: str) -> float:
        """How long a restore takes; 0 where there is no such tier."""

    @abstractmethod
    def thaw_days(self, storage_class: str) -> int:
        """For how many days it can be asked."""

    @abstractmethod
    def not_archived(self) -> Refused:
        """What is said to who restores what needs none."""

    @abstractmethod
    def copy_source(self, header: str) -> tuple[str, str, str | None]:
        """Bucket, key and version of a copy's source. Raises Refused."""

    def restore_headers(self, storage_class: str, tier: str) -> dict[str, str]:
        """What is told of a restore that began."""
        return {}

    def copied(self, made: Version | Part) -> list[Element]:
        """What is told of a copy."""
        return [("LastModified", iso_date(made.modified)), ("ETag", f'"{made.etag}"')]

    def copy_headers(self, made: Version | Part) -> dict[str, str]:
        """What is told of it beside the document."""
        return {"ETag": f'"{made.etag}"', **self.sum_headers(None, made)}

    def check_overwrite(self, call: Call, bucket: Bucket) -> None:
        """Raises Refused where the object is there and must stay. With versions the header means nothing."""
        if self.header(call, "forbid-overwrite").lower() != "true" or bucket.versioning:
            return
        if bucket.current(call.key) is not None:
            message = "The object you specified already exists and can not be overwritten."
            raise Refused(409, "FileAlreadyExists", message, fields={"Key": call.key})

    def content(self, call: Call) -> AsyncIterator[bytes]:
        """The bytes that a request's body carries."""
        return call.body.chunks()

    def check_body(self, call: Call, blob: Blob) -> None:
        """Raises Refused where it is not what the request says, but for its Content-MD5."""
        del call, blob

    def keep_sum(self, call: Call, version: Version) -> None:
        """Keep the checksum of what is being stored, where it depends on what was asked for."""
        del call, version

    def begun(self, call: Call, upload: Upload) -> dict[str, str]:
        """Look at how an upload was begun; returns what is told of that. Raises Refused."""
        del call, upload
        return {}

    def keep_part_sum(self, call: Call, upload: Upload, part: Part) -> None:
        """Keep the checksum of a part. Raises Refused where its upload wants another."""
        del call, upload, part

    def check_named(self, upload: Upload, part: Part, named: ET.Element) -> None:
        """Raises Refused where a part is not the one that is named."""
        del upload, part, named

    def join_sums(self, call: Call, upload: Upload, parts: list[Part]) -> None:
        """Keep the checksum of what is made of the parts. Raises Refused where another was expected."""
        del call, upload, parts

    def sum_headers(self, call: Call | None, version: Version | Part) -> dict[str, str]:
        """How its checksum is told in an answer; ``call`` is a request to read it, if that is what it is told in."""
        del call
        return {f"{self.prefix}hash-crc64ecma": str(version.blob.crc)}

    def spoil_checksum(self, reply: Reply) -> None:
        """Let a wrong one be told."""
        name, headers = f"{self.prefix}hash-crc64ecma", reply.headers
        if name in headers:
            headers[name] = str(int(headers[name]) ^ 1)

    def sealed(self, call: Call) -> bool:
        """Whether a document comes with the checksum that it needs."""
        return "content-md5" in call.headers

    def check_copy_region(self, source: Bucket) -> None:
        """Raises Refused where nothing can be copied from there."""
        del source

    def compresses(self, call: Call, version: Version, headers: dict[str, str]) -> bool:
        """Whether this read is answered compressed."""
        del call, version, headers
        return False

    def reads_archived(self, bucket: Bucket, version: Version) -> bool:
        """Whether it needs no thaw, although its class does."""
        del bucket, version
        return False

    def follow(self, bucket: Bucket, version: Version) -> Version:
        """What a symlink points at. Raises Refused."""
        if version.kind != "Symlink":
            return version
        found = bucket.current(version.target)
        if found is None or found.marker:
            message = "The symlink target object does not exist."
            raise Refused(404, "SymlinkTargetNotExist", message, fields={"ObjectName": version.key})
        if found.kind == "Symlink":
            raise Refused(400, "InvalidTargetType", "The symbolic's target object type is invalid.")
        return found

    def symlink_target(self, call: Call) -> str:
        """What a symlink is to point at. Raises Refused."""
        target = unquote(self.header(call, "symlink-target"))
        if not target:
            raise Refused(400, "InvalidArgument", "A symlink needs a target.")
        return target

    # What is the same everywhere.

    def scope(self, call: Call) -> str:
        return "object" if call.key else "bucket" if call.bucket else "service"

    def admit(self, call: Call, route: Route) -> None:
        if route.scope == "object":
            self.check_key(call.key)
        self.authorize(call)

    def tell(self, what: str) -> object | None:
        kind, _, name = what.partition("/")
        if kind != "objects":
            return None
        bucket = self.buckets[name]
        current = {key: bucket.current(key) for key in bucket.keys_from()}
        return {key: found.blob.md5.hex() for key, found in current.items() if found is not None and not found.marker}

    def turn(self, what: str, wanted: dict[str, Any]) -> bool:
        if what == "buckets":
            self.make_bucket(wanted["name"])
        elif what == "drop":
            del self.buckets[wanted["name"]]
        else:
            return False
        return True

    def authorize(self, call: Call) -> None:
        """Let nobody in without a signature, but to what is public. Raises Refused."""
        if call.identity:
            return
        bucket = self.buckets.get(call.bucket)
        if bucket is not None and call.verb in ("get_object", "head_object"):
            version = bucket.current(call.key)
            acl = version.acl if version is not None and version.acl != "default" else bucket.acl
            if acl in ANYONE:
                return
        raise self.anonymous()

    def anonymous(self) -> Refused:
        """What is said to who has not signed."""
        return Refused(403, "AccessDenied", "Access Denied.")

    def bucket(self, call: Call) -> Bucket:
        """The bucket that is spoken of. Raises Refused."""
        return self.named(call.bucket)

    def make_bucket(self, name: str) -> Bucket:
        """A new one, in our region."""
        self.buckets[name] = Bucket(name, self.region, self.clock.now(), self.classes[0])
        return self.buckets[name]

    def named(self, name: str) -> Bucket:
        """The bucket of that name. Raises Refused."""
        found = self.buckets.get(name)
        if found is None:
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist.", fields={"BucketName": name})
        return found

    def version(self, bucket: Bucket, key: str, version_id: str | None, method: str = "GET") -> Version:
        """The version that is asked for, which is no delete marker. Raises Refused."""
        found = bucket.current(key) if version_id is None else bucket.version(key, version_id)
        if found is None:
            if version_id is None:
                raise self.no_key(key)
            raise Refused(404, "NoSuchVersion", "The specified version does not exist.", fields={"Key": key})
        if found.marker:
            headers = {f"{self.prefix}delete-marker": "true", f"{self.prefix}version-id": found.id}
            if version_id is None:
                refused = self.no_key(key)
                refused.headers.update(headers)
                raise refused
            message = "The specified method is not allowed against this resource."
            raise Refused(405, "MethodNotAllowed", message, headers={**headers, "Allow": "DELETE"})
        return found

    def no_key(self, key: str) -> Refused:
        """What is said of an object that isn't there."""
        return Refused(404, "NoSuchKey", "The specified key does not exist.", fields={"Key": key})

    def upload(self, call: Call) -> Upload:
        """The upload that is spoken of. Raises Refused."""
        found = self.bucket(call).uploads.get(call.query["uploadId"])
        if found is None or found.key != call.key:
            message = "The specified upload does not exist. The upload ID may be invalid, or it may be over."
            raise Refused(404, "NoSuchUpload", message, fields={"UploadId": call.query["uploadId"]})
        return found

    def writer(self) -> Writer:
        """For a new body."""
        return Writer(self.folder)

    def versioned(self, bucket: Bucket, version: Version) -> dict[str, str]:
        """The header that names the version, where there are versions."""
        return {f"{self.prefix}version-id": version.id} if bucket.versioning else {}

    def fresh_id(self) -> str:
        """An id that nothing else has."""
        return secrets.token_hex(16).upper()
