"""One sync of all contacts in one process, and what it costs.

    python _row_worker.py ours|hand|whole FORM URL TOKEN TARGET

FORM is jsonl, parquet, duckdb or postgres, TARGET a path or, for PostgreSQL, its address. Prints
rows, the peak of memory, and seconds of CPU, user and kernel mode, all threads; imports and the
database's own process are left out. As this package imports what it needs when it first needs it,
a sync of tags to another target comes before.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _hand_sync as hand
from _hand_whole import WholeDuckDB, WholeLines
from _weighed import peak_bytes

from intercom_async import Intercom, Limits
from intercom_async.sync import DuckDBSink, JsonlSink, ParquetSink, PostgresSink, Sink, sync

PER_MINUTE = 10_000_000
OURS: dict[str, Callable[[Any], Sink]] = {
    "jsonl": JsonlSink,
    "parquet": ParquetSink,
    "duckdb": DuckDBSink,
    "postgres": lambda target: PostgresSink(target, schema="ours"),
}
BY_HAND: dict[str, Callable[[Any], hand.HandSink]] = {
    "jsonl": hand.Lines,
    "parquet": hand.Parquet,
    "duckdb": hand.DuckDB,
    "postgres": lambda target: hand.Postgres(target, "by_hand"),
}
WHOLE: dict[str, Callable[[Any], hand.HandSink]] = {"jsonl": WholeLines, "duckdb": WholeDuckDB}


async def ours(url: str, token: str, sink: Sink, stream: str = "contacts") -> int:
    """Sync as README shows it."""
    limits = Limits(app_per_minute=PER_MINUTE, workspace_per_minute=PER_MINUTE)
    async with Intercom(token, base_url=url, limits=limits) as intercom:
        report = await sync(intercom, [stream], sink=sink)
    if not report.is_complete:
        raise RuntimeError(f"the sync is not complete: {report.failures}")
    return report.rows


def main(way: str, form: str, url: str, token: str, target: str) -> None:
    """Sync and print."""
    place = target if form == "postgres" else Path(target)
    # Made before the clock runs: a sink imports the library that it writes with.
    if way == "ours":
        before: Sink = (
            PostgresSink(target, schema="before")
            if form == "postgres"
            else OURS[form](Path(target).with_name(f"before-{Path(target).name}"))
        )
        asyncio.run(ours(url, token, before, "tags"))
        work = ours(url, token, OURS[form](place))
    else:
        sinks = BY_HAND if way == "hand" else WHOLE
        work = hand.sync(url, token, sinks[form](place))
    begin = time.process_time()
    rows = asyncio.run(work)
    spent_s = time.process_time() - begin
    peak_mb = peak_bytes() / 2**20
    print(json.dumps({"rows": rows, "cpu_s": spent_s, "peak_mb": round(peak_mb, 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
