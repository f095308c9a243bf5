"""``transfer plugins``."""

from __future__ import annotations

import json as codec
from dataclasses import asdict, fields
from typing import Any

import click

from transfer.cli import choices as choose
from transfer.cli.command import Command
from transfer.cli.stdio import show
from transfer.plugin import Capabilities
from transfer.registry import PluginInfo
from transfer.registry import plugins as installed
from transfer.units import format_size


@click.command("plugins", cls=Command, example="transfer plugins --json")
@choose.JSON
@choose.LOGGING
def plugins(json: bool, **_: Any) -> int:
    """Show what URLs can name, what each kind of store can do, and what is missing to use it."""
    found = installed()
    if json:
        show("\n".join(codec.dumps(_body(info), ensure_ascii=False, default=sorted) for info in found))
    else:
        show("\n\n".join("\n".join(_lines(info)) for info in found))
    return 0


def _body(info: PluginInfo) -> dict[str, object]:
    return {
        "scheme": info.scheme,
        "distribution": info.distribution,
        "capabilities": info.capabilities and asdict(info.capabilities),
        "limits": info.limits and asdict(info.limits),
        "settings": dict(info.settings),
        "missing": info.missing,
    }


def _lines(info: PluginInfo) -> list[str]:
    head = f"{click.style(f'{info.scheme}://', bold=True)}  {click.style(info.distribution, dim=True)}"
    if info.missing or info.capabilities is None:
        return [head, f"  {info.missing}"]
    lines = [head, f"  can       {_abilities(info.capabilities)}"]
    if info.capabilities.verifies:
        lines.append(f"  verifies  {', '.join(info.capabilities.verifies)}")
    if limits := _limits(info):
        lines.append(f"  limits    {limits}")
    if info.settings:
        lines.append("  settings")
        lines += [f"    {name:<20} {text}" for name, text in info.settings.items()]
    return lines


def _abilities(capabilities: Capabilities) -> str:
    able = [field.name for field in fields(capabilities) if getattr(capabilities, field.name) is True]
    return ", ".join(name.replace("_", " ") for name in able) or "list, read and write"


def _limits(info: PluginInfo) -> str:
    limits = info.limits
    if limits is None:
        return ""
    figures = [
        ("object up to", limits.max_object),
        ("put up to", limits.max_put or None),
        ("part from", limits.min_part if limits.min_part > 1 else None),
        ("part up to", limits.max_part),
    ]
    said = [f"{what} {format_size(figure)}" for what, figure in figures if figure is not None]
    return ", ".join([*said, f"{limits.max_parts:,} parts"] if said else said)
