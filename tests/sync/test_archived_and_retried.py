"""A contact that was archived after a run could not read it whole: it can be read by its id still.

Each run reads such a row again by its id. That shows what it has, and not that searches find it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

DAY_S = 86_400


def without_whole_lists(request: Request, answer: Answer) -> Answer:
    """Have no list of the tags of a contact."""
    is_list = "/contacts/" in request.url and request.url.endswith("/tags")
    body = b'{"type":"error.list","errors":[{"code":"not_found"}]}'
    return Reply(404, {}, body) if is_list else answer


async def tag_often(one: World, key: str) -> None:
    """Give a contact more tags than it shows itself."""
    for number in range(12):
        tag = await one.intercom.tags.create(name=f"tag {number}")
        await one.intercom.contacts.attach_tag(key, tag.id)
    await one.intercom.contacts.update(key, name="with tags")


async def archived_once_its_tags_could_not_be_read(one: World) -> str:
    """Return the id of a contact that is a hole of the target, and has been archived since."""
    key = next(iter(await one.truth("contacts")))
    await one.sync("contacts")
    await anyio.sleep(DAY_S)
    await tag_often(one, key)
    one.change = without_whole_lists
    (hole,) = (await one.sync("contacts", patience_s=1)).failures
    assert hole.what == key
    await one.intercom.contacts.archive(key)
    await anyio.sleep(DAY_S)
    return key


@pytest.mark.parametrize("reconcile", ["auto", "now"])
async def test_it_is_known_to_be_archived_at_once(tmp_path: Path, reconcile: str) -> None:
    async with world(tmp_path, contacts=5) as one:
        key = await archived_once_its_tags_could_not_be_read(one)
        one.change = None
        found = await one.sync("contacts", reconcile=reconcile)

        assert found.is_complete, found.failures
        assert key not in one.rows("contacts")


async def test_a_list_that_an_archived_contact_has_no_more_keeps_no_hole(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=5) as one:
        key = await archived_once_its_tags_could_not_be_read(one)
        found = await one.sync("contacts", reconcile="now")

        assert found.is_complete, found.failures
        assert key not in one.rows("contacts")


async def test_a_sweep_that_is_gone_on_with_has_not_met_it_either(tmp_path: Path) -> None:
    stop = anyio.Event()

    def stopped_once_it_is_read_by_its_id(request: Request, answer: Answer) -> Answer:
        if request.url.endswith(key):
            stop.set()
        return answer

    async with world(tmp_path, contacts=5) as one:
        key = await archived_once_its_tags_could_not_be_read(one)
        one.change = stopped_once_it_is_read_by_its_id
        stopped = await one.sync("contacts", reconcile="now", stop=stop)
        one.change = None
        found = await one.sync("contacts", reconcile="now")

        assert stopped.was_stopped
        assert found.is_complete, found.failures
        assert key not in one.rows("contacts")


@pytest.mark.parametrize("options", [{}, {"reconcile": "now"}], ids=str)
async def test_one_that_is_archived_while_a_sweep_reads(
    options: dict[str, Any], tmp_path: Path
) -> None:
    """The list of deleted rows, which was read before, is read once more."""
    async with world(tmp_path, contacts=700, latency_s=0.5) as one:
        await one.sync("contacts")
        await anyio.sleep(8 * DAY_S)
        table, archived = one.simulator.workspace.contacts, list[str]()

        def change(request: Request, answer: Answer) -> Answer:
            body: dict[str, Any] = msgspec.json.decode(request.body or b"{}")
            by = body.get("sort", {}).get("field")
            if by == "created_at" and body["pagination"]["per_page"] > 1 and not archived:
                key = min(before, key=lambda key: table.change(key)["created_at"])
                at = table.change(key)["updated_at"]
                one.simulator.call("POST", f"/contacts/{key}/archive")
                table.change(key)["updated_at"] = at
                archived.append(key)
            return answer

        before = [*await one.truth("contacts")]
        one.change = change
        report = await one.sync("contacts", **options)
        assert archived
        assert report.is_complete, report.failures
        assert archived[0] not in one.rows("contacts")
