"""What a checkpoint remembers of its target, so that leftovers there can be found without the command."""

from __future__ import annotations

import json
import os.path
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from transfer.checkpoint import Checkpoint
from transfer.location import DISK, parse_url
from transfer.options import Options
from transfer.secrets import is_secret

_NAME = "target"
_ENVIRONMENT, _FILE = "env:", "file:"


@dataclass(frozen=True, slots=True)
class Target:
    """How a run opened its target: no secret, and nothing that depends on the current folder.

    ``config`` is the path of the configuration file that was read.
    """

    url: str
    settings: Mapping[str, str] = field(default_factory=dict)
    config: str | None = None


def target_of(url: str, options: Options, config: Path | None) -> Target:
    """What may be remembered. A secret that is a reference is no secret."""
    address = parse_url(url)
    if address.scheme == DISK:
        url = os.path.abspath(address.path)
    kept = {name: _absolute(value) for name, value in options.target_settings.items() if _is_open(name, value)}
    return Target(url, kept, None if config is None else os.path.abspath(config))


async def remember(checkpoint: Checkpoint, target: Target) -> None:
    await checkpoint.remember(_NAME, json.dumps(asdict(target)))


async def recall(checkpoint: Checkpoint) -> Target | None:
    """None where the run was given an open store, which can't be opened again."""
    text = await checkpoint.recall(_NAME)
    return None if text is None else Target(**json.loads(text))


def _is_open(name: str, value: str) -> bool:
    return not is_secret(name) or value.startswith((_ENVIRONMENT, _FILE))


def _absolute(value: str) -> str:
    if not value.startswith(_FILE):
        return value
    return _FILE + os.path.abspath(os.path.expanduser(value.removeprefix(_FILE)))
