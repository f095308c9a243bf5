"""Which request is what."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any

from bench.server import listing, objects, uploads
from bench.server.bodies import LARGE, Body, received
from bench.server.buckets import Bucket, GeneratedBucket
from bench.server.messages import Request, Response, S3Error, document

_GENERATED = re.compile(r"generated-(\d+)-[a-z]+")
_REFUSED = ("tagging", "acl", "versions", "restore")
"""Parts of S3 that are not here. A request for them is not one for the object."""
Take = Callable[[Bucket, Request, Body], Response]


class Service:
    """All buckets. One named ``generated-<count>-<letters>`` is there from the start, full of equal objects.

    Without ``knows_checksums`` the server looks at no checksum but MD5, and keeps none.
    """

    def __init__(self, *, knows_checksums: bool = True) -> None:
        self._knows_checksums = knows_checksums
        self._buckets: dict[str, Bucket] = {}

    def __call__(self, request: Request) -> Response | Coroutine[Any, Any, Response]:
        """The answer, or what comes to it in a while. Raises S3Error."""
        if any(name in request.query for name in _REFUSED):
            raise S3Error(501, "NotImplemented")
        if not request.key:
            return self._of_bucket(request)
        bucket = self.bucket(request.bucket)
        if request.method in ("GET", "HEAD"):
            return uploads.parts(bucket, request) if "uploadId" in request.query else objects.get(bucket, request)
        if request.method == "PUT":
            return self._put(bucket, request)
        if request.method == "POST":
            return uploads.begin(bucket, request) if "uploads" in request.query else uploads.finish(bucket, request)
        if request.method != "DELETE":
            raise S3Error(405, "MethodNotAllowed")
        if "uploadId" in request.query:
            return uploads.abort(bucket, request)
        bucket.remove(request.key)
        return Response(204)

    def bucket(self, name: str) -> Bucket:
        """Raises S3Error where there is none."""
        found = self._buckets.get(name)
        if found is None:
            generated = _GENERATED.fullmatch(name)
            if not generated:
                raise S3Error(404, "NoSuchBucket")
            found = self._buckets[name] = GeneratedBucket(int(generated[1]))
        return found

    def _of_bucket(self, request: Request) -> Response:
        name, query = request.bucket, request.query
        if not name:
            return document("ListAllMyBucketsResult")
        if request.method == "PUT":
            self._buckets.setdefault(name, Bucket())
            return Response(200)
        bucket = self.bucket(name)
        if request.method == "POST":
            return objects.delete_many(bucket, request)
        if request.method == "DELETE":
            # With all that is in it: to clear a target costs one request.
            del self._buckets[name]
            return Response(204)
        if request.method == "HEAD":
            return Response(200)
        if "location" in query:
            return document("LocationConstraint")
        return uploads.opened(bucket, request) if "uploads" in query else listing.listed(bucket, request)

    def _put(self, bucket: Bucket, request: Request) -> Response | Coroutine[Any, Any, Response]:
        part = "uploadId" in request.query
        if "x-amz-copy-source" in request.headers:
            if part:
                return uploads.copy_part(self.bucket, bucket, request, knows_checksums=self._knows_checksums)
            return objects.copy(self.bucket, bucket, request)
        take: Take = uploads.put_part if part else objects.put
        if len(request.body) >= LARGE:
            return self._put_large(bucket, request, take)
        return take(bucket, request, received(request, knows_checksums=self._knows_checksums))

    async def _put_large(self, bucket: Bucket, request: Request, take: Take) -> Response:
        body = await asyncio.to_thread(received, request, knows_checksums=self._knows_checksums)
        return take(bucket, request, body)
