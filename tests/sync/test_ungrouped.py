"""What went wrong in tasks side by side is raised as it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
import pytest
from anyio.abc import TaskGroup

from intercom_async.errors import ClosedError
from intercom_async.sync.outage import reading_group
from intercom_async.sync.ungrouped import ungrouped

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
