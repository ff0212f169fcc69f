"""Measures bulk sync against a simulator in a process of its own.

    python benchmarks/sync.py full --format jsonl       the whole workspace of the road map
    python benchmarks/sync.py full --format postgres    the same into a PostgreSQL of its own
    python benchmarks/sync.py chain                     beside one chain of pages, on a smaller one
    python benchmarks/sync.py memory                    a million contacts
    python benchmarks/sync.py kill --format duckdb      killed twenty times, and gone on with

Each prints one JSON object. What the server counted is taken from the server.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, cast

sys.path.insert(0, str(Path(__file__).parent.parent))

from _weighed import peak_bytes

from intercom_async import Intercom
from intercom_async.sync import DuckDBSink, JsonlSink, ParquetSink, PostgresSink, Sink, sync
from tests.support.servers import running_postgres

SERVER = """
import asyncio, json, sys
from intercom_async.simulator import Simulator
async def main():
    async with Simulator(**json.loads(sys.argv[1])) as simulator:
        print(simulator.url, simulator.token, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
STREAMS = ["contacts", "companies", "conversations", "conversation_parts"]
FORMATS = ("jsonl", "duckdb", "parquet", "postgres")
WINDOW_S = 10.0


@contextmanager
def server(**settings: Any) -> Generator[tuple[str, str]]:
    """Run a simulator in a process of its own; give its URL and token."""
    process = subprocess.Popen(  # noqa: S603 (its own text)
        [sys.executable, "-c", SERVER, json.dumps(settings)], stdout=subprocess.PIPE, text=True
    )
    try:
        url, token = cast("TextIO", process.stdout).readline().split()
        yield url, token
    finally:
        process.terminate()
        process.wait()


def asked(url: str, name: str) -> Any:
    """Ask the simulator about itself."""
    with urllib.request.urlopen(f"{url}/_simulator/{name}") as answer:  # noqa: S310 (loopback)
        return json.load(answer)


def target(form: str, folder: Path) -> Path:
    """Return where a format is written."""
    return folder / ("target.duckdb" if form == "duckdb" else "target")


@contextmanager
def prepared(form: str) -> Generator[Path | str]:
    """Return where a format is written: a path, or the address of a server that runs meanwhile."""
    if form == "postgres":
        with running_postgres() as postgres:
            yield postgres.url
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield target(form, Path(folder))


def sink_of(form: str, where: Path | str) -> Sink:
    """Make a sink."""
    if isinstance(where, str):
        return PostgresSink(where)
    kinds: dict[str, Callable[[Path], Sink]] = {
        "jsonl": JsonlSink,
        "duckdb": DuckDBSink,
        "parquet": ParquetSink,
    }
    return kinds[form](where)


async def run(url: str, token: str, form: str, where: Path | str, streams: list[str]) -> Any:
    """Sync once in this process."""
    async with Intercom(token, base_url=url) as intercom:
        return await sync(intercom, streams, sink=sink_of(form, where))


def full(form: str, **settings: Any) -> dict[str, Any]:
    """Sync a whole workspace and hold the time against what the limit allows."""
    contacts, talks, companies = (
        settings[name] for name in ("contacts", "conversations", "companies")
    )
    with server(**settings, tickets=0) as (url, token), prepared(form) as where:
        began = time.monotonic()
        report = asyncio.run(run(url, token, form, where, STREAMS))
        seconds = time.monotonic() - began
        statuses = asked(url, "status")["statuses"]
        ledger = asked(url, "ledger")
    needed = math.ceil(contacts / 150) + math.ceil(talks / 150) + talks + math.ceil(companies / 60)
    ideal = needed / settings["app_per_minute"] * 60
    return {
        "format": form,
        "rows": {stream.name: stream.rows for stream in report.streams},
        "seconds": round(seconds, 1),
        "calls": report.calls,
        "calls_needed": needed,
        "ideal_s": round(ideal, 1),
        "ratio": round(seconds / ideal, 3),
        "statuses": statuses,
        "windows": [row["served"] for row in ledger if "served" in row],
        "peak_mb": round(peak_bytes() / 2**20, 1),
        "is_complete": report.is_complete,
    }


async def one_chain(url: str, token: str) -> int:
    """Read everything the way most programs do: one request after the other."""
    calls = 0
    async with Intercom(token, base_url=url) as intercom:
        async for _ in intercom.contacts.list(per_page=150).pages():
            calls += 1
        async for _ in intercom.companies.list(per_page=60).pages():
            calls += 1
        async for page in intercom.conversations.list(per_page=150).pages():
            calls += 1
            for talk in page.items:
                await intercom.conversations.get(talk.id)
                calls += 1
    return calls


def chain(form: str, **settings: Any) -> dict[str, Any]:
    """Time a sync beside one chain of requests on the same workspace."""
    result: dict[str, Any] = {}
    for name in ("chain", "sync"):
        with server(**settings, tickets=0) as (url, token), tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            if name == "chain":
                calls = asyncio.run(one_chain(url, token))
            else:
                path = target(form, Path(folder))
                calls = asyncio.run(run(url, token, form, path, STREAMS)).calls
            result[name] = {"seconds": round(time.monotonic() - began, 1), "calls": calls}
    result["times_faster"] = round(result["chain"]["seconds"] / result["sync"]["seconds"], 1)
    return result


def memory(form: str, **settings: Any) -> dict[str, Any]:
    """Sync many contacts and look at the memory."""
    with server(**settings) as (url, token), prepared(form) as where:
        began = time.monotonic()
        report = asyncio.run(run(url, token, form, where, ["contacts"]))
        seconds = time.monotonic() - began
    return {
        "format": form,
        "rows": report.rows,
        "seconds": round(seconds, 1),
        "peak_mb": round(peak_bytes() / 2**20, 1),
    }


def command(url: str, token: str, form: str, path: Path) -> subprocess.Popen[bytes]:
    """Sync in another process, by the command line."""
    arguments = ["--to", str(path), "--format", form, "--streams", ",".join(STREAMS), "--json"]
    return subprocess.Popen(  # noqa: S603 (its own command)
        [sys.executable, "-m", "intercom_async", "sync", *arguments],
        env={**os.environ, "INTERCOM_BASE_URL": url, "INTERCOM_TOKEN": token},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def check(process: subprocess.Popen[bytes], errors: bytes) -> None:
    """End the measurement where a sync that was let alone has failed."""
    if process.returncode != 0:
        sys.exit(errors.decode())


def content(form: str, path: Path) -> dict[str, tuple[int, str]]:
    """Return count and digest of each stream's rows, in no order."""
    import duckdb  # noqa: PLC0415 (an extra)

    found: dict[str, tuple[int, str]] = {}
    connection = duckdb.connect(
        str(path) if form == "duckdb" else ":memory:", read_only=form == "duckdb"
    )
    for name in STREAMS:
        if form == "jsonl":
            lines = map(json.loads, (path / f"{name}.jsonl").read_text().splitlines())
            rows = [json.dumps({**line, "_synced_at": None}).encode() for line in lines]
        else:
            source = name if form == "duckdb" else f"'{path}/{name}/*.parquet'"
            rows = [
                row[0].encode()
                for row in connection.execute(f"SELECT record FROM {source}").fetchall()  # noqa: S608
            ]
        found[name] = len(rows), hashlib.sha256(b"\n".join(sorted(rows))).hexdigest()
    return found


def startup_s() -> float:
    """Return how long a process takes until it could sync."""
    began = time.monotonic()
    command = [sys.executable, "-m", "intercom_async", "sync", "--help"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 (its own command)
    return time.monotonic() - began


def kill(form: str, times: int, **settings: Any) -> dict[str, Any]:
    """Kill a sync at random moments and go on each time; compare with an undisturbed run."""
    chance = random.Random(20)
    with server(**settings, tickets=0) as (url, token), tempfile.TemporaryDirectory() as folder:
        calm = Path(folder) / "calm"
        calm.mkdir()
        start_s = startup_s()
        began = time.monotonic()
        process = command(url, token, form, target(form, calm))
        _, errors = process.communicate()
        check(process, errors)
        whole_s = max(0.2, time.monotonic() - began - start_s)
        calm_calls = asked(url, "status")["requests"]
        wild = Path(folder) / "wild"
        wild.mkdir()
        kills = 0
        while True:
            process = command(url, token, form, target(form, wild))
            try:
                # Killed before it has started, a process would do nothing.
                _, errors = process.communicate(
                    timeout=start_s + chance.uniform(0.1, 1.5 * whole_s / times)
                    if kills < times
                    else None
                )
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += 1
                continue
            check(process, errors)
            break
        wild_calls = asked(url, "status")["requests"] - calm_calls
        same = content(form, target(form, calm)) == content(form, target(form, wild))
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir()
    return {
        "format": form,
        "kills": kills,
        "is_same": same,
        "calls": calm_calls,
        "calls_with_kills": wild_calls,
        "more": f"{wild_calls / calm_calls - 1:.2%}",
    }


def main() -> None:
    """Run one measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["full", "chain", "memory", "kill"])
    parser.add_argument("--format", default="jsonl", choices=FORMATS)
    parser.add_argument("--contacts", type=int)
    parser.add_argument("--conversations", type=int)
    parser.add_argument("--latency-ms", type=float)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="a tenth of the workspace")
    parser.add_argument("--json", type=Path, help="write the result here, too")
    given = parser.parse_args()
    if given.format == "postgres" and given.what not in ("full", "memory"):
        parser.error("postgres is for full and memory")
    usual: dict[str, dict[str, float]] = {
        "full": {"contacts": 200_000, "conversations": 30_000, "companies": 5_000, "latency": 250},
        "chain": {"contacts": 6_000, "conversations": 600, "companies": 300, "latency": 250},
        "memory": {"contacts": 1_000_000, "conversations": 0, "companies": 0, "latency": 250},
        "kill": {"contacts": 30_000, "conversations": 6_000, "companies": 600, "latency": 50},
    }
    defaults = usual[given.what]
    part = 10 if given.quick else 1
    settings: dict[str, Any] = {
        "contacts": given.contacts or int(defaults["contacts"]) // part,
        "conversations": given.conversations or int(defaults["conversations"]) // part,
        "companies": int(defaults["companies"]) // part,
        "latency_s": (given.latency_ms or defaults["latency"]) / 1000,
        "app_per_minute": 10_000,
        "workspace_per_minute": 25_000,
    }
    if given.what == "kill":
        result = kill(given.format, given.times, **settings)
    else:
        result = {"full": full, "chain": chain, "memory": memory}[given.what](
            given.format, **settings
        )
    print(json.dumps(result))
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
