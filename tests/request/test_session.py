"""What happens to one call, from the client's point of view."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from intercom_async import (
    ClosedError,
    ConfigError,
    ConnectError,
    ConnectionLostError,
    DeadlineError,
    DecodeError,
    Intercom,
    Limits,
    NotFoundError,
    Priority,
    RateLimitedError,
    RequestTimeoutError,
    RetryPolicy,
    ServerError,
    WaitTooLongError,
)
from intercom_async.clock import CLOCK
from intercom_async.scheduler import Scheduler
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from tests.support.scripted_client import TOKEN, Client, failure, reply

pytestmark = pytest.mark.anyio

CONTACT = {"type": "contact", "id": "7", "name": "Ann"}
ME = {"type": "admin", "id": "1"}


async def test_a_request_carries_what_the_api_asks_for(client: Client) -> None:
    memory = MemoryTransport([reply(200, CONTACT)])
    async with client(transport=memory) as intercom:
        contact = await intercom.contacts.get("7")

    assert contact.name == "Ann"
    [request] = memory.requests
    assert (request.method, request.url) == ("GET", "https://api.intercom.io/contacts/7")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Intercom-Version"] == "2.14"
    assert request.headers["Accept"] == "application/json"
    assert request.body is None


async def test_an_update_sends_only_what_was_given_and_null_for_none(client: Client) -> None:
    memory = MemoryTransport([reply(200, CONTACT)] * 2)
    async with client(transport=memory) as intercom:
        await intercom.contacts.update("7", name=None, custom_attributes={"plan": "pro"})
        assert memory.requests[0].body == b'{"name":null,"custom_attributes":{"plan":"pro"}}'
        assert memory.requests[0].headers["Content-Type"] == "application/json"
        assert memory.requests[0].method == "PUT"


async def test_updates_are_sent_as_patch_where_a_workspace_wants_it(client: Client) -> None:
    memory = MemoryTransport([reply(200, CONTACT)])
    async with client(transport=memory, update_method="PATCH") as intercom:
        await intercom.contacts.update("7", name="Bo")
    assert memory.requests[0].method == "PATCH"


async def test_the_envelope_says_what_the_model_does_not(client: Client) -> None:
    answer = reply(
        200,
        CONTACT,
        **{
            "X-Request-Id": "r9",
            "X-RateLimit-Limit": "1667",
            "X-RateLimit-Remaining": "1660",
            "X-RateLimit-Reset": "1522850540",
        },
    )
    async with client(failure(500, "server_error"), answer) as intercom:
        response = await intercom.send(intercom.contacts.GET.at(contact_id="7"))

    assert response.data.id == "7"
    assert (response.status, response.request_id, response.attempts) == (200, "r9", 2)
    assert (response.window.limit, response.window.remaining) == (1667, 1660)
    assert response.window.reset_at == 1522850540
    assert response.elapsed_s >= 0
    assert "Ann" not in repr(response)


@pytest.mark.parametrize(
    "broken",
    [
        failure(500, "server_error"),
        failure(503, "service_unavailable"),
        reply(502, "<html>bad gateway</html>"),
        reply(504),
        reply(200),
        reply(200, "<html>hello</html>"),
        reply(200, b'{"type":"contact","id":'),
        failure(429, "too_many_requests"),
        ConnectError("refused"),
        ConnectionLostError("cut"),
        RequestTimeoutError("late"),
    ],
)
async def test_a_read_is_tried_again_after(client: Client, broken: Any) -> None:
    async with client(broken, reply(200, CONTACT)) as intercom:
        assert (await intercom.contacts.get("7")).id == "7"
        assert intercom.statistics().retries == 1


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (failure(500, "server_error"), ServerError),
        (reply(502, "<html>"), ServerError),
        (ConnectionLostError("cut"), ConnectionLostError),
        (RequestTimeoutError("late"), RequestTimeoutError),
        (reply(200), DecodeError),
        (reply(200, "<html>hello</html>"), DecodeError),
    ],
)
async def test_a_create_is_not_sent_twice_after(
    client: Client, broken: Any, error: type[Exception]
) -> None:
    memory = MemoryTransport([broken])
    async with client(transport=memory) as intercom:
        with pytest.raises(error):
            await intercom.contacts.create(email="ann@example.com")
    assert len(memory.requests) == 1


@pytest.mark.parametrize("harmless", [ConnectError("refused"), reply(503, Retry_After="1")])
async def test_a_create_goes_again_when_nothing_was_done(client: Client, harmless: Any) -> None:
    async with client(harmless, reply(200, CONTACT)) as intercom:
        assert (await intercom.contacts.create(email="ann@example.com")).id == "7"


async def test_a_conflict_is_raised_at_once(client: Client) -> None:
    memory = MemoryTransport([failure(409, "conflict", "exists with id=64a")])
    async with client(transport=memory) as intercom:
        with pytest.raises(Exception, match="409 conflict") as caught:
            await intercom.contacts.create(email="ann@example.com")
    assert getattr(caught.value, "existing_id", None) == "64a"
    assert len(memory.requests) == 1


async def test_attempts_end_and_the_last_error_is_raised(client: Client) -> None:
    memory = MemoryTransport([failure(500, "server_error")] * 3)
    async with client(transport=memory, retry=RetryPolicy(max_attempts=3)) as intercom:
        with pytest.raises(ServerError) as caught:
            await intercom.contacts.get("7")
    assert len(memory.requests) == 3
    assert caught.value.request_id == "r1"
    assert caught.value.call == "GET /contacts/{contact_id}"


async def test_an_outage_is_not_multiplied(client: Client) -> None:
    memory = MemoryTransport(lambda _: failure(500, "server_error"))
    async with (
        client(transport=memory, retry=RetryPolicy(budget=100)) as intercom,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(100):
            group.create_task(_fails(intercom))
    # A repetition costs 10: ten in all, not four for each of the hundred calls.
    assert len(memory.requests) == 110


async def _fails(intercom: Intercom) -> None:
    with pytest.raises(ServerError):
        await intercom.contacts.get("7")


async def test_an_export_that_is_full_is_not_a_window(client: Client) -> None:
    message = "Exceeded rate limit of 1 pending message data export jobs"
    memory = MemoryTransport([failure(429, "rate_limit_exceeded", message), reply(200, ME)])
    async with client(transport=memory) as intercom:
        with pytest.raises(RateLimitedError):
            await intercom.request("POST", "/export/content/data", json={})
        started = asyncio.get_running_loop().time()
        await intercom.admins.me()
        assert asyncio.get_running_loop().time() - started < 1


async def test_a_call_turned_away_by_a_full_window_goes_again_after_its_end(
    client: Client,
) -> None:
    full = failure(
        429,
        "rate_limit_exceeded",
        "Exceeded rate limit of 10 in 10_seconds",
        **{
            "X-RateLimit-Limit": "10",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": "1000000010",
            "Date": "Sun, 09 Sep 2001 01:46:45 GMT",
        },
    )
    async with client(full, reply(200, CONTACT)) as intercom:
        started = asyncio.get_running_loop().time()
        response = await intercom.send(intercom.contacts.GET.at(contact_id="7"))
        waited_s = asyncio.get_running_loop().time() - started
    assert response.attempts == 2
    assert 3.5 < waited_s < 7.0


@pytest.mark.parametrize(("windows", "succeeds"), [(1, True), (9, True), (11, False)])
async def test_full_windows_cost_no_attempt(
    client: Client, windows: int, *, succeeds: bool
) -> None:
    sent = 0

    def answer(_: Request) -> Reply:
        nonlocal sent
        sent += 1
        if sent > windows:
            return reply(200, CONTACT)
        ends_at = 1_000_000_000 + (int(asyncio.get_running_loop().time()) // 10 + 1) * 10
        said = {"Limit": "10", "Remaining": "0", "Reset": str(ends_at)}
        return failure(
            429,
            "rate_limit_exceeded",
            "Exceeded rate limit of 10 in 10_seconds",
            **{f"X-RateLimit-{name}": text for name, text in said.items()},
        )

    policy = RetryPolicy(max_attempts=2, budget=0)
    async with client(transport=MemoryTransport(answer), retry=policy) as intercom:
        with nullcontext() if succeeds else pytest.raises(RateLimitedError):
            await intercom.contacts.get("7")

    assert sent == (windows + 1 if succeeds else 10)


PAGE = b"<html><body>Too many requests</body></html>"


async def test_pages_of_a_cdn_cost_no_budget(client: Client) -> None:
    said = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "999"}
    storm_ends_at = 30.0
    refused = 0

    async def answer(_: Request) -> Reply:
        nonlocal refused
        now = CLOCK.now()
        await CLOCK.sleep(0.1)
        if 0.0 < now < storm_ends_at:
            refused += 1
            return Reply(429, {"Content-Type": "text/html"}, PAGE)
        ends_at = 1_000_000_000 + (int(now) // 10 + 1) * 10
        return reply(200, CONTACT, **said, **{"X-RateLimit-Reset": str(ends_at)})

    async with client(transport=MemoryTransport(answer)) as intercom:
        await intercom.contacts.get("7")
        people = intercom.with_options(priority=Priority.INTERACTIVE)
        reads = [people.contacts.get("7") for _ in range(300)]
        assert len(await asyncio.gather(*reads)) == 300

    assert 300 <= refused <= 330
    assert CLOCK.now() < storm_ends_at + 60.0


@pytest.mark.parametrize("max_wait_s", [None, 20.0])
async def test_a_cdn_that_turns_everything_away_ends_each_call(
    client: Client, max_wait_s: float | None
) -> None:
    times: list[float] = []

    def answer(_: Request) -> Reply:
        times.append(CLOCK.now())
        return Reply(429, {"Content-Type": "text/html"}, PAGE)

    policy = RetryPolicy(max_attempts=2, budget=0)
    await CLOCK.sleep(1.0)  # a permit takes the moment 0, which no real clock shows, for none
    async with client(transport=MemoryTransport(answer), retry=policy) as intercom:
        patient = intercom.with_options(max_wait_s=max_wait_s)
        with pytest.raises((RateLimitedError, WaitTooLongError)):
            await patient.contacts.get("7")

    if max_wait_s is None:
        assert len(times) == 10
    else:
        assert CLOCK.now() - times[0] <= max_wait_s


async def test_one_attempt_means_one_attempt(client: Client) -> None:
    memory = MemoryTransport(
        [failure(429, "rate_limit_exceeded", "Exceeded rate limit of 10 in 10_seconds")]
    )
    async with client(transport=memory, retry=RetryPolicy(max_attempts=1)) as intercom:
        with pytest.raises(RateLimitedError):
            await intercom.contacts.get("7")

    assert len(memory.requests) == 1


async def test_a_deadline_bounds_waiting_and_retries(client: Client) -> None:
    memory = MemoryTransport(lambda _: failure(500, "server_error"))
    policy = RetryPolicy(max_attempts=100, base_s=10.0)
    async with client(transport=memory, retry=policy, deadline_s=5.0) as intercom:
        started = asyncio.get_running_loop().time()
        with pytest.raises((DeadlineError, ServerError)):
            await intercom.contacts.get("7")
        assert asyncio.get_running_loop().time() - started <= 5.01


async def test_a_deadline_cuts_a_slow_answer(client: Client) -> None:
    async def never(_: Request) -> Reply:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async with client(never, deadline_s=5.0) as intercom:
        with pytest.raises(DeadlineError) as caught:
            await intercom.contacts.get("7")
    assert (caught.value.attempts, caught.value.maybe_sent) == (1, True)
    assert "5 s" in str(caught.value)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("bounds", "asked_s", "is_repeated"),
    [
        ({"deadline_s": 10.0}, 30, False),
        ({"deadline_s": 10.0}, 10, False),
        ({"deadline_s": 50.0}, 30, True),
        ({"max_wait_s": 1.0}, 30, False),
        ({"max_wait_s": 40.0}, 30, True),
        ({"max_wait_s": 40.0, "deadline_s": 10.0}, 30, False),
        ({}, 30, True),
    ],
)
async def test_a_pause_that_outlasts_the_caller_s_time_is_not_begun(
    client: Client, status: int, bounds: dict[str, Any], asked_s: int, *, is_repeated: bool
) -> None:
    refusal = failure(status, "busy", **{"Retry-After": str(asked_s)})
    memory = MemoryTransport([refusal, reply(200, CONTACT)])
    async with client(transport=memory, **bounds) as intercom:
        started_s = asyncio.get_running_loop().time()
        if is_repeated:
            await intercom.contacts.get("7")
        else:
            with pytest.raises(RateLimitedError if status == 429 else ServerError) as caught:
                await intercom.contacts.get("7")
            assert caught.value.headers["Retry-After"] == str(asked_s)
        waited_s = asyncio.get_running_loop().time() - started_s
    assert (waited_s >= asked_s) is is_repeated
    assert waited_s < 1.0 or is_repeated


async def test_a_call_that_would_wait_too_long_is_refused_at_once(client: Client) -> None:
    limits = Limits(app_per_minute=6)
    memory = MemoryTransport(lambda _: reply(200, CONTACT))
    async with client(transport=memory, limits=limits, max_wait_s=1.0) as intercom:
        await intercom.contacts.get("7")
        started = asyncio.get_running_loop().time()
        with pytest.raises(WaitTooLongError) as caught:
            await asyncio.gather(*(intercom.contacts.get("7") for _ in range(10)))
        assert asyncio.get_running_loop().time() - started < 10
    assert caught.value.retry_after_s > 1.0
    assert caught.value.limit_s == 1.0


async def test_a_token_is_asked_for_before_each_attempt() -> None:
    tokens = iter(["first", "second"])

    async def provide() -> str:
        return next(tokens)

    memory = MemoryTransport([failure(500, "server_error"), reply(200, CONTACT)])
    async with Intercom(provide, transport=memory) as intercom:
        await intercom.contacts.get("7")
    sent = [request.headers["Authorization"] for request in memory.requests]
    assert sent == ["Bearer first", "Bearer second"]


async def test_a_version_that_lacks_the_operation_is_refused_before_it_is_sent(
    client: Client,
) -> None:
    memory = MemoryTransport([])
    async with client(transport=memory, version="2.13") as intercom:
        with pytest.raises(ConfigError, match=r"2\.14"):
            await intercom.contacts.get("7")
    assert memory.requests == []


async def test_a_view_has_other_defaults_on_the_same_client(client: Client) -> None:
    memory = MemoryTransport([reply(200, ME)] * 2)
    async with client(transport=memory) as intercom:
        view = intercom.with_options(version="2.16", headers={"X-Trace": "1"}, timeout_s=5.0)
        await view.admins.me()
        await intercom.admins.me()
        assert view.statistics().granted == 2
    assert memory.requests[0].headers["Intercom-Version"] == "2.16"
    assert memory.requests[0].headers["X-Trace"] == "1"
    assert memory.requests[0].timeout_s == 5.0
    assert memory.requests[1].headers["Intercom-Version"] == "2.14"


@pytest.mark.parametrize(
    "options",
    [{"max_wait_s": -1}, {"timeout_s": 0}, {"version": "x"}, {"headers": {"Authorization": "x"}}],
)
async def test_a_view_refuses_what_cannot_work(client: Client, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        client().with_options(**options)


async def test_an_unknown_option_is_a_type_error(client: Client) -> None:
    with pytest.raises(TypeError, match="prority"):
        client().with_options(prority=Priority.BULK)  # type: ignore[call-arg] # the mistake


async def test_an_unknown_field_names_the_known_ones(client: Client) -> None:
    async with client() as intercom:
        with pytest.raises(TypeError, match=r"emial.*email"):
            await intercom.contacts.create(emial="x")  # type: ignore[call-arg] # the mistake


async def test_a_client_says_where_in_its_life_it_is(client: Client) -> None:
    intercom = client(reply(200, ME))
    with pytest.raises(ClosedError, match="never entered"):
        await intercom.admins.me()
    await intercom.open()
    await intercom.admins.me()
    await intercom.close()
    await intercom.close()
    with pytest.raises(ClosedError, match="is closed"):
        await intercom.admins.me()
    with pytest.raises(ClosedError, match="make a new one"):
        await intercom.open()


async def test_closing_ends_every_wait_for_a_permit(client: Client) -> None:
    limits = Limits(app_per_minute=6)
    intercom = client(lambda _: reply(200, ME), limits=limits)
    await intercom.open()
    calls = [asyncio.ensure_future(intercom.admins.me()) for _ in range(20)]
    for _ in range(20):
        await asyncio.sleep(0)  # noqa: TID251 (turns of the loop)
    await intercom.close()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert any(isinstance(outcome, ClosedError) for outcome in outcomes)
    assert all(not isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)


async def test_two_thousand_cancelled_calls_leave_nothing_behind(client: Client) -> None:
    scheduler = Scheduler(Limits(app_per_minute=60))
    async with client(lambda _: reply(200, ME), scheduler=scheduler) as intercom:
        before = asyncio.all_tasks()
        calls = [asyncio.ensure_future(intercom.admins.me()) for _ in range(2_000)]
        for _ in range(50):
            await asyncio.sleep(0)  # noqa: TID251 (turns of the loop)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

        now = intercom.statistics()
        assert sum(now.queued.values()) == 0
        assert now.in_flight == 0
        assert asyncio.all_tasks() == before
        # What is left of the window is still there for the next call.
        assert (await intercom.admins.me()).id == "1"


async def test_neither_logs_nor_errors_show_secrets_or_people(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    # Not in the source line that a traceback shows.
    identity, address = "id-of-ann", "ann@example.com"
    answers = [
        failure(500, "server_error"),
        failure(404, "not_found", f"no {address}"),
        reply(200, CONTACT),
    ]
    memory = MemoryTransport(answers)
    async with client(transport=memory) as intercom:
        with pytest.raises(NotFoundError) as caught:
            await intercom.contacts.get(identity)
        texts += traceback.format_exception(caught.value)
        await intercom.contacts.update(identity, email=address)
        texts += [repr(intercom), repr(memory.requests), repr(intercom.contacts)]
        texts += [repr(intercom.statistics()), repr(intercom.contacts.list())]
    texts += [record.getMessage() for record in caplog.records]
    seen = "\n".join(texts)
    assert len(caplog.records) >= 3
    assert "GET /contacts/{contact_id} answered 500" in seen
    for secret in (TOKEN, address, identity):
        assert secret not in seen


async def test_one_line_an_attempt_and_one_more_a_retry(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="intercom_async")
    async with client(failure(500, "server_error"), reply(200, CONTACT)) as intercom:
        await intercom.contacts.get("7")
    levels = [record.levelname for record in caplog.records if record.name == "intercom_async"]
    assert levels == ["DEBUG", "INFO", "DEBUG"]


@pytest.mark.parametrize("token", [TOKEN, lambda: TOKEN], ids=["a text", "a provider"])
async def test_a_redirect_within_the_origin_is_counted_and_followed(
    token: str | Callable[[], str],
) -> None:
    memory = MemoryTransport([reply(302, Location="/contacts/8"), reply(200, CONTACT)])
    async with Intercom(token, transport=memory) as intercom:
        await intercom.contacts.get("7")
        assert intercom.statistics().granted == 2
    assert memory.requests[1].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("token", [TOKEN, lambda: TOKEN], ids=["a text", "a provider"])
async def test_a_redirect_that_comes_back_gets_no_token(
    token: str | Callable[[], str],
) -> None:
    away, back = "https://cdn.example/x", "https://api.intercom.io/contacts/8"
    memory = MemoryTransport([reply(302, Location=away), reply(302, Location=back), reply(200)])
    async with Intercom(token, transport=memory) as intercom:
        await intercom.request("GET", "/calls/{id}/recording", path={"id": 1}, model=bytes)
    assert ["Authorization" in request.headers for request in memory.requests] == [
        True, False, False,
    ]  # fmt: skip


async def test_a_redirect_elsewhere_goes_without_the_token(client: Client) -> None:
    memory = MemoryTransport([reply(302, Location="https://cdn.example/x"), reply(200, CONTACT)])
    async with client(transport=memory) as intercom:
        await intercom.request("GET", "/calls/{id}/recording", path={"id": 1}, model=bytes)
        assert intercom.statistics().granted == 1
    assert "Authorization" not in memory.requests[1].headers


async def test_a_redirect_that_leads_nowhere_ends(client: Client) -> None:
    memory = MemoryTransport(lambda _: reply(302, Location="/again"))
    async with client(transport=memory) as intercom:
        with pytest.raises(Exception, match="answered 302"):
            await intercom.contacts.get("7")
    assert len(memory.requests) == 6


async def test_an_error_list_under_a_success_is_an_error(client: Client) -> None:
    async with client(failure(200, "parameter_invalid")) as intercom:
        with pytest.raises(Exception, match="answered 200 parameter_invalid"):
            await intercom.contacts.get("7")


async def test_odd_rows_have_an_outcome(client: Client) -> None:
    odd = {"type": "contact", "id": 7, "name": 5, "role": "robot", "new_field": [1], "phone": None}
    async with client(reply(200, odd)) as intercom:
        contact = await intercom.contacts.get("7")
    assert (contact.id, contact.name, contact.role) == ("7", "5", "robot")


async def test_any_request_takes_the_same_road(client: Client) -> None:
    memory = MemoryTransport([reply(200, {"ok": True}), reply(202), reply(200, "plain")])
    async with client(transport=memory) as intercom:
        first = await intercom.request(
            "POST", "/new/{id}", path={"id": "a/b"}, params={"x": 1}, json={"y": 2}
        )
        second = await intercom.request("POST", "/nothing?z=3")
        third = await intercom.request("GET", "/text", model=bytes)
    assert first.data == {"ok": True}
    assert second.data is None
    assert third.data == b"plain"
    urls = [request.url.removeprefix("https://api.intercom.io") for request in memory.requests]
    assert urls == ["/new/a%2Fb?x=1", "/nothing?z=3", "/text"]
