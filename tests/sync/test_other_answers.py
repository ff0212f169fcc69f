"""Answers with status 200 that are not what was asked for: none is taken for a row without parts,
or for a search that finds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

ERRORS = [{"code": "server_error", "message": "oops"}]
OTHERS: dict[str, Any] = {
    "nothing": {},
    "null": None,
    "list": [],
    "text": "oops",
    "errors": {"errors": ERRORS},
    "error list": {"type": "error.list", "errors": ERRORS},
    "error": {"type": "error", "request_id": "1", "message": "oops"},
    "another kind": {"type": "list", "pages": {"type": "pages"}},
    "null in it": {"type": "list", "data": None, "conversations": None, "tickets": None},
}
PARENTS = {
    "conversations": ("conversation_parts", "conversation_id"),
    "tickets": ("ticket_parts", "ticket_id"),
}


def other(path: str, body: Any) -> Any:
    """Return what answers each call of a path in another way."""

    def change(request: Request, answer: Answer) -> Answer:
        is_asked = path in request.url and "/search" not in request.url.removesuffix(path)
        if not isinstance(answer, Reply) or not is_asked or "/deleted" in request.url:
            return answer
        return Reply(200, answer.headers, msgspec.json.encode(body))

    return change


def owners(one: World, children: str, name: str) -> set[str]:
    return {row[name] for row in one.rows(children).values()}


@pytest.mark.parametrize("parents", PARENTS)
@pytest.mark.parametrize("name", [*OTHERS, "without its parts", "parts of none", "another row"])
@pytest.mark.parametrize("is_first", [True, False])
async def test_no_row_without_parts(
    parents: str, name: str, *, is_first: bool, tmp_path: Path
) -> None:
    children, of = PARENTS[parents]
    async with world(tmp_path, contacts=4, conversations=4, tickets=4) as one:
        await one.sync(parents, children)
        before = owners(one, children, of)
        if is_first:
            (tmp_path / "target").rename(tmp_path / "other")
        await anyio.sleep(DAY_S)
        some = min(before)
        change = {"open": False} if parents == "tickets" else {"title": "another"}
        await getattr(one.intercom, parents).update(some, **change)
        row: dict[str, Any] = {"id": some, "type": parents[:-1]}
        special: dict[str, Any] = {
            "without its parts": row,
            "parts of none": row | {children: {}},
            "another row": row | {"id": "404", children: {children: [], "total_count": 0}},
        }
        one.change = other(f"/{parents}/{some}", {**OTHERS, **special}[name])

        report = await one.sync(parents, children)
        assert not report.is_complete
        assert [(hole.stream, hole.what) for hole in report.failures] == [(children, some)]
        assert owners(one, children, of) == before - ({some} if is_first else set())

        one.change = None
        await anyio.sleep(DAY_S)
        assert (await one.sync(parents, children)).is_complete
        assert owners(one, children, of) == before


@pytest.mark.parametrize("stream", ["contacts", "conversations", "tickets", "activity_logs"])
@pytest.mark.parametrize("name", OTHERS)
async def test_no_search_without_rows(stream: str, name: str, tmp_path: Path) -> None:
    path = "/admins/activity_logs" if stream == "activity_logs" else f"/{stream}/search"
    async with world(tmp_path, contacts=4, conversations=4, tickets=4) as one:
        one.change = other(path, OTHERS[name])
        report = await one.sync(stream)
        assert not report.is_complete

        one.change = None
        await anyio.sleep(DAY_S)
        assert (await one.sync(stream)).is_complete


@pytest.mark.parametrize("stream", ["companies", "articles"])
@pytest.mark.parametrize("name", OTHERS)
async def test_no_counted_list_without_rows(stream: str, name: str, tmp_path: Path) -> None:
    def change(request: Request, answer: Answer) -> Answer:
        path = request.url.partition("?")[0]
        if not isinstance(answer, Reply) or not path.endswith((f"/{stream}", f"/{stream}/list")):
            return answer
        return Reply(200, answer.headers, msgspec.json.encode(OTHERS[name]))

    async with world(tmp_path, contacts=4, companies=4) as one:
        one.change = change
        report = await one.sync(stream)
        assert not report.is_complete

        one.change = None
        await anyio.sleep(DAY_S)
        assert (await one.sync(stream)).is_complete


@pytest.mark.parametrize("name", ["none", "half", "list", *sorted(OTHERS.keys() - {"list"})])
async def test_no_cut_list_without_what_its_row_shows(name: str, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=4) as one:
        some = next(iter(await one.truth("contacts")))
        for number in range(14):
            tag = await one.intercom.tags.create(name=f"tag {number}")
            await one.intercom.contacts.attach_tag(some, tag.id)
        await anyio.sleep(60)
        tags = [msgspec.json.decode(raw) async for raw in one.intercom.contacts.tags(some).raw()]
        listed = {"type": "list", "data": tags}
        special = {"none": listed | {"data": []}, "half": listed | {"data": tags[:7]}}
        one.change = other(f"/contacts/{some}/tags", {**OTHERS, **special}[name])

        report = await one.sync("contacts")
        assert [(hole.stream, hole.what) for hole in report.failures] == [("contacts", some)]
        assert len(one.rows("contacts")[some]["tags"]["data"]) == 10

        one.change = None
        await anyio.sleep(DAY_S)
        assert (await one.sync("contacts")).is_complete
        assert len(one.rows("contacts")[some]["tags"]["data"]) == len(tags)


@pytest.mark.parametrize("name", OTHERS)
async def test_no_list_of_deletions_without_any(name: str, tmp_path: Path) -> None:
    def change(request: Request, answer: Answer) -> Answer:
        if not isinstance(answer, Reply) or "/contacts/deleted" not in request.url:
            return answer
        return Reply(200, answer.headers, msgspec.json.encode(OTHERS[name]))

    async with world(tmp_path, contacts=6) as one:
        await one.sync("contacts")
        gone = next(iter(one.rows("contacts")))
        await one.intercom.contacts.delete(gone)
        await anyio.sleep(DAY_S)
        one.change = change
        assert (await one.sync("contacts")).is_complete
        assert gone not in one.rows("contacts")
