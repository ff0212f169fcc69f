"""A list inside a row that comes with fewer entries than it counts is named until they come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.sync.checkpoint import MANY_MISCOUNTED
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

SHOWN, ALL = 10, 14


def cut(request: Request, answer: Answer) -> Answer:
    """Return the whole list of a contact's tags cut as the contact has it."""
    if not isinstance(answer, Reply) or not request.url.partition("?")[0].endswith("/tags"):
        return answer
    body = msgspec.json.decode(answer.body)
    body["data"] = body["data"][:SHOWN]
    return Reply(200, answer.headers, msgspec.json.encode(body))


async def tagged(one: World) -> set[str]:
    """Return the contacts, each with tags that it does not show."""
    keys = set(await one.truth("contacts"))
    for number in range(ALL):
        tag = await one.intercom.tags.create(name=f"tag {number}")
        for key in keys:
            await one.intercom.contacts.attach_tag(key, tag.id)
    await anyio.sleep(DAY_S)
    return keys


def lists(one: World) -> set[tuple[int, int, bool]]:
    """Return entries, count and whether there are more, of all contacts' lists."""
    found: list[dict[str, Any]] = [row["tags"] for row in one.rows("contacts").values()]
    return {(len(each["data"]), each["total_count"] - ALL, each["has_more"]) for each in found}


def is_named(notes: tuple[str, ...]) -> bool:
    return any("fewer entries than they count" in note for note in notes)


@pytest.mark.parametrize("number", [3, MANY_MISCOUNTED + 5])
async def test_it_is_a_hole_until_another_run_agrees(number: int, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=number) as one:
        keys = await tagged(one)
        more = {row["tags"]["total_count"] for row in (await one.truth("contacts")).values()}
        one.change = cut
        report = await one.sync("contacts")
        named = {failure.what for failure in report.failures}
        assert len(named) == min(number, MANY_MISCOUNTED)
        assert named <= keys
        assert {total for _, total, _ in lists(one)} == {total - ALL for total in more}
        assert {(shown, has_more) for shown, _, has_more in lists(one)} == {(SHOWN, True)}
        if number < MANY_MISCOUNTED:
            await anyio.sleep(60)
            assert {each.what for each in (await one.sync("contacts")).failures} == keys

        for _ in range(3):
            await anyio.sleep(DAY_S)
            report = await one.sync("contacts", reconcile="now")
            assert report.is_complete
            assert is_named(report.notes)
            for key in keys:
                await one.intercom.contacts.update(key, name="changed")

        one.change = None
        await anyio.sleep(DAY_S)
        report = await one.sync("contacts", reconcile="now")
        assert report.is_complete
        assert not is_named(report.notes)
        assert all(shown >= ALL and not has_more for shown, _, has_more in lists(one))


@pytest.mark.parametrize("minutes", [10, 30])
async def test_runs_that_follow_each_other_settle_it_after_an_hour(
    minutes: int, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=2) as one:
        await tagged(one)
        one.change = cut
        codes: list[int] = []
        for _ in range(120 // minutes):
            codes.append((await one.sync("contacts")).exit_code)
            await anyio.sleep(60 * minutes)

        assert codes == sorted(codes, reverse=True)
        assert codes[-1] == 0
        assert codes.count(3) == -(-60 // minutes)


async def test_an_accident_of_one_answer_is_healed_by_the_next_run(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=2) as one:
        keys = await tagged(one)
        one.change = cut
        assert {each.what for each in (await one.sync("contacts")).failures} == keys
        one.change = None
        report = await one.sync("contacts", reconcile="never")
        assert report.is_complete
        assert not is_named(report.notes)
        assert all(shown >= ALL and not has_more for shown, _, has_more in lists(one))
