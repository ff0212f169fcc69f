"""Children go with their parent, also where a run that left them out found the parent gone."""

from __future__ import annotations

from pathlib import Path

import anyio
import msgspec
import pytest

from intercom_async.sync import sync
from intercom_async.transport import Reply, Request
from tests.support.thoroughness import some_of
from tests.support.virtual_time import anyio_backend
from .conftest import make_sink, once, read_target
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

BOTH = ("conversations", "conversation_parts")


@pytest.mark.parametrize(
    ("form", "hard_delete"),
    [("jsonl", False), ("jsonl", True), ("duckdb", True), ("parquet", False)],
)
async def test_children_that_were_left_out_go_with_the_next_run_that_reads_them(
    form: str, *, hard_delete: bool, tmp_path: Path
) -> None:
    def parents() -> set[str]:
        parts = once(read_target(form, tmp_path, "conversation_parts"))
        return {part["conversation_id"] for part in parts.values()}

    async with world(tmp_path, contacts=6, conversations=6) as one:

        async def run(*names: str) -> None:
            sink = make_sink(form, tmp_path)
            sink.inline = True
            report = await sync(
                one.intercom, names, sink=sink, reconcile="now", hard_delete=hard_delete
            )
            assert report.is_complete

        await run(*BOTH)
        before = parents()
        gone = sorted(before)[:2]
        for key in gone:
            await one.intercom.conversations.delete(key)
        await run("conversations")
        assert parents() == before
        for _ in range(2):
            await run(*BOTH)
            assert parents() == before - set(gone)


FORGOTTEN: tuple[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (("conversation_parts",), (), ()),
    (("conversation_parts",), ("conversations",), ()),
    (("ticket_parts",), ("tickets",), ()),
    (BOTH, (), ("conversations",)),
    (BOTH, ("conversations",), ("conversations",)),
)
EVERYWHERE = [(form, *each) for form in ("jsonl", "duckdb", "parquet") for each in FORGOTTEN]
ONCE_EACH = [each for each in EVERYWHERE if each[0] == "jsonl" or each[1:] == FORGOTTEN[-1]]
"""All ways to forget with one format, and one with each."""


@pytest.mark.parametrize(("form", "first", "then", "dropped"), some_of(EVERYWHERE, ONCE_EACH))
async def test_children_whose_parents_are_forgotten_go_with_them(
    form: str,
    first: tuple[str, ...],
    then: tuple[str, ...],
    dropped: tuple[str, ...],
    tmp_path: Path,
) -> None:
    """What the target has of a parent that has gone may be its children alone."""
    kind = first[0].partition("_")[0].rstrip("s") + "s"
    both = (kind, f"{kind[:-1]}_parts")

    async with world(tmp_path, contacts=6, conversations=6, tickets=4) as one:

        async def run(*names: str, drop_streams: tuple[str, ...] = ()) -> int:
            sink = make_sink(form, tmp_path)
            sink.inline = True
            report = await sync(one.intercom, names, sink=sink, drop_streams=drop_streams)
            assert report.is_complete
            return report.calls

        def parents() -> set[str]:
            parts = once(read_target(form, tmp_path, both[1]))
            return {part[f"{kind[:-1]}_id"] for part in parts.values()}

        await run(*first)
        before = parents()
        gone = min(before)
        if dropped:
            await run("tags", drop_streams=dropped)
        await getattr(one.intercom, kind).delete(gone)
        await anyio.sleep(DAY_S)
        if then:
            await run(*then)
        calls = await run(*both)
        assert parents() == before - {gone}
        assert calls < 20


async def test_a_parent_that_comes_back_brings_its_children(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=6, conversations=8) as one:
        await one.sync(*BOTH)
        before = one.rows("conversation_parts").keys()
        away = next(iter(await one.truth("conversations")))

        def hide(request: Request, answer: Answer) -> Answer:
            if request.url.endswith(f"/conversations/{away}"):
                body = b'{"type":"error.list","errors":[{"code":"not_found","message":"no"}]}'
                return Reply(404, {"Content-Type": "application/json"}, body)
            if not isinstance(answer, Reply) or "/conversations/search" not in request.url:
                return answer
            body = msgspec.json.decode(answer.body)
            kept = [row for row in body["conversations"] if row["id"] != away]
            body["total_count"] -= len(body["conversations"]) - len(kept)
            body["conversations"] = kept
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = hide
        await anyio.sleep(DAY_S)
        await one.sync("conversations", reconcile="now")
        assert away not in one.rows("conversations")
        one.change = None
        await anyio.sleep(DAY_S)
        report = await one.sync(*BOTH, reconcile="now")
        assert report.is_complete
        assert away in one.rows("conversations")
        assert one.rows("conversation_parts").keys() == before
