"""What this process must never print: every secret that its environment, configuration and options name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from transfer.config import Config, load_config, resolve
from transfer.errors import Misconfigured
from transfer.secrets import Redactor


def redactor_for(config: Path | None, *settings: Mapping[str, str]) -> Redactor:
    """A redactor that knows all of them. What can't be read is left to the run, which says so."""
    known = _load(config)
    remotes = [remote.settings for remote in known.remotes.values()]
    for group in [*remotes, *settings]:
        for name, value in group.items():
            _learn({name: value}, known)
    return known.redactor


def _load(path: Path | None) -> Config:
    try:
        return load_config(path)
    except Misconfigured:
        redactor = Redactor()
        redactor.add_environment(os.environ)
        return Config(redactor=redactor)


def _learn(setting: Mapping[str, str | int | float | bool], config: Config) -> None:
    try:
        resolve(setting, config, "")
    except Misconfigured:
        return
