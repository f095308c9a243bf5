"""What is installed, and what an import brings along."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, entry_points
from pathlib import Path
from typing import Any

import pytest

import transfer
from transfer.cli.brought import GROUP as COMMANDS
from transfer.plugin import Plugin
from transfer.registry import GROUP
from transfer.version import __version__

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PLUGINS = sorted(folder.name for folder in (ROOT / "plugins").iterdir() if (folder / "__init__.py").exists())
OURS = [point for point in entry_points(group=GROUP) if point.dist and point.dist.name == "transfer-engine"]


def test_only_our_names_are_installed() -> None:
    """Nothing at top level but transfer, transfer_* and, of an editable install, its path file."""
    files = distribution("transfer-engine").files or []
    tops = {file.parts[0] for file in files if file.parts[0] != ".."}
    strangers = {top for top in tops if top != "transfer" and not top.startswith("transfer_")}
    assert {top for top in strangers if not top.endswith(".pth")} == set()


def test_versions_agree() -> None:
    """The distribution has the version that the code tells."""
    assert distribution("transfer-engine").version == __version__


def test_every_plugin_has_an_entry_point() -> None:
    """Each folder in plugins/ is named by an entry point; after a new one, install again."""
    brought = [point for point in entry_points(group=COMMANDS) if point.dist and point.dist.name == "transfer-engine"]
    assert sorted({point.module for point in [*OURS, *brought]}) == PLUGINS


@pytest.mark.parametrize("point", OURS, ids=lambda point: point.name)
def test_entry_points_lead_to_plugins(point: Any) -> None:
    """Each opens the scheme that it is named after, and each setting has a line of help."""
    plugin: Plugin = point.load()
    assert point.name in plugin.schemes
    assert all(text.strip() and "\n" not in text for text in plugin.settings.values())


@pytest.mark.parametrize("package", ["transfer", *PLUGINS])
def test_packages_are_typed(package: str) -> None:
    """Type checkers of those who use us look into every package."""
    folder = ROOT if package == "transfer" else ROOT / "plugins"
    assert (folder / package / "py.typed").exists()


def test_all_has_every_cloud() -> None:
    """The extra 'all' names every other but the demo's: that of each plugin that has one, and the faster loop."""
    extras = set(PROJECT["project"]["optional-dependencies"])
    (named,) = PROJECT["project"]["optional-dependencies"]["all"]
    assert set(named.removeprefix("transfer-engine[").removesuffix("]").split(",")) == extras - {"all", "demo"}


def test_contracts_know_every_module() -> None:
    """Each module and each plugin has its floor in the import contracts."""
    contracts = PROJECT["tool"]["importlinter"]
    (floors,) = [contract["layers"] for contract in contracts["contracts"] if contract["type"] == "layers"]
    placed = {name.strip(" ()") for floor in floors for name in floor.split("|")}
    modules = {f"transfer.{module.name}" for module in pkgutil.iter_modules(transfer.__path__)}
    assert (modules | set(PLUGINS)) - placed == set()
    assert set(contracts["root_packages"]) == {"transfer", *PLUGINS}


_OPENING = """
import asyncio, json, sys
from transfer.plugin import StoreOptions
from transfer_cos import plugin as cos
from transfer_oss import plugin as oss
from transfer.plugin import Location

async def main():
    keys = {"region": "r", "access_key_id": "a", "access_key_secret": "b"}
    await oss.open(Location("oss://b/x", "oss", "b", "x", keys), StoreOptions())
    keys = {"region": "r", "secret_id": "a", "secret_key": "b"}
    await cos.open(Location("cos://b-1/x", "cos", "b-1", "x", keys), StoreOptions())

asyncio.run(main())
print(json.dumps(list(sys.modules)))
"""


def test_no_sdk_is_imported_for_oss_and_cos() -> None:
    """Their signatures are computed here; an SDK would take longer to import than all else together."""
    done = subprocess.run([sys.executable, "-c", _OPENING], capture_output=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert {"transfer_cos", "transfer_oss"} <= loaded
    assert loaded & {"oss2", "qcloud_cos", "requests", "crcmod", "Crypto", "email"} == set()


def test_imports_are_lazy() -> None:
    """The command and the library import no plugin and no SDK until a URL asks for one."""
    code = "import json, sys, transfer, transfer.cli; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert loaded & {*PLUGINS, "aiobotocore", "botocore"} == set()
