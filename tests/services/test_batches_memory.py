"""Two hundred thousand contacts as record batches, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="pyarrow is not installed")
if not Path("/proc/self/status").exists():
    pytest.skip("there is no /proc here", allow_module_level=True)

PROGRAM = """
import asyncio, json
from urllib.parse import parse_qs, urlsplit
from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply

ROWS, PER_PAGE = {rows}, 150
some = Simulator(contacts=PER_PAGE, seed=7).call("GET", "/contacts", query={{"per_page": "150"}})

def answer(request):
    start = int(parse_qs(urlsplit(request.url).query).get("starting_after", ["0"])[0])
    data = [row | {{"id": str(start + number)}} for number, row in enumerate(some["data"])]
    data, end = data[: ROWS - start], start + PER_PAGE
    following = {{"starting_after": str(end)}} if end < ROWS else None
    body = {{"data": data, "pages": {{"next": following}}, "total_count": ROWS}}
    return Reply(200, {{}}, json.dumps(body).encode())

def peak_mb():
    # What getrusage tells begins with the peak of the process that started this one.
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

async def main():
    async with Intercom("t", transport=MemoryTransport(answer)) as intercom:
        rows, before = 0, 0.0
        async for batch in intercom.contacts.list(per_page=PER_PAGE).batches(5_000):
            rows += batch.num_rows
            # What is there with the first batch is there once, however many follow.
            before = before or peak_mb()
        print(rows, peak_mb() - before)

asyncio.run(main())
"""


def test_memory_does_not_grow_with_the_rows() -> None:
    rows = 200_000
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(rows=rows)], capture_output=True, check=True
    )
    count, grown_mb = done.stdout.split()
    assert int(count) == rows
    assert float(grown_mb) <= 64
