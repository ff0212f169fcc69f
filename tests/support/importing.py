"""Files for ``import``, and a simulator to import them into."""

from __future__ import annotations

import csv
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from intercom_async.simulator import Simulator


@asynccontextmanager
async def simulated(**options: Any) -> AsyncGenerator[tuple[Simulator, dict[str, str]]]:
    """Run a simulator; yield it with the environment that leads to it."""
    async with Simulator(contacts=5, seed=7, **options) as simulator:
        yield (
            simulator,
            {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url},
        )


def write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows that all have the columns of the first."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
