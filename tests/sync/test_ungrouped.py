"""What went wrong in tasks side by side is raised as it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import anyio
import pytest
from anyio.abc import TaskGroup

from intercom_async.errors import ClosedError
from intercom_async.sync import Listing, Stream, plan
from intercom_async.sync.outage import reading_group
from intercom_async.sync.ungrouped import ungrouped
from tests.support.virtual_time import anyio_backend
from .test_sync_model import world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def nested() -> AsyncGenerator[TaskGroup, None]:
    with ungrouped():
        async with anyio.create_task_group(), anyio.create_task_group() as group:
            yield group


@pytest.mark.parametrize("grouping", [nested, reading_group])
@pytest.mark.parametrize(
    ("errors", "first"),
    [
        ([ValueError("a hook's own")], 0),
        ([ClosedError("closed")], 0),
        ([ValueError("a hook's own"), ClosedError("closed")], 1),
        ([ValueError("first"), KeyError("second")], 0),
    ],
)
async def test_one_error_is_raised_alone(
    errors: list[Exception],
    first: int,
    grouping: Callable[[], AbstractAsyncContextManager[TaskGroup]],
) -> None:
    async def fail(error: Exception) -> None:
        raise error

    async def work() -> None:
        async with grouping() as group:
            for error in errors:
                group.start_soon(fail, error)

    with pytest.raises(type(errors[first])) as raised:
        await work()
    assert raised.value is errors[first]
    assert isinstance(raised.value.__cause__, ExceptionGroup)


async def test_an_error_in_no_group_is_raised_as_it_is() -> None:
    with pytest.raises(ValueError, match="alone") as raised, ungrouped():
        raise ValueError("alone")
    assert raised.value.__cause__ is None


async def test_a_plan_raises_what_a_stream_of_the_users_raises(tmp_path: Path) -> None:
    def fail(_: object) -> NoReturn:
        raise ValueError("the stream's own")

    own = Stream("own", Listing(fail))
    async with world(tmp_path) as one:
        with pytest.raises(ValueError, match="the stream's own"):
            await plan(one.intercom, [own, "tags"])


@pytest.mark.parametrize(("year", "changed"), [(1, 3), (9999, 0)])
async def test_a_plan_counts_from_any_moment(tmp_path: Path, year: int, changed: int) -> None:
    since = datetime(year, 12, 31, 23, tzinfo=UTC)
    async with world(tmp_path, contacts=3) as one:
        (contacts,) = (await plan(one.intercom, ["contacts"], since=since)).streams

        assert contacts.changed_rows == changed
