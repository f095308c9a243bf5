"""A bucket of an S3 server, by botocore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import botocore.config
import botocore.session

from tests.matrix.sides.base import HEADERS, PREFIX, Asked, Side, text, word
from tests.matrix.things import INFREQUENT, Thing
from transfer.testing.servers import Server

_FIELDS = {header: header.title().replace("-", "") for header in HEADERS}


class S3Side(Side):
    """``endpoint`` may be that of a proxy ahead of the server, which appends to ``seen`` what passes."""

    part = 5 << 20

    def __init__(self, server: Server, bucket: str, endpoint: str = "", seen: list[str] | None = None) -> None:
        self._server = server
        self._bucket = bucket
        self._endpoint = endpoint or server.endpoint
        self._seen = [] if seen is None else seen
        self.client: Any = botocore.session.Session().create_client(
            "s3",
            endpoint_url=server.endpoint,
            region_name=server.region,
            aws_access_key_id=server.access_key_id,
            aws_secret_access_key=server.secret_access_key,
            config=botocore.config.Config(s3={"addressing_style": "path"}),
        )

    @property
    def url(self) -> str:
        return f"s3://{self._bucket}/{PREFIX}"

    @property
    def settings(self) -> Mapping[str, str]:
        return {**self._server.settings, "endpoint": self._endpoint}

    def place(self, key: str) -> dict[str, str]:
        """How botocore is told of an object of the tree."""
        return {"Bucket": self._bucket, "Key": f"{PREFIX}/{key}"}

    def write(self, key: str, thing: Thing) -> Thing:
        fields: dict[str, Any] = {_FIELDS[name]: value for name, value in thing.headers.items()}
        if thing.tier == INFREQUENT:
            fields["StorageClass"] = "STANDARD_IA"
        metadata = {name: word(value) for name, value in thing.user.items()}
        self.client.put_object(**self.place(key), Body=thing.data, Metadata=metadata, **fields)
        return thing

    def read(self, key: str) -> Thing:
        told = self.client.get_object(**self.place(key))
        with told["Body"] as body:
            data = body.read()
        headers = {name: told[field] for name, field in _FIELDS.items() if told.get(field)}
        user = {name: text(value) for name, value in told["Metadata"].items()}
        return Thing(data, headers, user, INFREQUENT if told.get("StorageClass") == "STANDARD_IA" else "")

    def keys(self) -> set[str]:
        told = self.client.list_objects_v2(Bucket=self._bucket, Prefix=f"{PREFIX}/")
        return {found["Key"].removeprefix(f"{PREFIX}/") for found in told.get("Contents", ())}

    def remove(self, key: str) -> None:
        self.client.delete_object(**self.place(key))

    def asked(self) -> Sequence[Asked]:
        seen = [each.split(" ", 1) for each in self._seen]
        self._seen.clear()
        return [Asked(method, self._key(target)) for method, target in seen]

    def _key(self, target: str) -> str:
        return unquote(target.partition("?")[0]).removeprefix(f"/{self._bucket}").removeprefix("/")

    def open_uploads(self) -> int:
        return len(self.client.list_multipart_uploads(Bucket=self._bucket).get("Uploads", ()))

    def close(self) -> None:
        self.client.close()
