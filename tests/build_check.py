"""Builds the distribution and looks into the wheel. Run by ``tox -e build``, with ``build`` installed."""

from __future__ import annotations

import configparser
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (ROOT, ROOT / "plugins")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        # The wheel is built from the sdist, so that one is shown to be complete too.
        subprocess.run([sys.executable, "-m", "build", "--outdir", folder, str(ROOT)], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            complaints = complain(archive)
    sys.stdout.writelines(f"{complaint}\n" for complaint in complaints)
    return 1 if complaints else 0


def complain(archive: zipfile.ZipFile) -> list[str]:
    """What is wrong with the wheel, a line each."""
    names = set(archive.namelist())
    tops = {name.partition("/")[0] for name in names}
    info = next(top for top in tops if top.endswith(".dist-info"))
    packages = tops - {info}
    return [
        *(f"installs '{name}' at top level" for name in packages if name != "transfer" and name[:9] != "transfer_"),
        *(f"'{package}' has no py.typed" for package in packages if f"{package}/py.typed" not in names),
        *(f"lacks '{source}'" for source in sorted(sources() - names)),
        *wrong_entry_points(archive.read(f"{info}/entry_points.txt").decode(), names),
    ]


def sources() -> set[str]:
    """All modules and tables in the source tree, as the wheel names them."""
    return {
        module.relative_to(root).as_posix()
        for root in SOURCES
        for package in root.glob("transfer*")
        for pattern in ("*.py", "*.toml")
        for module in package.rglob(pattern)
    }


def wrong_entry_points(text: str, names: set[str]) -> list[str]:
    """Entry points that the project declares and the wheel does not have, or that lead nowhere."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {"console_scripts": project["scripts"], **project["entry-points"]}
    parser = configparser.ConfigParser(delimiters="=")
    parser.read_string(text)
    built = {group: dict(parser[group]) for group in parser.sections()}
    targets = [target for points in wanted.values() for target in points.values()]
    homes = [target.partition(":")[0].replace(".", "/") for target in targets]
    return [
        *([] if built == wanted else [f"has the entry points {built}, not {wanted}"]),
        *(f"has no '{home}'" for home in homes if not {f"{home}.py", f"{home}/__init__.py"} & names),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
