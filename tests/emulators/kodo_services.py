"""What each of Kodo's services answers: uploads, objects, listings, questions about buckets, downloads."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs

from tests.emulators.kodo_auth import Asked, Keys, Refusal, decoded
from tests.emulators.kodo_bucket import META, Bucket, Object
from tests.emulators.kodo_s3 import REGION
from tests.emulators.messages import Reply

_RANGE = re.compile(r"bytes=(\d+)-(\d*)", re.ASCII)
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply. ``document`` is sent as JSON, ``data`` as it is."""

    document: object = None
    status: int = 200
    data: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def reply(self) -> Reply:
        """As it is sent."""
        if self.data is not None:
            return Reply(self.status, dict(self.headers), self.data)
        body = b"" if self.document is None else json.dumps(self.document).encode()
        return Reply(self.status, {"Content-Type": "application/json", **self.headers}, body)


Buckets = Mapping[str, Bucket]


def bucket_of(buckets: Buckets, name: str) -> Bucket:
    if name not in buckets:
        raise Refusal(631, "no such bucket")
    return buckets[name]


def form(buckets: Buckets, keys: Keys, fields: Mapping[str, str], data: bytes, mime: str) -> Answer:
    """A form with a small object."""
    if "token" not in fields:
        raise Refusal(400, "token not specified")
    name = fields.get("key", "")
    scope = scope_of(fields["token"])
    policy = keys.check_upload(fields["token"], scope, name)
    metas = {each.removeprefix(META): value for each, value in fields.items() if each.startswith(META)}
    made = bucket_of(buckets, scope).put(name, data, mime, metas, fields.get("crc32", ""), policy)
    return _written(made, name, policy)


def _written(made: Object, name: str, policy: Mapping[str, Any]) -> Answer:
    """What a new object is told of by, in the form that the policy asks for."""
    values = {"key": name, "etag": made.hash, "fsize": len(made.data), "mimeType": made.mime}
    shape = policy.get("returnBody")
    if shape is None:
        return Answer({"hash": made.hash, "key": name})
    # A variable between quotes is a text already.
    filled = re.sub(r'"\$\((\w+)\)"|\$\((\w+)\)', lambda found: json.dumps(values[found[1] or found[2]]), shape)
    return Answer(json.loads(filled))


def scope_of(token: str) -> str:
    """The bucket that an upload token is for. Raises Refusal."""
    try:
        return str(json.loads(urlsafe_b64decode(token.rpartition(":")[2]))["scope"]).partition(":")[0]
    except (ValueError, LookupError, TypeError):
        raise Refusal(401, "bad token") from None


def resumable(buckets: Buckets, keys: Keys, asked: Asked) -> Answer:
    """The second protocol for objects in parts."""
    _, _, bucket_name, _, packed, _, *rest = asked.path.split("/")
    name = decoded(packed)
    scheme, _, token = asked.headers.get("authorization", "").partition(" ")
    if scheme != "UpToken":
        raise Refusal(401, "bad token")
    policy = keys.check_upload(token, bucket_name, name)
    bucket = bucket_of(buckets, bucket_name)
    if not rest:
        upload_id, pending = bucket.begin(name)
        return Answer({"uploadId": upload_id, "expireAt": pending.expires})
    pending = bucket.pending(rest[0], name)
    if asked.method == "PUT":
        piece = bucket.take(pending, int(rest[1]), asked.body, asked.headers.get("content-md5", ""))
        return Answer({"etag": piece.etag, "md5": piece.md5})
    if asked.method == "DELETE":
        del bucket.uploads[rest[0]]
        return Answer()
    if asked.method == "GET":
        query = parse_qs(asked.query)
        after, most = int(query.get("part-number-marker", ["0"])[0]), int(query.get("max-parts", ["1000"])[0])
        numbers = sorted(number for number in pending.parts if number > after)
        told = [_part(number, pending.parts[number]) for number in numbers[:most]]
        marker = numbers[most - 1] if len(numbers) > most else 0
        return Answer({"uploadId": rest[0], "expireAt": pending.expires, "partNumberMarker": marker, "parts": told})
    return _written(bucket.finish(rest[0], pending, json.loads(asked.body), policy), name, policy)


def _part(number: int, piece: Any) -> dict[str, object]:
    return {"partNumber": number, "etag": piece.etag, "size": len(piece.data), "putTime": piece.put_time}


def operate(buckets: Buckets, command: str) -> Answer:
    """One operation on an object: ``stat/…``, ``copy/…/…``, also as one of a batch."""
    verb, source, *rest = command.strip("/").split("/")
    bucket, name = _entry(buckets, source)
    match verb:
        case "stat":
            return Answer(bucket.get(name).told())
        case "delete":
            bucket.get(name)
            del bucket.objects[name]
        case "copy" | "move":
            _copy(buckets, bucket, name, rest, move=verb == "move")
        case "chgm":
            _change(bucket, name, rest)
        case "chtype":
            found = bucket.get(name)
            if found.frozen:
                raise Refusal(403, "the file is archived, restore it first")
            bucket.objects[name] = replace(found, type=int(rest[1]), thawed=None)
        case "restoreAr":
            bucket.thaw(name, int(rest[1]))
        case _:
            raise Refusal(400, "invalid operation")
    return Answer()


def _copy(buckets: Buckets, bucket: Bucket, name: str, rest: list[str], *, move: bool) -> None:
    target, new = _entry(buckets, rest[0])
    if target.region != bucket.region:
        raise Refusal(400, "incorrect zone")
    found = bucket.get(name)
    if new in target.objects and rest[1:] != ["force", "true"]:
        raise Refusal(614, "file exists")
    target.objects[new] = replace(found, put_time=target.ticks(), thawed=None)
    if move:
        del bucket.objects[name]


def _change(bucket: Bucket, name: str, rest: list[str]) -> None:
    pairs = {each: decoded(value) for each, value in zip(rest[::2], rest[1::2], strict=True)}
    condition = dict(part.split("=", 1) for part in pairs.pop("cond", "").split("&") if part)
    mime = pairs.pop("mime", None)
    bucket.change(name, mime, {each.removeprefix(META): value for each, value in pairs.items()}, condition)


def batch(buckets: Buckets, body: bytes) -> Answer:
    """Many operations; the status says whether all of them succeeded."""
    commands = parse_qs(body.decode()).get("op", [])
    if not 1 <= len(commands) <= _MOST:
        raise Refusal(400, "invalid number of operations")
    answers = [_answered(buckets, command) for command in commands]
    return Answer(answers, 200 if all(answer["code"] == 200 for answer in answers) else 298)


def _answered(buckets: Buckets, command: str) -> dict[str, Any]:
    try:
        document = operate(buckets, command).document
    except Refusal as refusal:
        return {"code": refusal.status, "data": {"error": refusal.message}}
    return {"code": 200, **({} if document is None else {"data": document})}


def listing(buckets: Buckets, query: str) -> Answer:
    """A page. The order is that of UTF-16, which nearly is that of the bytes: nothing is promised of it."""
    asked = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
    bucket = bucket_of(buckets, asked.get("bucket", ""))
    limit = int(asked.get("limit", str(_MOST)))
    if not 1 <= limit <= _MOST:
        raise Refusal(400, "invalid list limit")
    pause, last = _marker(asked.get("marker", ""))
    if pause:
        return Answer({"items": [], "marker": _packed(0, last)})
    start = asked.get("prefix", "")
    names = sorted((name for name in bucket.objects if name.startswith(start)), key=_order)
    names = [name for name in names if not last or _order(name) > _order(last)]
    items = [{"key": name, **bucket.objects[name].told()} for name in names[:limit]]
    more = len(names) > limit
    marker = _packed(int(bucket.rules.empty_pages), names[limit - 1]) if more else ""
    return Answer({"items": [_without(item, "x-qn-meta") for item in items], "marker": marker})


def _order(name: str) -> bytes:
    return name.encode("utf-16-be")


def _marker(text: str) -> tuple[int, str]:
    if not text:
        return 0, ""
    try:
        told = json.loads(urlsafe_b64decode(text))
        return told["c"], told["k"]
    except (ValueError, LookupError):
        raise Refusal(640, "invalid marker") from None


def _packed(pause: int, last: str) -> str:
    return urlsafe_b64encode(json.dumps({"c": pause, "k": last}).encode()).decode()


def query_hosts(buckets: Buckets, keys: Keys, query: str, host: str, s3_port: int) -> Answer:
    """Where a bucket's servers are: all of them here."""
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    if not keys.knows(asked.get("ak", "")):
        raise Refusal(612, "app/accesskey is not found")
    bucket = bucket_of(buckets, asked.get("bucket", ""))
    here = {name: {"domains": [host]} for name in ("up", "io", "rs", "rsf", "api", "uc")}
    sources = [bucket.domain] if bucket.source else []
    told = {"region": bucket.region, "ttl": 86400, **here, "io_src": {"domains": sources}}
    if bucket.s3_name is not None:
        told["s3"] = {"domains": [f"{host.partition(':')[0]}:{s3_port}"], "region_alias": REGION}
    return Answer({"hosts": [told]})


def domains(buckets: Buckets, query: str) -> Answer:
    bucket = bucket_of(buckets, parse_qs(query).get("tbl", [""])[0])
    return Answer([bucket.domain] if bucket.bound else [])


def download(bucket: Bucket, name: str, headers: Mapping[str, str]) -> Answer:
    """An object's bytes, with headers that are not all its own; or, without a name, that the bucket is there."""
    if not name:
        return Answer()
    found = bucket.objects.get(name)
    if found is None:
        raise Refusal(404, "Document not found")
    if found.frozen:
        raise Refusal(403, "the file is archived, restore it first")
    if headers.get("if-match", f'"{found.hash}"') != f'"{found.hash}"':
        raise Refusal(412, "precondition failed")
    return _ranged(found, headers.get("range"))


def _ranged(found: Object, wanted: str | None) -> Answer:
    headers = {
        "ETag": f'"{found.hash}"',
        "Content-Type": found.mime,
        "Cache-Control": "public, max-age=31536000",
        "Content-Disposition": 'inline; filename="file"',
        "Accept-Ranges": "bytes",
        **{f"X-Qn-Meta-{name}": value for name, value in found.metas.items() if name[0] != "!"},
        **{name[1:]: value for name, value in found.metas.items() if name[0] == "!"},
    }
    asked = _RANGE.fullmatch(wanted or "")
    if asked is None:
        return Answer(data=found.data, headers=headers)
    size = len(found.data)
    first = int(asked[1])
    last = min(int(asked[2] or size - 1), size - 1)
    if first > last:
        raise Refusal(416, "requested range not satisfiable")
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Answer(status=206, data=found.data[first : last + 1], headers=headers)


def _entry(buckets: Buckets, packed: str) -> tuple[Bucket, str]:
    bucket, _, name = decoded(packed).partition(":")
    return bucket_of(buckets, bucket), name


def _without(item: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: value for each, value in item.items() if each != name}
