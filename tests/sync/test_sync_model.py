"""What a complete sync promises, each clause with what would break it; in virtual time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async import ConnectError, Intercom
from intercom_async.clock import LoopClock
from intercom_async.errors import TransportError
from intercom_async.simulator import Quirks, Simulator
from intercom_async.sync import JsonlSink, Report, SyncError, TargetError, plan, sync
from intercom_async.transport import MemoryTransport, Reply, Request
from tests.support.virtual_time import anyio_backend

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio
DAY_S = 86_400

Answer = Reply | TransportError


class World:
    """A workspace, a client of it, and a target in a folder."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self.simulator = simulator
        self.folder = folder
        self.change: Callable[[Request, Answer], Answer] | None = None
        """Changes answers on their way."""
        self.intercom = Intercom(
            simulator.token,
            base_url="https://api.intercom.io",
            transport=MemoryTransport(self._answer),
        )

    async def _answer(self, request: Request) -> Answer:
        answer = await self.simulator.answer(request)
        return answer if self.change is None else self.change(request, answer)

    async def sync(self, *streams: str, **options: Any) -> Report:
        sink = JsonlSink(self.folder / "target", inline=True)
        return await sync(self.intercom, streams or None, sink=sink, **options)

    def rows(self, stream: str, *, live: bool = True) -> dict[str, Any]:
        lines = (self.folder / "target" / f"{stream}.jsonl").read_bytes().splitlines()
        rows = [msgspec.json.decode(line) for line in lines]
        kept = [row for row in rows if not live or row["_deleted_at"] is None]
        assert len({(row.get("conversation_id"), row["id"]) for row in kept}) == len(kept)
        return {row["id"]: row for row in kept}

    async def truth(self, stream: str) -> dict[str, Any]:
        change, self.change = self.change, None
        pager = getattr(self.intercom, stream).list(per_page=60)
        rows = [msgspec.json.decode(raw) async for raw in pager.raw()]
        self.change = change
        return {row["id"]: row for row in rows}

    async def is_whole(self, *streams: str) -> bool:
        for stream in streams:
            found = self.rows(stream)
            for row in found.values():
                del row["_synced_at"], row["_deleted_at"]
            if found != await self.truth(stream):
                return False
        return True


@asynccontextmanager
async def world(folder: Path, **settings: Any) -> AsyncGenerator[World]:
    sizes = {"contacts": 0, "conversations": 0, "companies": 0, "tickets": 0}
    limits = {"app_per_minute": 10**6, "workspace_per_minute": 10**6}
    options: dict[str, Any] = {**sizes, **limits, **settings}
    simulator = Simulator(**options)
    made = World(simulator, folder)
    async with made.intercom:
        yield made


async def test_a_server_day_that_is_not_the_workspaces(tmp_path: Path) -> None:
    quirks = Quirks(day_zone="Asia/Tokyo")
    async with world(tmp_path, contacts=3_000, timezone="America/New_York", quirks=quirks) as one:
        report = await one.sync("contacts")

        assert report.is_complete
        assert await one.is_whole("contacts")


async def test_a_row_that_is_found_late(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=30, quirks=Quirks(search_lag_s=1_500.0)) as one:
        some = next(iter(await one.truth("contacts")))
        await one.intercom.contacts.update(some, name="changed before")
        await one.intercom.contacts.create(email="late@example.com")
        await anyio.sleep(1)
        await one.sync("contacts")
        await anyio.sleep(1_800)
        report = await one.sync("contacts")

        assert report.is_complete
        assert await one.is_whole("contacts")
        assert report.streams[0].lag_s > 0


async def test_a_run_that_is_resumed_a_day_later_is_of_that_day(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3_000, conversations=60, latency_s=0.2) as one:
        stop = anyio.Event()

        def stop_soon(_: Request, answer: Answer) -> Answer:
            if one.simulator.requests > 25:
                stop.set()
            return answer

        one.change = stop_soon
        first = await one.sync("contacts", "conversations", stop=stop)
        one.change = None
        assert first.was_stopped
        assert first.exit_code == 130
        before = one.simulator.requests
        known = list(await one.truth("contacts"))
        for key in known[::100]:
            await one.intercom.contacts.update(key, name=f"changed {key}")
        await one.intercom.contacts.delete(known[7])
        await anyio.sleep(DAY_S)
        second = await one.sync("contacts", "conversations")

        assert second.is_complete
        assert any(stream.was_resumed for stream in second.streams)
        assert await one.is_whole("contacts", "conversations")
        assert before < one.simulator.requests


@pytest.mark.parametrize("others", [("tags",), ("conversations",)])
async def test_a_stopped_run_is_gone_on_with_after_one_of_other_streams(
    others: tuple[str, ...], tmp_path: Path
) -> None:
    names = ("contacts", "conversations", "conversation_parts")
    async with world(tmp_path, contacts=3_000, conversations=60, latency_s=0.2) as one:
        stop = anyio.Event()

        def stop_soon(_: Request, answer: Answer) -> Answer:
            if one.simulator.requests > 60:
                stop.set()
            return answer

        one.change = stop_soon
        assert (await one.sync(*names, stop=stop)).was_stopped
        one.change = None
        await anyio.sleep(2 * 3_600)
        assert (await one.sync(*others)).is_complete
        report = await one.sync(*names, reconcile="never")

        assert report.is_complete
        assert await one.is_whole("contacts", "conversations")
        parents = {part["conversation_id"] for part in one.rows("conversation_parts").values()}
        assert parents == set(await one.truth("conversations"))


async def test_children_are_not_read_again_after_a_run_of_other_streams(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3, conversations=60) as one:
        names = ("conversations", "conversation_parts")
        await one.sync(*names)
        stop = anyio.Event()
        stop.set()
        assert (await one.sync("tags", stop=stop)).was_stopped
        await one.sync("tags")
        report = await one.sync(*names)

        assert report.is_complete
        assert report.calls <= 10


async def test_full_keeps_what_has_not_changed(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=300, conversations=15) as one:
        await one.sync("contacts", "conversations")
        before = (tmp_path / "target" / "conversations.jsonl").read_bytes()
        report = await one.sync("contacts", "conversations", full=True)

        assert report.is_complete
        assert report.rows == 0
        assert {stream.kind for stream in report.streams} == {"full"}
        assert (tmp_path / "target" / "conversations.jsonl").read_bytes() == before
        assert await one.is_whole("contacts", "conversations")


async def test_a_nightly_run(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=5_000, conversations=300, tickets=20) as one:
        names = ("contacts", "conversations", "conversation_parts", "tickets")
        await one.sync(*names)
        for _ in range(3):
            await anyio.sleep(DAY_S)
            report = await one.sync(*names)
            assert report.is_complete
            assert report.rows == 0
            assert report.calls <= 20


async def test_what_is_gone_is_known(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=40, conversations=10, companies=5, tickets=5) as one:
        names = ("contacts", "conversations", "conversation_parts", "tickets", "tags")
        await one.sync(*names)
        contacts = list(await one.truth("contacts"))
        conversation = next(iter(await one.truth("conversations")))
        await one.intercom.contacts.delete(contacts[0])
        await one.intercom.contacts.archive(contacts[1])
        await one.intercom.conversations.delete(conversation)
        tag = next(iter(await one.intercom.tags.list().collect()))
        await one.intercom.tags.delete(tag.id)
        await anyio.sleep(DAY_S)
        report = await one.sync(*names)

        assert report.is_complete
        assert await one.is_whole("contacts", "conversations")
        assert tag.id not in one.rows("tags")
        parts = one.rows("conversation_parts")
        assert conversation not in {part["conversation_id"] for part in parts.values()}
        stones = one.rows("tombstones")
        assert {stone["record_id"] for stone in stones.values()} == {
            contacts[0], contacts[1], conversation, tag.id,
        }  # fmt: skip
        gone = one.rows("contacts", live=False)[contacts[1]]
        assert gone["_deleted_at"] is not None
        assert gone["id"] == contacts[1]

        await one.intercom.contacts.unarchive(contacts[1])
        await anyio.sleep(DAY_S)
        report = await one.sync(*names, reconcile="now")
        assert report.is_complete
        assert await one.is_whole("contacts")


async def test_rows_that_are_gone_can_go_or_lose_their_content(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=10) as one:
        await one.sync("contacts")
        key = next(iter(await one.truth("contacts")))
        await one.intercom.contacts.delete(key)
        await anyio.sleep(DAY_S)
        await one.sync("contacts")
        assert one.rows("contacts", live=False)[key]["email"]
        await one.sync("contacts", erase_deleted=True)
        gone = one.rows("contacts", live=False)[key]
        assert gone.keys() == {"id", "_synced_at", "_deleted_at"}
        await one.sync("contacts", hard_delete=True)
        assert key not in one.rows("contacts", live=False)
        assert len(one.rows("contacts")) == 9


@pytest.mark.parametrize("stream", ["contacts", "conversations", "tickets"])
async def test_one_poison_row_costs_one_row(stream: str, tmp_path: Path) -> None:
    sizes = {"contacts": 10} | {stream: 600}
    async with world(tmp_path, **sizes) as one:
        if stream == "tickets":
            rows = await one.intercom.tickets.search(
                {"field": "created_at", "operator": ">", "value": 0}, per_page=150
            ).collect()
            keys = [row.id for row in rows]
        else:
            keys = list(await one.truth(stream))
        poison = keys[331]
        one.simulator.quirks = Quirks(poison={poison: "error"})
        report = await one.sync(stream)

        assert not report.is_complete
        assert report.exit_code == 3
        assert set(keys) - one.rows(stream).keys() == {poison}
        assert {failure.stream for failure in report.failures} == {stream}
        again = await one.sync(stream)
        assert not again.is_complete

        one.simulator.quirks = Quirks()
        healed = await one.sync(stream)
        assert healed.is_complete
        assert one.rows(stream).keys() == set(keys)


async def test_a_night_with_a_poison_row_costs_little(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=10, conversations=600) as one:
        keys = list(await one.truth("conversations"))
        one.simulator.quirks = Quirks(poison={keys[331]: "error"})
        await one.sync("conversations")
        for _ in range(3):
            await anyio.sleep(DAY_S)
            report = await one.sync("conversations")
            assert not report.is_complete
            assert report.calls <= 12


async def test_one_poison_row_of_a_busy_day_costs_few_rows(tmp_path: Path) -> None:
    """Contacts are searched by days, and few pages end beside a row whose number is a prime."""
    async with world(tmp_path) as one:
        for number in range(500):
            one.simulator.call("POST", "/contacts", {"email": f"{number}@example.com"})
        keys = list(await one.truth("contacts"))
        one.simulator.quirks = Quirks(poison={keys[257]: "error"})
        report = await one.sync("contacts")

        assert not report.is_complete
        missing = set(keys) - one.rows("contacts").keys()
        assert keys[257] in missing
        assert len(missing) <= 2


@pytest.mark.parametrize("down_s", [0.2, 30.0, 300.0])
async def test_an_outage_is_waited_out(down_s: float, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=2_000, conversations=40, latency_s=0.05) as one:
        clock = LoopClock()
        begun: list[float] = []

        def down(request: Request, answer: Answer) -> Answer:
            if not begun and one.simulator.requests > 20:
                begun.append(clock.now())
            if begun and clock.now() < begun[0] + down_s:
                return ConnectError("the test's server is down", call=request.name)
            return answer

        one.change = down
        names = ("contacts", "conversations", "conversation_parts")
        report = await one.sync(*names)

        assert report.is_complete
        assert await one.is_whole("contacts", "conversations")


async def test_an_outage_without_end_ends_the_run(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=2_000, latency_s=0.05) as one:
        one.change = lambda request, answer: (
            answer
            if one.simulator.requests < 12
            else ConnectError("the test's server is down", call=request.name)
        )
        report = await one.sync("contacts", patience_s=120)

        assert not report.is_complete
        assert report.exit_code == 3
        assert report.outages
        one.change = None
        assert (await one.sync("contacts")).is_complete
        assert await one.is_whole("contacts")


async def test_a_machine_clock_that_is_ahead_skips_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, contacts=50) as one:
        ahead = one.simulator.clock.now() + 7_200

        def unix(_: LoopClock) -> float:
            return ahead

        monkeypatch.setattr(LoopClock, "unix", unix)
        await one.sync("contacts", lookback_s=0)
        key = next(iter(await one.truth("contacts")))
        await anyio.sleep(60)
        await one.intercom.contacts.update(key, name="changed")
        report = await one.sync("contacts", lookback_s=0)

        assert report.is_complete
        assert await one.is_whole("contacts")


async def test_since_moves_the_watermark_back_only(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=50) as one:
        now = int(one.simulator.clock.now())
        for wrong in (now + DAY_S, now * 1_000):
            with pytest.raises(SyncError, match="since"):
                await one.sync("contacts", since=wrong)
        first = await one.sync("contacts", since=now - 60)
        assert not first.is_complete
        assert "left them out" in first.failures[0].reason
        await anyio.sleep(60)
        key = next(iter(await one.truth("contacts")))
        await one.intercom.contacts.update(key, name="changed")
        await anyio.sleep(2 * 3_600)
        await one.sync("contacts")
        assert await one.is_whole("contacts")
        report = await one.sync("contacts", since=int(one.simulator.clock.now()) - 1)
        assert report.is_complete
        assert await one.is_whole("contacts")


def without_rows(request: Request, answer: Answer) -> Answer:
    """Empty every list."""
    if not isinstance(answer, Reply) or answer.status != 200 or "/me" in request.url:
        return answer
    body = msgspec.json.decode(answer.body)
    for name in ("data", "conversations", "tags", "admins"):
        if isinstance(body.get(name), list):
            body[name] = []
            body["total_count"] = 0
            body["pages"] = None
    return Reply(answer.status, answer.headers, msgspec.json.encode(body))


async def test_empty_answers_wipe_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=300, conversations=10, companies=30) as one:
        names = ("contacts", "companies", "conversations", "tags", "data_attributes")
        await one.sync(*names)
        counts = {name: len(one.rows(name)) for name in names}
        assert all(counts.values())
        await anyio.sleep(DAY_S)
        one.change = without_rows
        report = await one.sync(*names, reconcile="now")

        assert {name: len(one.rows(name)) for name in names} == counts
        assert not report.is_complete
        one.change = None
        report = await one.sync(*names)
        assert report.failures == ()


async def test_an_order_that_moves_loses_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=900, companies=200, quirks=Quirks(moving_orders=2)) as one:
        report = await one.sync("companies")
        one.simulator.quirks = Quirks()

        assert len(one.rows("companies")) == len(await one.truth("companies")) > 100
        assert report.is_complete


async def test_a_row_that_cannot_be_read_is_not_forgotten(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=400) as one:
        keys = list(await one.truth("contacts"))
        bad = f'"id":"{keys[100]}"'.encode()

        def damage(request: Request, answer: Answer) -> Answer:
            if not isinstance(answer, Reply) or "search" not in request.url:
                return answer
            body = answer.body.replace(bad, b'"id":null')
            return Reply(answer.status, answer.headers, body)

        one.change = damage
        for _ in range(2):
            report = await one.sync("contacts")
            assert not report.is_complete
            assert set(keys) - one.rows("contacts").keys() == {keys[100]}
        one.change = None
        assert (await one.sync("contacts")).is_complete
        assert await one.is_whole("contacts")


async def test_children_stand_once_whatever_fails(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=10, conversations=40) as one:
        keys = list(await one.truth("conversations"))
        one.simulator.faults.add(path=f"/conversations/{keys[3]}", status=500)
        names = ("conversations", "conversation_parts")
        first = await one.sync(*names)
        one.simulator.faults.clear()
        assert [failure.what for failure in first.failures] == [keys[3]]
        second = await one.sync(*names)

        assert second.is_complete
        for key in keys:
            whole = await one.intercom.conversations.get(key)
            assert whole.conversation_parts is not None
            wanted = {part.id for part in whole.conversation_parts.conversation_parts}
            parts = one.rows("conversation_parts").values()
            assert {part["id"] for part in parts if part["conversation_id"] == key} == wanted


async def test_recent_parents_are_reread(tmp_path: Path) -> None:
    """A part that came without moving its conversation arrives within a week."""
    async with world(tmp_path, contacts=3, conversations=3) as one:
        key = next(iter(await one.truth("conversations")))
        one.simulator.call("PUT", f"/conversations/{key}", {"title": "recent"})
        await anyio.sleep(60)
        whole = await one.intercom.conversations.get(key)
        assert whole.conversation_parts is not None
        last = whole.conversation_parts.conversation_parts[-1].id

        def without_last(request: Request, answer: Answer) -> Answer:
            if not isinstance(answer, Reply) or not request.url.endswith(f"/conversations/{key}"):
                return answer
            body = msgspec.json.decode(answer.body)
            parts = body["conversation_parts"]
            parts["conversation_parts"].pop()
            parts["total_count"] -= 1
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = without_last
        names = ("conversations", "conversation_parts")
        assert (await one.sync(*names)).is_complete
        one.change = None
        for _ in range(6):
            await anyio.sleep(DAY_S)
            await one.sync(*names)
        assert last not in one.rows("conversation_parts")
        await anyio.sleep(DAY_S + 3_600)
        report = await one.sync(*names)

        assert report.is_complete
        assert last in one.rows("conversation_parts")


async def test_the_plan_shows_what_a_week_costs(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3, conversations=40) as one:
        now = one.simulator.clock.now()
        rows = (await one.truth("conversations")).values()
        recent = [row for row in rows if row["updated_at"] >= now - 30 * DAY_S]
        found = await plan(one.intercom, ["conversations", "conversation_parts"])

        assert 0 < len(recent) < 40
        assert found.reread_calls == len(recent)
        assert [stream.reread_calls for stream in found.streams] == [None, len(recent)]


async def test_lists_inside_rows_are_whole(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3) as one:
        key = next(iter(await one.truth("contacts")))
        tags = [await one.intercom.tags.create(name=f"tag {number}") for number in range(25)]
        for tag in tags:
            await one.intercom.contacts.attach_tag(key, tag.id)
        await anyio.sleep(60)
        report = await one.sync("contacts")

        assert report.is_complete
        found = one.rows("contacts")[key]["tags"]
        assert {tag.id for tag in tags} <= {entry["id"] for entry in found["data"]}
        assert found["has_more"] is False
        assert len(found["data"]) == found["total_count"]
        before = one.simulator.requests
        await one.sync("contacts")
        assert one.simulator.requests - before <= 4


@pytest.mark.parametrize("damage", ["missing", "cut", "padded", "flipped"])
async def test_damage_is_noticed_and_repaired(damage: str, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=300, companies=20) as one:
        await one.sync("contacts", "companies")
        path = tmp_path / "target" / "contacts.jsonl"
        body = path.read_bytes()
        if damage == "missing":
            path.unlink()
        else:
            changed = {
                "cut": body[: len(body) // 2],
                "padded": body + bytes(512),
                "flipped": body[:5_000].swapcase() + body[5_000:],
            }[damage]
            path.write_bytes(changed)
        with pytest.raises(TargetError, match="repair"):
            await one.sync("contacts", "companies", verify=True)
        report = await one.sync("contacts", "companies", repair=True)

        assert report.is_complete
        assert await one.is_whole("contacts", "companies")


@pytest.mark.parametrize("comes_back", [False, True])
async def test_a_repair_that_is_stopped_doubles_no_row(
    comes_back: bool,  # noqa: FBT001 (whether the file does)
    tmp_path: Path,
) -> None:
    async with world(tmp_path, contacts=3_000, latency_s=0.2) as one:
        await one.sync("contacts")
        path, aside = tmp_path / "target" / "contacts.jsonl", tmp_path / "aside"
        path.rename(aside)
        stop, begun = anyio.Event(), one.simulator.requests

        def stop_soon(_: Request, answer: Answer) -> Answer:
            if one.simulator.requests > begun + 12:
                stop.set()
            return answer

        one.change = stop_soon
        assert (await one.sync("contacts", repair=True, stop=stop)).was_stopped
        one.change = None
        if comes_back:
            aside.rename(path)
        report = await one.sync("contacts", repair=not comes_back)

        assert report.is_complete
        assert await one.is_whole("contacts")
        assert len(path.read_bytes().splitlines()) == 3_000


@pytest.mark.parametrize("within_s", [1_800, 3_600, 7_200])
@pytest.mark.parametrize("reconcile", ["auto", "now"])
async def test_a_look_counts_from_when_it_was_made(
    within_s: int, reconcile: str, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=60, tickets=5) as one:
        await one.sync("contacts", "tickets")
        report = await one.sync(
            "contacts", "tickets", reconcile=reconcile, reconcile_within_s=within_s
        )

        assert report.is_complete, report.failures


@pytest.mark.parametrize(
    "streams", [("conversation_parts",), ("conversations", "conversation_parts")]
)
async def test_damaged_children_are_read_again(streams: tuple[str, ...], tmp_path: Path) -> None:
    async with world(tmp_path, contacts=10, conversations=10) as one:
        await one.sync(*streams)
        before = one.rows("conversation_parts")
        (tmp_path / "target" / "conversation_parts.jsonl").unlink()
        report = await one.sync(*streams, repair=True)

        assert report.is_complete
        assert one.rows("conversation_parts").keys() == before.keys()


async def test_another_version_reads_again_beside_the_rows(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=60) as one:
        await one.sync("contacts")
        newer = one.intercom.with_options(version="2.16")
        sink = JsonlSink(tmp_path / "target", inline=True)
        report = await sync(newer, ["contacts"], sink=sink)

        assert report.is_complete
        assert "read again" in report.notes[0]
        assert len(one.rows("contacts")) == 60


async def test_streams_are_dropped(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=6, companies=6) as one:
        await one.sync("contacts", "companies")
        report = await one.sync("contacts", drop_streams=["companies"])

        assert report.is_complete
        assert not (tmp_path / "target" / "companies.jsonl").exists()
        assert one.rows("contacts")


async def test_a_quiet_run_changes_no_byte_of_the_rows(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=60, conversations=10, companies=10) as one:
        names = ("contacts", "companies", "conversations", "conversation_parts")
        await one.sync(*names)
        before = {name: (tmp_path / "target" / f"{name}.jsonl").read_bytes() for name in names}
        await one.sync(*names)
        assert before == {
            name: (tmp_path / "target" / f"{name}.jsonl").read_bytes() for name in names
        }
