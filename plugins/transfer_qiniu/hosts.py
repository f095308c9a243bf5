"""Which servers are Kodo for a bucket: by region, as Qiniu tells, or as the settings say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from transfer.errors import Corrupt
from transfer_qiniu.config import Settings

_UC = "uc.qiniuapi.com"


class Service(StrEnum):
    """The services that stores use."""

    UP = "up"
    RS = "rs"
    RSF = "rsf"
    API = "api"
    """Fetches from elsewhere. Some private clouds have none."""


NEEDED = frozenset(Service) - {Service.API}


@dataclass(frozen=True, slots=True)
class Hosts:
    """Addresses by service. ``sources`` are domains that give the bucket's objects without any being bound to it."""

    region: str
    addresses: Mapping[Service, str]
    sources: tuple[str, ...] = ()
    s3: tuple[str, str] | None = None
    """Address and region of the S3 endpoint."""
    seconds: float = field(default=float("inf"))
    """How long this holds."""


def uc_address(settings: Settings) -> str:
    """Where questions about buckets go."""
    return settings.uc or settings.endpoint or f"{settings.scheme}://{_UC}"


def chosen(settings: Settings) -> Mapping[Service, str]:
    """The addresses that the settings name."""
    named = {
        Service.UP: settings.up,
        Service.RS: settings.rs,
        Service.RSF: settings.rsf,
        Service.API: settings.api,
    }
    found = {service: address or settings.endpoint for service, address in named.items()}
    return {service: address for service, address in found.items() if address is not None}


def of_region(region: str, scheme: str) -> Hosts:
    """The well-known servers of a region. The oldest one's name is left out of some."""
    suffix = "" if region == "z0" else f"-{region}"
    names = {
        Service.UP: f"up{suffix}.qiniup.com",
        Service.RS: f"rs-{region}.qiniuapi.com",
        Service.RSF: f"rsf-{region}.qiniuapi.com",
        Service.API: f"api-{region}.qiniuapi.com",
    }
    return Hosts(region, {service: f"{scheme}://{name}" for service, name in names.items()})


def of_reply(document: object, scheme: str) -> Hosts:
    """What Qiniu tells of a bucket. Raises Corrupt for what is no such answer."""
    try:
        told = document["hosts"][0]  # type: ignore[index]
        known = [service for service in Service if service in NEEDED or told.get(service.value)]
        addresses = {service: f"{scheme}://{told[service.value]['domains'][0]}" for service in known}
        sources = tuple(told.get("io_src", {}).get("domains", ()))
        s3 = told.get("s3", {})
        there = (f"{scheme}://{s3['domains'][0]}", str(s3["region_alias"])) if s3.get("region_alias") else None
        return Hosts(str(told["region"]), addresses, sources, there, float(told.get("ttl", 86_400)))
    except (TypeError, LookupError, ValueError, AttributeError):
        raise Corrupt("Qiniu told of a bucket's servers in a form that is not known") from None
