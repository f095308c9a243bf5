"""From where a bucket's objects are downloaded: a domain, or Kodo's S3 endpoint."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from transfer.wire.http import Request
from transfer.wire.quoting import quote_path
from transfer_qiniu.signing import Signer


class Way(Protocol):
    """One of them."""

    @property
    def remedy(self) -> str:
        """What to set where it does not serve."""

    @property
    def refusals(self) -> Collection[int]:
        """The answers to :meth:`greeting` by which it does not serve."""

    def greeting(self) -> Request:
        """A request that shows whether it serves."""

    def get(self, name: str, headers: Mapping[str, str]) -> Request:
        """The request for an object's bytes."""

    def signed_url(self, name: str, seconds: int) -> str:
        """An address from which anybody can GET the object for ``seconds``."""


@dataclass(frozen=True, slots=True)
class Domain:
    """One that is bound to the bucket, or Kodo's own for it. ``private``: whether downloads are signed."""

    address: str
    signer: Signer
    private: bool
    remedy: str = "set 'domain' with its scheme"
    refusals: Collection[int] = ()

    def greeting(self) -> Request:
        return Request("HEAD", f"{self.address}/", {})

    def get(self, name: str, headers: Mapping[str, str]) -> Request:
        url = self._url(name)
        return Request("GET", self.signer.downloading(url) if self.private else url, headers)

    def signed_url(self, name: str, seconds: int) -> str:
        url = self._url(name)
        return self.signer.downloading(url, seconds) if self.private else url

    def _url(self, name: str) -> str:
        return f"{self.address}/{quote_path(name)}"


@dataclass(frozen=True, slots=True)
class S3Endpoint:
    """Kodo's S3 endpoint of a region. ``bucket`` is the bucket's name there, which may be another."""

    address: str
    region: str
    bucket: str
    signer: Signer
    remedy: str = "set 's3_bucket' to the bucket's S3 name, as the console shows it, or 'domain'"
    refusals: Collection[int] = (403, 404)

    def greeting(self) -> Request:
        url = f"{self.address}/{self.bucket}/"
        return Request("HEAD", url, self.signer.by_s3("HEAD", url, {}, self.region))

    def get(self, name: str, headers: Mapping[str, str]) -> Request:
        url = self._url(name)
        return Request("GET", url, self.signer.by_s3("GET", url, headers, self.region))

    def signed_url(self, name: str, seconds: int) -> str:
        return self.signer.s3_url(self._url(name), seconds, self.region)

    def _url(self, name: str) -> str:
        return f"{self.address}/{self.bucket}/{quote_path(name)}"
