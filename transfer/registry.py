"""From a URL to an open store: which plugin, which remote, which settings.

Plugins are entry points in the group ``transfer.plugins``, named after the schemes that
they open. Only the one that a URL asks for is imported, so that what one cloud lacks
never hinders another.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import TypeVar

from transfer.config import Config, Remote, Setting, resolve
from transfer.errors import Misconfigured
from transfer.location import DISK, Address, parse_url
from transfer.model import NO_ITEMS
from transfer.plugin import Capabilities, Limits, Location, Plugin, Service, Store, StoreOptions

GROUP = "transfer.plugins"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One scheme, for ``transfer plugins``. ``missing`` is a sentence where it can't be used."""

    scheme: str
    distribution: str
    capabilities: Capabilities | None = None
    limits: Limits | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    missing: str | None = None


async def open_store(
    url: str, options: StoreOptions, *, config: Config, settings: Mapping[str, Setting] = NO_ITEMS
) -> Store:
    """Open the store that ``url`` names, bare of layers.

    ``settings`` go before those of the remote in ``config``; a relative ``file:PATH`` in them
    starts from the current folder, one in the file from the file's. Raises Misconfigured.
    """
    point, plugin, location = await asyncio.to_thread(_prepare, url, parse_url(url), settings, config)
    try:
        return await plugin.open(location, options)
    except ImportError as error:
        raise lacking(f"{point.name}://", point, error) from error


async def open_service(
    url: str, options: StoreOptions, *, config: Config, settings: Mapping[str, Setting] = NO_ITEMS
) -> Store:
    """Open what stands behind a scheme or a remote, for :meth:`~transfer.plugin.Store.containers` alone.

    Raises Misconfigured, also where the plugin can't tell what there is.
    """
    address = Address(url.partition(":")[0], "", "")
    point, plugin, location = await asyncio.to_thread(_prepare, url, address, settings, config)
    if not isinstance(plugin, Service):
        raise Misconfigured(
            f"'{url}' names no bucket, and can't tell which there are; write {address.scheme}://bucket."
        )
    try:
        return await plugin.open_all(location, options)
    except ImportError as error:
        raise lacking(f"{point.name}://", point, error) from error


async def open_with(
    url: str,
    scheme: str,
    opener: Callable[[Location], Awaitable[T]],
    *,
    config: Config,
    settings: Mapping[str, Setting] = NO_ITEMS,
    service: bool = False,
) -> T:
    """What ``opener`` makes of the location that ``url`` names: for the commands that plugins bring.

    ``service``: the URL may be that of the service, without a container. Raises Misconfigured, also where the URL is
    not of ``scheme``.
    """
    address = Address(url.partition(":")[0], "", "") if service else parse_url(url)
    point, _, location = await asyncio.to_thread(_prepare, url, address, settings, config)
    if location.scheme != scheme:
        raise Misconfigured(f"'{url}' is no {scheme}:// URL, nor of a remote of the type '{scheme}'; write one.")
    try:
        return await opener(location)
    except ImportError as error:
        raise lacking(f"{point.name}://", point, error) from error


def _prepare(
    url: str, address: Address, given: Mapping[str, Setting], config: Config
) -> tuple[EntryPoint, Plugin, Location]:
    remote = config.remotes.get(address.scheme)
    place = "" if remote is None else _place(remote, config)
    scheme = _scheme(url, address, config) if remote is None else _type(remote, place)
    of_remote = {} if remote is None else remote.settings
    point = _entry_point(scheme, config)
    plugin = _load(point)
    _check_names(of_remote, plugin, scheme, place)
    _check_names(given, plugin, scheme, f"'{url}'")
    kept = {name: value for name, value in of_remote.items() if name not in given}
    settings = resolve(kept, config, place) | resolve(given, replace(config, path=None), f"'{url}'")
    return point, plugin, Location(url, scheme, address.container, address.path, settings, frozenset(given), place)


def _place(remote: Remote, config: Config) -> str:
    """Where a remote is written."""
    table = f"[remote.{remote.name}]"
    return table if config.path is None else f"{config.path}, {table}"


def _type(remote: Remote, place: str) -> str:
    """The scheme that the remote stands for. Raises Misconfigured where there is none."""
    if remote.type != remote.name and _found(remote.name):
        raise Misconfigured(f"{place} has the name of a scheme but the type '{remote.type}'; rename it.")
    if not _found(remote.type):
        known = _points(tuple(sys.path)).names
        raise Misconfigured(
            f"{place}: there is no type '{remote.type}'{_meant(remote.type, known)} (known are {_listing(known)})"
        )
    return remote.type


def _scheme(url: str, address: Address, config: Config) -> str:
    if address.scheme == DISK:
        _refuse_lone_colon(url, config)
    return address.scheme.lower()


def _refuse_lone_colon(url: str, config: Config) -> None:
    """``s3:bucket/key``, as other tools write it, would silently become a folder of that name."""
    name, colon, rest = url.partition(":")
    if colon and not rest.startswith("//") and "/" not in name and name in _known(config):
        raise Misconfigured(
            f"'{url}' looks like a URL that lacks its slashes; write '{name}://{rest.lstrip('/')}', "
            f"or './{url}' for a path."
        )


def _known(config: Config) -> list[str]:
    return sorted(_points(tuple(sys.path)).names | set(config.remotes))


def _found(scheme: str) -> list[EntryPoint]:
    return list(_points(tuple(sys.path)).select(name=scheme))


@cache
def _points(path: tuple[str, ...]) -> EntryPoints:
    """All that are found on ``path``, which is ``sys.path``: looking takes milliseconds, for it reads many files."""
    return entry_points(group=GROUP)


def _entry_point(scheme: str, config: Config) -> EntryPoint:
    found = _found(scheme)
    if len(found) > 1:
        names = " and ".join(f"'{distribution(point)}'" for point in found)
        raise Misconfigured(f"'{scheme}://' is opened by {names}: uninstall one of them.")
    if found:
        return found[0]
    known = _known(config)
    hint = _meant(scheme, known, "://")
    raise Misconfigured(f"'{scheme}://' is no known scheme or remote{hint} (known are {_listing(known)})")


def _meant(name: str, known: Iterable[str], end: str = "") -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean '{close[0]}{end}'?" if close else ""


def distribution(point: EntryPoint) -> str:
    """The name of what an entry point was installed with."""
    return point.dist.name if point.dist else "an unknown distribution"


def _load(point: EntryPoint) -> Plugin:
    """Import a plugin. Raises Misconfigured with what is to be installed."""
    try:
        plugin: Plugin = point.load()
    except ImportError as error:
        raise lacking(f"{point.name}://", point, error) from error
    except AttributeError as error:
        raise Misconfigured(
            f"The plugin of '{point.name}://' in '{distribution(point)}' is broken: {error}."
        ) from error
    return plugin


def lacking(subject: str, point: EntryPoint, error: ImportError) -> Misconfigured:
    """That ``subject``, which ``point`` leads to, needs what can't be imported, and what is to be installed."""
    what = f"the package '{error.name}'" if error.name else f"something ({error})"
    return Misconfigured(
        f"'{subject}' needs {what}, which can't be imported; run: pip install '{_requirement(point)}'."
    )


def _requirement(point: EntryPoint) -> str:
    """What pip is to install: the distribution, with the extra of the scheme's name where it has one."""
    extras = point.dist.metadata.get_all("Provides-Extra", []) if point.dist else []
    return f"{distribution(point)}[{point.name}]" if point.name in extras else distribution(point)


def _check_names(settings: Iterable[str], plugin: Plugin, scheme: str, place: str) -> None:
    unknown = sorted(set(settings) - set(plugin.settings))
    if unknown:
        hint = _meant(unknown[0], plugin.settings)
        known = _listing(plugin.settings) or "none"
        raise Misconfigured(f"{place}: '{scheme}' has no setting '{unknown[0]}'{hint} (known are {known})")


def _listing(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def plugins() -> list[PluginInfo]:
    """All installed schemes in order, each imported to see whether it can be. Blocking."""
    return [_info(point) for point in sorted(_points(tuple(sys.path)), key=lambda point: point.name)]


def _info(point: EntryPoint) -> PluginInfo:
    installed = distribution(point)
    try:
        plugin = _load(point)
    except Misconfigured as error:
        return PluginInfo(point.name, installed, missing=str(error))
    return PluginInfo(point.name, installed, plugin.capabilities, plugin.limits, plugin.settings)
