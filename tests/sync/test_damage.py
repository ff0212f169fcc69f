"""A repair that is stopped knows no more than before, and tombstones are made from the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from intercom_async.sync import TargetError, sync
from intercom_async.transport import Request
from tests.support.virtual_time import anyio_backend
from .machine.steps import Form
from .machine.targets import make_sink, read
from .test_sync_model import Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

HOUR_S = 3600


async def stopped_repair(one: World, searches: int) -> None:
    """Begin a repair of the contacts, and stop at that search."""
    stop, count = anyio.Event(), 0

    def maybe(request: Request, answer: Answer) -> Answer:
        nonlocal count
        count += "search" in request.url
        if count == searches:
            stop.set()
        return answer

    one.change = maybe
    assert (await one.sync("contacts", repair=True, stop=stop)).was_stopped
    one.change = None


@pytest.mark.parametrize("options", [{"reconcile": "never"}, {}], ids=str)
async def test_a_file_comes_back_after_its_repair_was_stopped(
    options: dict[str, Any], tmp_path: Path
) -> None:
    """What the repair has not met may be in the file: it is not a first reading of the stream."""
    async with world(tmp_path, contacts=3_000, latency_s=0.2) as one:
        await one.sync("contacts")
        path = tmp_path / "target" / "contacts.jsonl"
        whole = path.read_bytes()
        gone = list(await one.truth("contacts"))[7]
        await anyio.sleep(2 * HOUR_S)
        one.simulator.call("DELETE", f"/contacts/{gone}")
        gone_at = one.simulator.clock.now()
        path.write_bytes(whole[:-10])
        await stopped_repair(one, searches=12)
        path.write_bytes(whole)
        await anyio.sleep(2 * HOUR_S)
        report = await one.sync("contacts", **options)

        assert report.exit_code == 0
        assert report.deletions_to is not None
        assert gone not in one.rows("contacts") or report.deletions_to < gone_at


async def test_the_stopped_repair_of_a_file_that_stays_away_goes_on(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3_000, latency_s=0.2) as one:
        await one.sync("contacts")
        path = tmp_path / "target" / "contacts.jsonl"
        path.unlink()
        await stopped_repair(one, searches=12)
        with pytest.raises(TargetError, match="repair"):
            await one.sync("contacts")

        assert (await one.sync("contacts", repair=True)).is_complete
        assert one.rows("contacts").keys() == (await one.truth("contacts")).keys()


def spoil(form: Form, folder: Path) -> None:
    """Damage the table of tombstones."""
    if form == "duckdb":
        duckdb = pytest.importorskip("duckdb")
        with duckdb.connect(str(folder / "target.duckdb")) as connection:
            connection.execute("DROP TABLE tombstones")
    else:
        for path in (folder / "target").rglob("*"):
            if path.is_file() and "tombstones" in str(path.relative_to(folder)):
                path.write_bytes(path.read_bytes()[:-3])


@pytest.mark.parametrize("form", ["jsonl", "parquet", "duckdb"])
@pytest.mark.parametrize("hard_delete", [False, True])
async def test_tombstones_that_were_damaged(
    form: Form, tmp_path: Path, *, hard_delete: bool
) -> None:
    pytest.importorskip("duckdb")
    async with world(tmp_path, contacts=6) as one:

        async def run(**options: Any) -> Any:
            sink = make_sink(form, tmp_path)
            return await sync(one.intercom, ["contacts"], sink=sink, **options)

        await run(hard_delete=hard_delete)
        gone = list(await one.truth("contacts"))[2]
        one.simulator.call("DELETE", f"/contacts/{gone}")
        await anyio.sleep(2 * HOUR_S)
        await run(full=True, hard_delete=hard_delete)
        spoil(form, tmp_path)
        with pytest.raises(TargetError, match="repair"):
            await run(hard_delete=hard_delete)
        report = await run(repair=True, hard_delete=hard_delete)
        held = read(form, tmp_path, ["contacts", "tombstones"])

        stones = [
            (stone.record["record_id"], stone.record["reason"]) for stone in held["tombstones"]
        ]
        assert stones == ([] if hard_delete else [(gone, "unknown")])
        assert any("tombstones" in note for note in report.notes)


async def test_tombstones_of_streams_that_the_repair_leaves_out(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=6, conversations=6) as one:
        names = ("contacts", "conversations")
        await one.sync(*names)
        gone = {name: list(await one.truth(name))[2] for name in names}
        for name, key in gone.items():
            one.simulator.call("DELETE", f"/{name}/{key}")
        await anyio.sleep(2 * HOUR_S)
        await one.sync(full=True)
        spoil("jsonl", tmp_path)
        assert (await one.sync("contacts", repair=True)).is_complete

        stones = read("jsonl", tmp_path, ["tombstones"])["tombstones"]
        assert {one.record["stream"]: one.record["record_id"] for one in stones} == gone
