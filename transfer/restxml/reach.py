"""By which way a bucket is reached: the public one, an internal or an accelerated one, a domain of the user's."""

from __future__ import annotations

from dataclasses import dataclass

from transfer.errors import Misconfigured, Unsupported
from transfer.restxml.endpoint import Endpoint, split
from transfer.wire.quoting import quote_path


@dataclass(frozen=True, slots=True)
class Reach:
    """What a remote's settings say of it. ``cname``: the endpoint is a domain that is bound to the bucket."""

    region: str | None = None
    endpoint: str | None = None
    internal: bool = False
    accelerate: bool = False
    cname: bool = False
    path_style: bool | None = None


def refuse_contradictions(reach: Reach, url: str) -> None:
    """Raise Misconfigured, which names ``url``, for ways that exclude each other."""
    if reach.endpoint and (reach.internal or reach.accelerate):
        raise Misconfigured(f"'{url}' is given an endpoint, which leaves nothing to 'internal' and 'accelerate'")
    if reach.internal and reach.accelerate:
        raise Misconfigured(f"'{url}' is given both internal and accelerate: leave one of them out")
    if reach.cname and not reach.endpoint:
        raise Misconfigured(f"'{url}' has cname = true but no endpoint: name the domain that is bound to the bucket")


def is_own(host: str, domains: tuple[str, ...]) -> bool:
    """Whether ``host``, perhaps with a port, is one of the provider's ``domains``."""
    return host.partition(":")[0].endswith(domains)


def locate(reach: Reach, address: str, bucket: str, domains: tuple[str, ...]) -> Endpoint:
    """The bucket, or without its name the service, at the server ``address``. Raises Misconfigured.

    The provider's own ``domains`` want the bucket in the host name; others are taken to want it in the path.
    """
    scheme, host, base = split(address)
    if reach.cname or not bucket:
        return Endpoint(scheme, host, base, genuine=True)
    path_style = reach.path_style
    if path_style is None:
        path_style = not is_own(host, domains)
    if path_style:
        return Endpoint(scheme, host, f"{base}/{quote_path(bucket)}", genuine=True)
    return Endpoint(scheme, f"{bucket}.{host}", base, genuine=True)


def located(reach: Reach, address: str, own: str, domains: tuple[str, ...], bucket: str, region: str) -> Endpoint:
    """Where ``bucket`` is. Raises Unsupported for another than our ``own``, if only a domain of ours leads there."""
    if reach.cname and bucket != own:
        raise Unsupported(f"The bucket '{bucket}' can't be asked by the domain that is bound to '{own}'")
    return locate(reach, address, bucket, domains)
