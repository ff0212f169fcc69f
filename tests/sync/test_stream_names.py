"""Names of a user's own streams: none collides with what a target has itself, or with another."""

from __future__ import annotations

from pathlib import Path

import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.sync import Listing, Stream, SyncConfigError, sync
from intercom_async.sync.sinks.duckdb import STATE_TABLE
from intercom_async.sync.sinks.postgres_sql import (
    JOURNAL,
    SHARD_ENTRIES,
    SHARDS,
    STAGED,
    STATE,
)
from .conftest import make_sink

TAGS = Listing(lambda client: client.tags.list())
OWN = ("tombstones", STATE_TABLE, STATE, JOURNAL, SHARDS, SHARD_ENTRIES, f"{STAGED}contacts")


@pytest.mark.parametrize("name", [*OWN, *map(str.upper, OWN)])
def test_what_a_target_has_itself_is_no_name(name: str) -> None:
    with pytest.raises(SyncConfigError, match="targets use it themselves"):
        Stream(name, TAGS)


@pytest.mark.parametrize(
    "name", ["", " ", "_run", "a b", "a/b", "..", 'a"b', "ä", "1st", "sync-state"]
)
def test_what_is_no_name_everywhere_is_refused(name: str) -> None:
    with pytest.raises(SyncConfigError):
        Stream(name, TAGS)


@pytest.mark.anyio
@pytest.mark.parametrize("form", ["jsonl", "duckdb", "parquet"])
async def test_names_that_sql_or_a_row_uses_are_names(form: str, tmp_path: Path) -> None:
    names = ("record", "select", "table", "sync_state", "Tags")
    async with (
        Simulator(contacts=0, conversations=0, companies=0, tickets=0) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as client,
    ):
        streams = [Stream(name, TAGS) for name in names]
        for _ in range(2):
            assert (await sync(client, streams, sink=make_sink(form, tmp_path))).is_complete
        for pair in (("tags", Stream("Tags", TAGS)), (Stream("Tags", TAGS), "tags")):
            with pytest.raises(SyncConfigError, match="named twice"):
                await sync(client, pair, sink=make_sink(form, tmp_path / "other"))
