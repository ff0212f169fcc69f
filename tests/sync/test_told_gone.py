"""What answers with 404 or 410 and is not Intercom lets no row and none of its parts go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_archived_and_retried import tag_often, without_whole_lists
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

IN_ITS_WORDS = b'{"type":"error.list","errors":[{"code":"x","message":"gone"}]}'
NOT_ITS_OWN = {
    "a page": b"<html>gone</html>",
    "nothing": b"",
    "a gateway": b'{"message":"gone"}',
}
PARENTS = {"conversations": "conversation_parts", "tickets": "ticket_parts"}


def saying(path: str, status: int, body: bytes) -> Callable[[Request, Answer], Answer]:
    """Return what answers each read of one row by its id so."""

    def change(request: Request, answer: Answer) -> Answer:
        is_it = request.method == "GET" and request.url.partition("?")[0].endswith(path)
        link = {"Link": '<https://proxy.example/gone>; rel="canonical"'}
        return Reply(status, link, body) if is_it else answer

    return change


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("body", NOT_ITS_OWN)
@pytest.mark.parametrize("parents", PARENTS)
async def test_a_parent_and_its_parts_stay(
    parents: str, body: str, status: int, tmp_path: Path
) -> None:
    children = PARENTS[parents]
    async with world(tmp_path, contacts=4, conversations=4, tickets=4) as one:
        await one.sync(parents, children)
        some = sorted(one.rows(parents))[1]
        parts = set(one.rows(children))
        await anyio.sleep(DAY_S)
        change = {"open": False} if parents == "tickets" else {"title": "another"}
        await getattr(one.intercom, parents).update(some, **change)
        one.change = saying(f"/{parents}/{some}", status, NOT_ITS_OWN[body])
        for _ in range(2):
            report = await one.sync(parents, children, reconcile="now")
            assert [failure.what for failure in report.failures] == [some]
            assert some in one.rows(parents)
            assert set(one.rows(children)) >= parts
            await anyio.sleep(DAY_S)

        one.change = None
        assert (await one.sync(parents, children)).is_complete
        assert some in one.rows(parents)
        assert set(one.rows(children)) >= parts


async def test_a_parent_of_which_the_api_says_it_is_gone_goes(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=4, conversations=4) as one:
        await one.sync("conversations", "conversation_parts")
        some = sorted(one.rows("conversations"))[1]
        await anyio.sleep(DAY_S)
        await one.intercom.conversations.update(some, title="another")
        one.change = saying(f"/conversations/{some}", 410, IN_ITS_WORDS)
        await one.sync("conversations", "conversation_parts")
        assert some not in one.rows("conversations")
        owners = {row["conversation_id"] for row in one.rows("conversation_parts").values()}
        assert some not in owners


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("body", NOT_ITS_OWN)
async def test_a_row_that_is_read_again_stays(body: str, status: int, tmp_path: Path) -> None:
    """A contact whose tags could not be read is a hole, and is read by its id."""
    async with world(tmp_path, contacts=6) as one:
        await one.sync("contacts")
        key = sorted(await one.truth("contacts"))[2]
        await anyio.sleep(DAY_S)
        await tag_often(one, key)
        one.change = without_whole_lists
        assert [failure.what for failure in (await one.sync("contacts")).failures] == [key]
        one.change = saying(f"/contacts/{key}", status, NOT_ITS_OWN[body])
        for _ in range(2):
            await anyio.sleep(DAY_S)
            report = await one.sync("contacts")
            assert key in {failure.what for failure in report.failures}
            assert key in one.rows("contacts")

        one.change = None
        await anyio.sleep(DAY_S)
        assert (await one.sync("contacts", reconcile="now")).is_complete
        assert key in one.rows("contacts")


async def test_a_merge_is_followed_as_far_as_the_api_says_it(tmp_path: Path) -> None:
    """The row that a contact was merged into is one that the API names, and no proxy."""
    async with world(tmp_path, contacts=6) as one:
        await one.sync("contacts")
        first, second = sorted(await one.truth("contacts"))[:2]
        await anyio.sleep(DAY_S)
        one.simulator.call("DELETE", f"/contacts/{first}")
        of_proxy = saying(f"/contacts/{second}", 410, NOT_ITS_OWN["a page"])

        def change(request: Request, answer: Answer) -> Answer:
            if request.method == "GET" and request.url.endswith(f"/contacts/{first}"):
                link = {"Link": f'</contacts/{second}>; rel="canonical"'}
                return Reply(410, link, IN_ITS_WORDS)
            return of_proxy(request, answer)

        one.change = change
        await anyio.sleep(DAY_S)
        await one.sync("contacts", reconcile="now")
        assert first not in one.rows("contacts")
        assert one.rows("tombstones", live=False)[f"contacts:{first}"]["into"] == second
