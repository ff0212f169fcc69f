"""Streams of which all rows have gone, more than are read one by one in doubt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.clock import CLOCK
from intercom_async.simulator import Simulator
from intercom_async.simulator.virtual_loop import run_virtual
from intercom_async.sync import JsonlSink, Report, sync
from intercom_async.sync.reconcile import MANY
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request

ROWS = MANY + 30
LISTS = ("/contacts/search", "/conversations/search", "/tickets/search", "/tags")


class Server:
    """A workspace whose rows go, or whose lists and searches come empty."""

    def __init__(self, stream: str) -> None:
        known: dict[str, Any] = {"contacts": 3, "conversations": 0, "tickets": 0, "companies": 0}
        self.simulator = Simulator(**known | ({stream: ROWS} if stream in known else {}))
        self.is_empty = False
        for number in range(ROWS if stream == "tags" else 0):
            self.simulator.call("POST", "/tags", {"name": f"tag {number}"})

    async def __call__(self, request: Request) -> Reply | Any:
        path = request.url.partition("127.0.0.1:1")[2].partition("?")[0]
        if self.is_empty and path in LISTS:
            name = path.split("/")[1]
            key = name.encode() if name in ("conversations", "tickets") else b"data"
            body = b'{"type":"list","%b":[],"total_count":0,"pages":{}}' % key
            return Reply(200, {"Content-Type": "application/json"}, body)
        return await self.simulator.answer(request)


async def run(server: Server, stream: str, folder: Path) -> Report:
    async with Intercom(
        server.simulator.token, base_url="http://127.0.0.1:1", transport=MemoryTransport(server)
    ) as intercom:
        sink = JsonlSink(folder / "target", inline=True)
        return await sync(intercom, [stream], sink=sink, lookback_s=0, reconcile="now")


def live(folder: Path, stream: str) -> list[str]:
    lines = (folder / "target" / f"{stream}.jsonl").read_bytes().splitlines()
    rows = [msgspec.json.decode(line) for line in lines]
    return sorted(row["id"] for row in rows if row["_deleted_at"] is None)


@pytest.mark.parametrize("stream", ["contacts", "conversations", "tickets", "tags"])
def test_a_stream_of_which_all_has_gone_is_known(tmp_path: Path, stream: str) -> None:
    """A read by id proves it of each row; a hole would be named by each run, for good."""

    async def main() -> None:
        server = Server(stream)
        assert (await run(server, stream, tmp_path)).is_complete
        for key in live(tmp_path, stream):
            server.simulator.call("DELETE", f"/{stream}/{key}")
        report = await run(server, stream, tmp_path)

        assert report.is_complete, report.failures
        assert live(tmp_path, stream) == []

    run_virtual(main())


def test_all_contacts_are_known_to_be_archived_once_a_search_finds_another(tmp_path: Path) -> None:
    """An archived contact can be read by its id: until then, the search may be at fault."""

    async def main() -> None:
        server = Server("contacts")
        await run(server, "contacts", tmp_path)
        rows = live(tmp_path, "contacts")
        for key in rows:
            server.simulator.call("POST", f"/contacts/{key}/archive")
        await CLOCK.sleep(60)
        named = await run(server, "contacts", tmp_path)
        assert "the list" in {one.what for one in named.failures}
        assert live(tmp_path, "contacts") == rows
        made = server.simulator.call("POST", "/contacts", {"email": "ada@example.com"})
        await CLOCK.sleep(60)
        healed = await run(server, "contacts", tmp_path)

        assert healed.is_complete, healed.failures
        assert live(tmp_path, "contacts") == [made["id"]]

    run_virtual(main())


@pytest.mark.parametrize("stream", ["contacts", "conversations", "tickets", "tags"])
def test_lists_that_come_empty_cost_few_calls_and_no_row(tmp_path: Path, stream: str) -> None:
    async def main() -> None:
        server = Server(stream)
        await run(server, stream, tmp_path)
        rows = live(tmp_path, stream)
        server.is_empty = True
        await CLOCK.sleep(60)
        failed = await run(server, stream, tmp_path)
        server.is_empty = False
        healed = await run(server, stream, tmp_path)

        assert failed.exit_code == 3
        assert failed.calls < MANY + 40
        assert live(tmp_path, stream) == rows
        assert healed.is_complete, healed.failures

    run_virtual(main())
