"""Lanes and fairness keys: said once, they hold for every call and task below."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from intercom_async.errors import ConfigError
from intercom_async.priority import (
    Priority,
    current_fairness_key,
    current_priority,
    fairness_key,
    priority,
)


def test_lanes_are_in_the_order_in_which_they_go() -> None:
    assert list(Priority) == sorted(Priority)
    assert [lane.name for lane in Priority] == ["INTERACTIVE", "NORMAL", "BACKGROUND", "BULK"]


def test_the_innermost_block_counts_and_ends_with_an_error_as_well() -> None:
    assert (current_priority(), current_fairness_key()) == (None, "")
    with priority(Priority.BULK), fairness_key("a"):
        with suppress(ZeroDivisionError), priority(Priority.INTERACTIVE), fairness_key("b"):
            assert (current_priority(), current_fairness_key()) == (Priority.INTERACTIVE, "b")
            raise ZeroDivisionError
        assert (current_priority(), current_fairness_key()) == (Priority.BULK, "a")
    assert (current_priority(), current_fairness_key()) == (None, "")


@pytest.mark.anyio
async def test_tasks_keep_what_held_when_they_began() -> None:
    async def seen() -> tuple[Priority | None, str]:
        await asyncio.sleep(0)  # noqa: TID251 (a step of the loop)
        return current_priority(), current_fairness_key()

    with priority(Priority.BACKGROUND), fairness_key("tenant"):
        task = asyncio.ensure_future(seen())

    assert await task == (Priority.BACKGROUND, "tenant")
    assert await seen() == (None, "")


@pytest.mark.parametrize("value", [4, -1, 0, True, "BULK", None])
def test_what_is_no_lane_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="must be a Priority"), priority(value):
        pass
