"""Puts up a stage for one ground: servers of the kind that is asked for, certificates, the link."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from bench.certificate import make_certificate
from bench.cores import Cores, on
from bench.emulators import address, emulator, look_for_them
from bench.excuses import Unavailable
from bench.ground import PLAIN, Ground
from bench.server.launch import light
from bench.stage import COS, NEW, OLD, OSS, Stage
from bench.wan.link import Ends, linked
from transfer.errors import Misconfigured
from transfer.testing.processes import HOST
from transfer.testing.servers import Server, seaweed
from transfer.units import format_size

LIGHT, SEAWEEDFS = "light", "seaweedfs"
_PROVIDERS = {LIGHT: "Minio", SEAWEEDFS: "SeaweedFS"}
"""What rclone is told; the light one does all that rclone then expects."""
_ROOM = 6
"""The disk needs this many times the largest load: tree, source, target, and what is not yet gone."""
_KEY, _SECRET, _REGION = "BENCHACCESSKEY", "bench-secret-access-key", "us-east-1"
_VENDORS = {OLD: "s3", NEW: "s3", OSS: "oss", COS: "cos"}
_REGIONS = {"s3": _REGION, "oss": "cn-hangzhou", "cos": "ap-guangzhou"}
_homes = itertools.count(1)


@contextmanager
def folder_for(largest: int) -> Iterator[Path]:
    """A folder with room for loads of ``largest`` bytes. Raises Misconfigured without it."""
    with tempfile.TemporaryDirectory(prefix="transfer-bench-", ignore_cleanup_errors=True) as name:
        free, needed = shutil.disk_usage(name).free, largest * _ROOM
        if free < needed:
            raise Misconfigured(
                f"'{name}' has {format_size(free)} free of the {format_size(needed)} needed: set TMPDIR"
            )
        yield Path(name)


@contextmanager
def staged(ground: Ground, folder: Path, cores: Cores, kind: str) -> Iterator[Stage]:
    """Both servers, and ``folder`` around the clients. Raises Unavailable where the machine lacks what it takes."""
    if ground.emulated:
        look_for_them()
    elif kind == SEAWEEDFS and ground != PLAIN:
        raise Unavailable("SeaweedFS is only started on loopback, without TLS, with all its checksums")
    home = folder / f"home-{next(_homes)}"
    home.mkdir()
    with ExitStack() as stack:
        ends = Ends((), (), HOST)
        with on(cores.servers):
            if ground.link:
                ends = stack.enter_context(linked(ground.link, home))
            certificate = make_certificate(home, ends.address) if ground.tls else None
            if ground.emulated:
                endpoints = _start_emulators(stack, home)
            else:
                endpoints = _start(stack, ground, kind, ends, certificate)
        _write_config(folder / "transfer.toml", endpoints, certificate)
        env = _environment(home, endpoints, certificate, _PROVIDERS[kind])
        yield Stage(folder, endpoints, cores, env, ends.client, ends.server, ground.emulated)


def _start(stack: ExitStack, ground: Ground, kind: str, ends: Ends, certificate: Path | None) -> Mapping[str, str]:
    """Start both at once: SeaweedFS takes seconds. Returns their addresses."""
    managers: dict[str, AbstractContextManager[int | Server]] = {
        name: seaweed(access_key_id=_KEY, secret_access_key=_SECRET)
        if kind == SEAWEEDFS
        else light(host=ends.address, certificate=certificate, md5_only=ground.md5_only, before=ends.server)
        for name in (OLD, NEW)
    }
    with ThreadPoolExecutor() as pool:
        starting = {name: pool.submit(manager.__enter__) for name, manager in managers.items()}
    for name, start in starting.items():
        if start.exception() is None:
            stack.push(managers[name])
    scheme = "https" if certificate else "http"
    up = {name: start.result() for name, start in starting.items()}
    return {
        name: f"{scheme}://{ends.address}:{server.port if isinstance(server, Server) else server}"
        for name, server in up.items()
    }


def _start_emulators(stack: ExitStack, home: Path) -> Mapping[str, str]:
    """Two S3s, an OSS and a COS. Returns their addresses."""
    ports = {name: stack.enter_context(emulator(vendor, _KEY, _SECRET, home)) for name, vendor in _VENDORS.items()}
    return {name: address(port) for name, port in ports.items()}


def _write_config(path: Path, endpoints: Mapping[str, str], certificate: Path | None) -> None:
    """Our remotes; credentials are in the environment, as for everyone."""
    trusted = f'ca_bundle = "{certificate}"\n' if certificate else ""
    blocks = [
        f'[remote.{name}]\ntype = "{(vendor := _VENDORS[name])}"\nendpoint = "{url}"\n'
        f'region = "{_REGIONS[vendor]}"\n{trusted}'
        for name, url in endpoints.items()
    ]
    path.write_text("\n".join(blocks))


def _environment(
    home: Path, endpoints: Mapping[str, str], certificate: Path | None, provider: str
) -> Mapping[str, str]:
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        "AWS_REGION": _REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "OSS_ACCESS_KEY_ID": _KEY,
        "OSS_ACCESS_KEY_SECRET": _SECRET,
        "COS_SECRET_ID": _KEY,
        "COS_SECRET_KEY": _SECRET,
        "RCLONE_CONFIG": "",  # no file: rclone's remotes are these
    }
    if certificate:
        env |= {"AWS_CA_BUNDLE": str(certificate), "RCLONE_CA_CERT": str(certificate)}
    for name, url in endpoints.items():
        remote = f"RCLONE_CONFIG_{name.upper()}_"
        env |= {
            f"{remote}TYPE": "s3",
            f"{remote}PROVIDER": provider,
            f"{remote}ENV_AUTH": "true",
            f"{remote}ENDPOINT": url,
            f"{remote}REGION": _REGION,
        }
    return env
