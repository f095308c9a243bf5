"""Servers that forbid, expire, slow down and go away while a run goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from tests.adversity.gate import gate, refusal
from tests.kill.harness import judge, make_tree
from transfer import Options, Result, sync
from transfer.report import Report
from transfer.testing.faultproxy import FaultProxy
from transfer.testing.faults import script
from transfer.testing.servers import Server

MIB = 1024 * 1024


def settings(server: Server, endpoint: str) -> Mapping[str, str]:
    return {**server.settings, "endpoint": endpoint}


async def upload(tree: Path, bucket: str, server: Server, endpoint: str, **options: object) -> Result:
    chosen = Options(target_settings=settings(server, endpoint), **options)  # type: ignore[arg-type]
    return await sync(str(tree), f"s3://{bucket}/x", chosen)


async def test_a_forbidden_prefix_fails_by_name_and_the_rest_goes_on(
    tmp_path: Path, seaweed_server: Server, seaweed_bucket: str
) -> None:
    """A policy that forbids one prefix costs just the objects below it, each with its reason."""
    make_tree(tmp_path / "tree", seed=1, large=(), small=14)

    def refuse(request: web.Request) -> web.Response | None:
        if request.method == "PUT" and "/small/3/" in request.path:
            return refusal(403, "AccessDenied", "Access Denied")
        return None

    async with gate(seaweed_server.endpoint, refuse) as opened:
        result = await upload(tmp_path / "tree", seaweed_bucket, seaweed_server, opened.endpoint)
    assert result.exit_status == 1
    assert result.totals.copied == 12
    assert [failure.key.startswith("small/3/") for failure in result.failures] == [True, True]
    assert all("AccessDenied" in (failure.error or "") for failure in result.failures), result.failures


class Vendor:
    """A place that issues short-lived credentials, as on an instance, and a gate that takes only the newest."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.issued = 0

    async def issue(self, request: web.Request) -> web.Response:
        self.issued += 1
        body = {
            "AccessKeyId": self.server.access_key_id,
            "SecretAccessKey": self.server.secret_access_key,
            "Token": f"token-{self.issued}",
            "Expiration": (datetime.now(UTC) + timedelta(minutes=5 if self.issued < 2 else 600)).isoformat(),
        }
        return web.json_response(body)

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("x-amz-security-token") != f"token-{self.issued}":
            return refusal(400, "ExpiredToken", "The provided token has expired.")
        return None


async def test_a_token_that_expires_is_refreshed(
    tmp_path: Path, moto_server: Server, moto_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials of an instance role run out again and again, and the run ends well."""
    make_tree(tmp_path / "tree", seed=2, large=(), small=30)
    vendor = Vendor(moto_server)
    app = web.Application()
    app.router.add_get("/role", vendor.issue)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{runner.addresses[0][1]}/role")
    try:
        async with gate(moto_server.endpoint, vendor.refuse) as opened:
            options = Options(
                target_settings={"endpoint": opened.endpoint, "region": "us-east-1"}, multipart_threshold=MIB
            )
            result = await sync(str(tmp_path / "tree"), f"s3://{moto_bucket}/x", options)
    finally:
        await runner.cleanup()
    assert result.ok, result.failures
    assert vendor.issued >= 2
    await asyncio.to_thread(judge, moto_server, tmp_path / "tree", f"{moto_bucket}/x")


@pytest.mark.slow
async def test_a_server_that_goes_away_is_waited_for(
    tmp_path: Path, seaweed_server: Server, seaweed_bucket: str
) -> None:
    """Five seconds without a server, in the middle of a run, lose nothing."""
    make_tree(tmp_path / "tree", seed=3, large=(12 * MIB,), small=200)
    proxy = FaultProxy(seaweed_server.port, script({}))
    await proxy.start()
    try:
        run = asyncio.create_task(
            upload(tmp_path / "tree", seaweed_bucket, seaweed_server, proxy.endpoint, bwlimit=8 * MIB)
        )
        await asyncio.sleep(0.7)
        assert not run.done()
        await proxy.stop()
        await asyncio.sleep(5)
        await proxy.start()
        result = await run
    finally:
        await proxy.stop()
    assert result.ok, result.failures
    await asyncio.to_thread(judge, seaweed_server, tmp_path / "tree", f"{seaweed_bucket}/x")


async def test_slow_down_slows_down_and_does_not_fail(
    tmp_path: Path, seaweed_server: Server, seaweed_bucket: str
) -> None:
    """A server that refuses whatever comes more than four at a time gets everything all the same."""
    make_tree(tmp_path / "tree", seed=4, large=(), small=80)
    busy = 0
    refused = 0

    async with gate(seaweed_server.endpoint, lambda request: None) as opened:

        def refuse(request: web.Request) -> web.Response | None:
            nonlocal refused, busy
            busy += 1
            if request.method == "PUT" and "/small/" in request.path and busy % 3 == 0:
                refused += 1
                return refusal(503, "SlowDown", "Please reduce your request rate.")
            return None

        opened.refuse = refuse
        result = await upload(tmp_path / "tree", seaweed_bucket, seaweed_server, opened.endpoint)
    assert result.ok, result.failures
    assert refused > 10


async def test_reports_of_interrupted_and_fresh_runs_are_equal(
    tmp_path: Path, seaweed_server: Server, own_surroundings: Path
) -> None:
    """After interruptions and resumes, targets and reports are those of a run that was left alone."""
    make_tree(tmp_path / "tree", seed=5, large=(12 * MIB, 9 * MIB), small=40)
    fresh, _ = await _told(tmp_path, seaweed_server, "fresh", interruptions=0)
    resumed, found = await _told(tmp_path, seaweed_server, "resumed", interruptions=3)
    # What arrived just as its run was cancelled is found to be the same by the next one.
    assert resumed == {key: row for key, row in fresh.items() if key in resumed}
    assert fresh.keys() - resumed.keys() <= found


async def _told(
    tmp_path: Path, server: Server, name: str, *, interruptions: int
) -> tuple[dict[str, tuple[object, ...]], set[str]]:
    """What all runs together report of each object, but for what may differ; and the objects that one passed over."""
    bucket = f"bucket-{name}"
    server.create_bucket(bucket)
    told: dict[str, tuple[object, ...]] = {}
    found: set[str] = set()
    for number in range(interruptions + 1):
        report = tmp_path / f"{name}-{number}.jsonl"
        await _run_for(tmp_path / "tree", bucket, server, report, seconds=0.6 if number < interruptions else None)
        for line in report.read_text().splitlines():
            row = json.loads(line)
            if row["verdict"] == "done":
                told[row["key"]] = tuple(row[field] for field in ("size", "action", "checksum", "proof", "etag"))
            elif row["verdict"] == "skipped":
                found.add(row["key"])
    await asyncio.to_thread(judge, server, tmp_path / "tree", f"{bucket}/x")
    return told, found


async def _run_for(tree: Path, bucket: str, server: Server, report: Path, *, seconds: float | None) -> None:
    options = Options(
        target_settings=server.settings,
        bwlimit=16 * MIB if seconds else None,
        multipart_threshold=5 * MIB,
        part_size=5 * MIB,
    )
    sink = Report(report)
    task = asyncio.create_task(sync(str(tree), f"s3://{bucket}/x", options, listener=sink))
    if seconds is not None:
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    else:
        assert (await task).ok
    await asyncio.to_thread(sink.close)
