"""Clients of one server and token share a scheduler."""

from __future__ import annotations

import gc

import pytest

from intercom_async.config import Limits
from intercom_async.scheduler import Scheduler, shared_scheduler
from tests.support.virtual_time import run_virtual

pytestmark = pytest.mark.anyio


async def test_the_same_server_and_token_share_a_scheduler() -> None:
    limits = Limits()
    first = shared_scheduler("https://api.intercom.io", "key", limits)

    assert shared_scheduler("https://api.intercom.io", "key", Limits()) is first
    assert shared_scheduler("https://api.intercom.io", "other", limits) is not first
    assert shared_scheduler("https://api.eu.intercom.io", "key", limits) is not first
    assert shared_scheduler("https://api.intercom.io", "key", Limits(app_per_minute=5)) is not first


async def test_a_shared_scheduler_lives_as_long_as_it_is_used() -> None:
    name = id(shared_scheduler("https://api.intercom.io", "gone", Limits()))
    kept = [shared_scheduler("https://api.intercom.io", str(number), Limits()) for number in "ab"]
    gc.collect()

    again = shared_scheduler("https://api.intercom.io", "gone", Limits())

    assert again not in kept
    assert again.statistics().granted == 0
    assert isinstance(name, int)


def test_each_loop_has_its_own() -> None:
    async def get() -> Scheduler:
        return shared_scheduler("https://api.intercom.io", "key", Limits())

    assert run_virtual(get()) is not run_virtual(get())
