"""A client that nobody closes: one warning, by its own name; nothing of its last call is kept."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from intercom_async import Intercom
from intercom_async.request.call_state import CallState
from intercom_async.simulator import Simulator
from tests.support.new_objects import set_aside_what_is_there

NAMED = "unclosed Intercom client: use 'async with Intercom(…)', or 'await close()'"


async def never_open(intercom: Intercom) -> None:
    pass


async def only_open(intercom: Intercom) -> None:
    await intercom.open()


async def call(intercom: Intercom) -> None:
    await intercom.open()
    await intercom.contacts.list().collect()


async def call_at_once(intercom: Intercom) -> None:
    await intercom.open()
    await asyncio.gather(*(intercom.contacts.list().collect() for _ in range(5)))


async def close(intercom: Intercom) -> None:
    await call(intercom)
    await intercom.close()


USES: dict[str, tuple[Callable[[Intercom], Awaitable[None]], list[str]]] = {
    "never opened": (never_open, []),
    "opened": (only_open, [NAMED]),
    "used": (call, [NAMED]),
    "used at once": (call_at_once, [NAMED]),
    "closed": (close, []),
}


@pytest.mark.parametrize("is_given", [False, True], ids=["own session", "caller's session"])
@pytest.mark.parametrize("is_in_loop", [True, False], ids=["in its loop", "after its loop"])
@pytest.mark.parametrize("use", USES)
def test_one_warning_names_the_client(use: str, *, is_in_loop: bool, is_given: bool) -> None:
    act, expected = USES[use]
    told: list[str] = []
    set_aside_what_is_there()

    async def main() -> list[Intercom]:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context["message"]))
        async with Simulator(contacts=3) as simulator:
            session = aiohttp.ClientSession() if is_given else None
            kept = [Intercom(simulator.token, base_url=simulator.url, http=session)]
            await act(kept[0])
            if is_in_loop:
                kept.clear()
                gc.collect()
            if session is not None:
                assert not session.closed
                await session.close()
        return kept

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        kept = asyncio.run(main())
        kept.clear()
        gc.collect()
    assert [*told, *(str(each.message) for each in seen)] == expected


def states() -> list[CallState[Any]]:
    """Return the states of calls that are held by anything."""
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, CallState)]


def test_nothing_of_a_call_outlives_it() -> None:
    """Its reply may be large, and tasks that are begun later would hold it as well."""

    async def main() -> None:
        async with (
            Simulator(contacts=3) as simulator,
            Intercom(simulator.token, base_url=simulator.url) as intercom,
        ):
            # Others of this process may hold some; new ones are kept from taking their places.
            before = states()
            page = await intercom.contacts.list().page()
            assert len(page.items) == 3
            assert [each for each in states() if not any(each is one for one in before)] == []

    asyncio.run(main())
