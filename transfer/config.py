"""``transfer.toml``: named remotes and their settings.

It is looked for at ``--config FILE``, ``$TRANSFER_CONFIG``, ``./transfer.toml`` and in the
user's configuration folder; the first one there is read, and none is needed. Its form::

    [remote.hk]
    type = "s3"
    endpoint = "http://127.0.0.1:8333"
    secret_access_key = "env:HK_SECRET"    # or "file:PATH"

References are looked up only when the remote is opened. A secret written out is accepted
only in a file that nobody but its owner may read.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_config_path

from transfer.errors import Misconfigured
from transfer.secrets import Redactor, Secret, is_secret

Setting = str | int | float | bool
FILE_NAME = "transfer.toml"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9+._-]*")
_REFERENCE = ("env:", "file:")


@dataclass(frozen=True, slots=True)
class Remote:
    """A ``[remote.NAME]`` table. ``settings`` may hold references and secrets."""

    name: str
    type: str
    settings: Mapping[str, Setting] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Config:
    """What was read, from where, and the redactor that learns of every secret in use."""

    path: Path | None = None
    remotes: Mapping[str, Remote] = field(default_factory=dict)
    redactor: Redactor = field(default_factory=Redactor, compare=False, repr=False)


def load_config(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Find and read the file; ``path`` is the one asked for. Raises Misconfigured. Does blocking I/O."""
    redactor = Redactor()
    redactor.add_environment(environ)
    for candidate, demanded in _candidates(path, environ):
        try:
            with candidate.open("rb") as file:
                exposed = _is_exposed(os.fstat(file.fileno()))
                tables = tomllib.load(file)
        except FileNotFoundError:
            if demanded:
                raise Misconfigured(f"There is no configuration file '{candidate}'.") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise Misconfigured(f"The configuration file '{candidate}' can't be read: {_cause(error)}.") from None
        else:
            return Config(candidate, _remotes(tables, candidate, exposed), redactor)
    return Config(redactor=redactor)


def _candidates(path: Path | None, environ: Mapping[str, str]) -> Iterator[tuple[Path, bool]]:
    """Files to try in turn, and whether the file must be there."""
    if path is not None:
        yield path, True
    elif environ.get("TRANSFER_CONFIG"):
        yield Path(environ["TRANSFER_CONFIG"]), True
    else:
        yield Path(FILE_NAME), False
        yield user_config_path("transfer") / FILE_NAME, False


def _is_exposed(status: os.stat_result) -> bool:
    return bool(stat.S_IMODE(status.st_mode) & 0o077)


def _cause(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (at byte {error.start})"
    return str(error)


def _remotes(tables: Mapping[str, object], path: Path, exposed: bool) -> dict[str, Remote]:
    unknown = sorted(set(tables) - {"remote"})
    if unknown:
        raise Misconfigured(f"{path}: '{unknown[0]}' is not known; remotes are written as [remote.NAME].")
    remotes = tables.get("remote", {})
    if not isinstance(remotes, dict):
        raise Misconfigured(f"{path}: remotes are written as [remote.NAME].")
    return {name: _remote(name, table, path, exposed) for name, table in remotes.items()}


def _remote(name: str, table: object, path: Path, exposed: bool) -> Remote:
    place = f"{path}, [remote.{name}]"
    if not _NAME.fullmatch(name):
        raise Misconfigured(f"{place}: a remote's name begins with a letter and has letters, digits and '+._-' only.")
    if not isinstance(table, dict) or not isinstance(table.get("type"), str):
        raise Misconfigured(f"{place}: 'type' is missing; it names the plugin, for example type = \"s3\".")
    settings = {setting: value for setting, value in table.items() if setting != "type"}
    for setting, value in settings.items():
        if not isinstance(value, Setting):
            raise Misconfigured(f"{place}: '{setting}' must be a text, a number, true or false.")
        if exposed and is_secret(setting) and not _is_reference(value):
            raise Misconfigured(
                f"{place}: '{setting}' is a secret, but others may read this file; "
                f'run \'chmod 600 {path}\', or write "env:NAME" or "file:PATH" instead.'
            )
    return Remote(name, table["type"], settings)


def _is_reference(value: Setting) -> bool:
    return isinstance(value, str) and value.startswith(_REFERENCE)


def resolve(
    settings: Mapping[str, Setting], config: Config, place: str, environ: Mapping[str, str] = os.environ
) -> dict[str, Setting]:
    """The settings with references replaced by what they name, secrets known to the redactor.

    ``place`` is what the sentence of a Misconfigured calls the remote. Does blocking I/O.
    """
    base = config.path.parent if config.path else Path()
    resolved: dict[str, Setting] = {}
    for name, value in settings.items():
        found = _look_up(value, base, f"{place}: '{name}'", environ) if isinstance(value, str) else value
        if is_secret(name):
            config.redactor.add(str(found))
            found = Secret(found)
        resolved[name] = found
    return resolved


def _look_up(value: str, base: Path, what: str, environ: Mapping[str, str]) -> str:
    kind, _, name = value.partition(":")
    if kind == "env" and value != kind:
        if name not in environ:
            raise Misconfigured(f"{what} refers to the environment variable '{name}', which is not set.")
        return environ[name]
    if kind == "file" and value != kind:
        path = base / Path(name).expanduser()
        try:
            return path.read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{what} refers to the file '{path}', which can't be read: {_cause(error)}.") from None
    return value
