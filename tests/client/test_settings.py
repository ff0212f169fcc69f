"""Every setting of the client and odd values for each: refused by name, before anything is sent."""

from __future__ import annotations

import asyncio
import inspect
import threading
import traceback
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any

import anyio
import pytest
from yarl import URL

from intercom_async import (
    ConfigError,
    DeadlineError,
    Intercom,
    IntercomError,
    Limits,
    Priority,
    RetryPolicy,
)
from intercom_async.scheduler import Scheduler
from intercom_async.simulator import Simulator
from intercom_async.transport import MemoryTransport
from intercom_async.transport.proxies import Proxies
from intercom_async.workflows.concurrency import fan_out
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


def test_a_value_whose_repr_fails_is_refused_by_name() -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError

    for name in SETTINGS:
        settings: dict[str, Any] = {"token": TOKEN, name: Hostile()}
        with pytest.raises(ConfigError, match=rf"\b{name}\b"):
            Intercom(**settings)


EXTREMES = [5e-324, 1e-9, 1e-3, 0.5, 1, 7.5, 10**6, 10**9, 10**10, 10**300, 1e308, 10**308]


@pytest.mark.parametrize("value", EXTREMES, ids=lambda value: f"{value:.0e}")
def test_limits_that_are_taken_make_a_scheduler(value: float) -> None:
    made = 0
    for name in Limits.__struct_fields__:
        settings: dict[str, Any] = {name: value}
        try:
            limits = Limits(**settings)
        except ConfigError as error:
            assert name in str(error)  # noqa: PT017 (a value that is taken is fine, too)
            continue
        made += 1
        assert 1 <= limits.app_per_window <= limits.app_per_minute * limits.window_s + 1
        assert Scheduler(limits).limits is limits
    assert made or value < 1e-9 or value > 1e9


@pytest.mark.parametrize("value", [5e-324, 1e-9, 1e9, 10**300, 1e308, 10**308], ids=str)
async def test_times_of_any_length_are_kept(value: float) -> None:
    """A call with them ends as it would without them, or in time."""
    times: dict[str, Any] = {"timeout_s": value, "deadline_s": value, "max_wait_s": value}
    retry = RetryPolicy(max_attempts=2, base_s=min(value, 1e-6), cap_s=value, outage_s=value)
    async with (
        Simulator(contacts=1) as simulator,
        Intercom(simulator.token, base_url=simulator.url, retry=retry, **times) as intercom,
    ):
        try:
            assert len(await intercom.contacts.list().collect()) == 1
        except IntercomError:
            assert value < 1


class Text(str, Enum):  # noqa: UP042 (the subject)
    """A text as programs hold it: its `str` is another one on some versions of Python."""

    TOKEN = TOKEN
    VERSION = "2.15"
    REGION = "eu"
    URL = "https://eu.example"
    PROXY = "proxy.example:3128"
    VERB = "PATCH"
    VALUE = "value"


@pytest.mark.parametrize("is_provided", [False, True])
async def test_texts_that_are_enums_are_sent_as_their_values(*, is_provided: bool) -> None:
    memory = MemoryTransport(lambda _: reply(200, {"type": "contact", "id": "7"}))
    token: Any = (lambda: Text.TOKEN) if is_provided else Text.TOKEN
    settings: dict[str, Any] = {
        "version": Text.VERSION,
        "base_url": Text.URL,
        "update_method": Text.VERB,
        "headers": {"X-Mine": Text.VALUE},
        "transport": memory,
    }
    async with Intercom(token, **settings) as intercom:
        await intercom.contacts.update("7", name="Ann")
        assert "Text." not in repr(intercom)
    (request,) = memory.requests
    assert (request.method, request.url) == ("PATCH", "https://eu.example/contacts/7")
    sent = {name: f"{value}" for name, value in request.headers.items()}
    assert sent["Authorization"] == f"Bearer {TOKEN}"
    assert (sent["Intercom-Version"], sent["X-Mine"]) == ("2.15", "value")
    region: Any = Text.REGION
    assert Intercom(TOKEN, region=region).region == "eu"
    assert Proxies(Text.PROXY).find(URL("https://x.example")) == URL("http://proxy.example:3128")


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


class OwnClient(Intercom):
    """A client with something of its own."""

    def __init__(self, team: str, **settings: Any) -> None:
        super().__init__(TOKEN, **settings)
        self.team = team


async def test_options_of_a_subclass_keep_what_is_its_own() -> None:
    memory = MemoryTransport(lambda _: reply(200, {"type": "contact", "id": "7"}))
    async with OwnClient("support", transport=memory) as intercom:
        await intercom.contacts.get("7")
        async with intercom.with_options(headers={"X-Mine": "1"}) as view:
            assert isinstance(view, OwnClient)
            assert view.team == "support"
            assert view.contacts is not intercom.contacts
            await view.contacts.get("7")
        assert intercom.is_open
    assert ["X-Mine" in request.headers for request in memory.requests] == [False, True]


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


async def fan_out_calls(intercom: Intercom) -> None:
    async for _ in fan_out("123", intercom.contacts.get, concurrency=2):
        pass


USES: dict[str, Callable[[Intercom], Coroutine[Any, Any, Any]]] = {
    "call": lambda intercom: intercom.contacts.get("7"),
    "list": lambda intercom: intercom.contacts.list().collect(),
    "prefetch": lambda intercom: intercom.contacts.list().prefetch(2).collect(),
    "scroll": lambda intercom: intercom.companies.scroll().collect(),
    "request": lambda intercom: intercom.request("GET", "/me"),
    "wait": lambda intercom: intercom.jobs.wait("1"),
    "wait for seconds": lambda intercom: intercom.jobs.wait("1", timeout_s=3),
    "pages": lambda intercom: anext(intercom.contacts.list().pages()),
    "prefetched pages": lambda intercom: anext(intercom.contacts.list().prefetch().pages()),
    "fan out": fan_out_calls,
    "options": lambda intercom: intercom.with_options(timeout_s=1).contacts.get("7"),
    "download": download,
    "while_open": hold,
    "shared_lock": lock,
    "statistics": count,
    "open": lambda intercom: intercom.open(),
    "close": lambda intercom: intercom.close(),
}


async def refused_elsewhere(use: Callable[[], object]) -> str:
    """Return what a use of a client in another thread is refused with."""
    seen: list[ConfigError] = []

    def elsewhere() -> None:
        try:
            use()
        except ConfigError as error:
            seen.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    while thread.is_alive():
        await anyio.lowlevel.checkpoint()
    return str(seen[0])


@pytest.mark.parametrize("use", USES)
async def test_another_loop_is_told_in_one_sentence(use: str) -> None:
    memory = MemoryTransport(lambda _: reply(200, {"type": "contact", "id": "7"}))
    async with Intercom(TOKEN, transport=memory) as intercom:
        refusal = await refused_elsewhere(lambda: asyncio.run(USES[use](intercom)))
        assert intercom.is_open
    assert "another event loop" in refusal
    assert "run_coroutine_threadsafe" in refusal


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


@pytest.mark.parametrize("use", sorted({*USES} - {"statistics"}))
async def test_where_no_loop_of_asyncio_runs_the_way_is_told(use: str) -> None:
    """As under trio, and in a thread that drives a coroutine by itself."""
    memory = MemoryTransport(lambda _: reply(200, {"type": "contact", "id": "7"}))
    async with Intercom(TOKEN, transport=memory) as intercom:
        refusal = await refused_elsewhere(lambda: USES[use](intercom).send(None))
        assert intercom.is_open
    assert "no event loop of asyncio" in refusal


@pytest.mark.parametrize("template", [None, 7, b"/me", object()], ids=shown)
async def test_a_path_that_is_no_text_is_refused_by_name(template: Any) -> None:
    async with Intercom(TOKEN, transport=MemoryTransport([])) as intercom:
        with pytest.raises(ConfigError, match="template must be a path"):
            await intercom.request("GET", template)
