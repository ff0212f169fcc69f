"""Every setting of the client and odd values for each: refused by name, before anything is sent."""

from __future__ import annotations

import asyncio
import inspect
import threading
import traceback
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest

from intercom_async import ConfigError, DeadlineError, Intercom, Limits, Priority, RetryPolicy
from intercom_async.transport import MemoryTransport
from tests.support.scripted_client import TOKEN, reply

pytestmark = pytest.mark.anyio

ODD: list[Any] = [
    object(),
    b"bytes",
    [],
    {},
    (),
    -1,
    float("nan"),
    float("inf"),
    True,
    1.5,
    "",
    " ",
    "two words",
    "\uff12.\uff11\uff14",
    "a\nb",
    2.14,
    3,
    0,
    10**400,
    10**5000,
    "9." + "9" * 5000,
    "x" * 5000,
]


def shown(value: object) -> str:
    """Name a case alike in every process."""
    if type(value) is object or (isinstance(value, int) and value > 10**400):
        return type(value).__name__
    return f"{type(value).__name__}-{value!r:.12}"


FINE: dict[str, tuple[Callable[[Any], bool], ...]] = {
    "token": (lambda value: isinstance(value, str) and len(value) >= 5000,),
    "timeout_s": (lambda value: value in (3, 1.5, 2.14) and value is not True,),
    "deadline_s": (lambda value: value in (0, 3, 1.5, 2.14) and not isinstance(value, bool),),
    "max_wait_s": (lambda value: value in (0, 3, 1.5, 2.14) and not isinstance(value, bool),),
    "headers": (lambda value: value == {} and isinstance(value, dict),),
    "allow_http": (lambda value: value is True,),
    "trust_env": (lambda value: value is True,),
}
OTHERWISE_NAMED = {"http": r"\bhttp\b", "transport": r"\btransport\b"}
SETTINGS = [
    name
    for name, parameter in inspect.signature(Intercom).parameters.items()
    if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
]


def is_fine(name: str, value: Any) -> bool:
    try:
        return any(check(value) for check in FINE.get(name, ()))
    except TypeError:
        return False


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("value", ODD, ids=shown)
def test_a_setting_of_an_odd_value_is_refused_by_name(name: str, value: Any) -> None:
    if is_fine(name, value):
        return
    settings: dict[str, Any] = {"token": TOKEN, name: value}
    with pytest.raises(ConfigError, match=rf"\b{name}\b"):
        Intercom(**settings)


@pytest.mark.parametrize("name", ["version", "headers", "update_method", "timeout_s", "trust_env"])
def test_a_setting_without_a_default_of_none_takes_no_none(name: str) -> None:
    settings: dict[str, Any] = {name: None}
    with pytest.raises(ConfigError, match=rf"\b{name}\b"):
        Intercom(TOKEN, **settings)


OPTIONS = ("priority", "max_wait_s", "timeout_s", "deadline_s", "version", "headers")


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("value", ODD, ids=shown)
def test_an_option_of_an_odd_value_is_refused_by_name(name: str, value: Any) -> None:
    if is_fine(name, value):
        return
    changes: dict[str, Any] = {name: value}
    with pytest.raises(ConfigError, match=rf"\b{name}\b"):
        Intercom(TOKEN).with_options(**changes)


@pytest.mark.parametrize("kind", [Limits, RetryPolicy])
@pytest.mark.parametrize("value", [*ODD, None, "3"], ids=shown)
def test_a_field_of_limits_and_retries_is_refused_by_name(kind: Any, value: Any) -> None:
    for name in kind.__struct_fields__:
        if value is None and getattr(kind(), name) is None:
            continue
        try:
            kind(**{name: value})
        except ConfigError as error:
            assert name in str(error)  # noqa: PT017 (a value that is taken is fine, too)
        else:
            assert isinstance(value, int | float)
            assert not isinstance(value, bool)


def test_no_message_and_no_traceback_shows_the_token() -> None:
    secret = "tok_very_secret"
    odd: list[dict[str, Any]] = [
        {"version": 3},
        {"limits": {}},
        {"proxy": "socks5://a:1"},
        {"region": "x"},
    ]
    for changes in odd:
        with pytest.raises(ConfigError) as caught:
            Intercom(secret, **changes)
        frames = [frame.f_locals for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
        assert secret not in repr(frames[1:])


class Provider:
    """A token provider that cannot be hashed."""

    __hash__ = None  # type: ignore[assignment] # the point

    def __call__(self) -> str:
        return TOKEN


async def test_a_provider_that_cannot_be_hashed_works() -> None:
    memory = MemoryTransport([reply(200, {"type": "contact", "id": "7"})])
    async with Intercom(Provider(), transport=memory) as intercom:
        await intercom.contacts.get("7")
    assert memory.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


async def test_a_block_of_options_does_not_close_the_client() -> None:
    memory = MemoryTransport(lambda _: reply(200, {"type": "contact", "id": "7"}))
    async with Intercom(TOKEN, transport=memory) as intercom:
        async with intercom.with_options(priority=Priority.BULK) as bulk:
            await bulk.contacts.get("7")
        await intercom.contacts.get("7")
    assert not memory.is_open
    async with Intercom(TOKEN, transport=memory).with_options(timeout_s=1) as alone:
        await alone.contacts.get("7")
    assert not memory.is_open


async def download(intercom: Intercom) -> None:
    async with intercom.data_exports.download("1") as stream:
        await stream.read()


async def hold(intercom: Intercom) -> None:
    async with intercom.while_open():
        pass


async def lock(intercom: Intercom) -> None:
    async with intercom.shared_lock("scroll"):
        pass


async def count(intercom: Intercom) -> None:
    intercom.statistics()


USES: dict[str, Callable[[Intercom], Coroutine[Any, Any, Any]]] = {
    "call": lambda intercom: intercom.contacts.get("7"),
    "list": lambda intercom: intercom.contacts.list().collect(),
    "prefetch": lambda intercom: intercom.contacts.list().prefetch(2).collect(),
    "scroll": lambda intercom: intercom.companies.scroll().collect(),
    "request": lambda intercom: intercom.request("GET", "/me"),
    "wait": lambda intercom: intercom.jobs.wait("1"),
    "options": lambda intercom: intercom.with_options(timeout_s=1).contacts.get("7"),
    "download": download,
    "while_open": hold,
    "shared_lock": lock,
    "statistics": count,
    "open": lambda intercom: intercom.open(),
    "close": lambda intercom: intercom.close(),
}


@pytest.mark.parametrize("use", USES)
async def test_another_loop_is_told_in_one_sentence(use: str) -> None:
    memory = MemoryTransport(lambda _: reply(200, {"type": "contact", "id": "7"}))
    seen: list[BaseException] = []
    async with Intercom(TOKEN, transport=memory) as intercom:

        def elsewhere() -> None:
            try:
                asyncio.run(USES[use](intercom))
            except ConfigError as error:
                seen.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        while thread.is_alive():
            await anyio.lowlevel.checkpoint()
        assert intercom.is_open
    assert "another event loop" in str(seen[0])
    assert "run_coroutine_threadsafe" in str(seen[0])


def test_statistics_are_read_in_any_thread() -> None:
    memory = MemoryTransport(lambda _: reply(200, {"type": "contact", "id": "7"}))

    async def main() -> None:
        async with Intercom(TOKEN, transport=memory) as intercom:
            await intercom.contacts.get("7")
            found = await asyncio.to_thread(intercom.statistics)
            assert found.granted == intercom.statistics().granted == 1
            # While the loop is busy, the thread does not wait for ever.
            with ThreadPoolExecutor() as pool, pytest.raises(DeadlineError, match="statistics"):
                pool.submit(intercom.statistics).result(10)

    asyncio.run(main())


def test_a_client_whose_loop_has_ended_can_be_closed() -> None:
    intercom = Intercom(TOKEN, transport=MemoryTransport([]))
    asyncio.run(intercom.open())
    asyncio.run(intercom.close())
    assert not intercom.is_open


def test_without_a_loop_of_asyncio_the_way_is_told() -> None:
    coroutine = Intercom(TOKEN, transport=MemoryTransport([])).open()
    with pytest.raises(ConfigError, match="no event loop of asyncio"):
        coroutine.send(None)


@pytest.mark.parametrize("template", [None, 7, b"/me", object()], ids=shown)
async def test_a_path_that_is_no_text_is_refused_by_name(template: Any) -> None:
    async with Intercom(TOKEN, transport=MemoryTransport([])) as intercom:
        with pytest.raises(ConfigError, match="template must be a path"):
            await intercom.request("GET", template)
