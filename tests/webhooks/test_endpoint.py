"""The webhook address on virtual time: every request gets its status and leaves nothing behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from intercom_async.clock import CLOCK
from intercom_async.errors import ConfigError
from intercom_async.webhooks import MemorySeen, Notification, Webhooks
from tests.support.asgi import lifespan, send
from tests.support.notifications import SECRET, conversation, notification, signed

pytestmark = pytest.mark.anyio

Queue = Callable[[Notification[Any]], Awaitable[object]]


def queued(queue: Queue | None = None, **options: Any) -> tuple[Webhooks, list[str]]:
    """Make webhooks with a queue, and the keys that it was given."""
    got: list[str] = []

    async def put(event: Notification[Any]) -> None:
        if queue is not None:
            await queue(event)
        got.append(event.key)

    return Webhooks(SECRET, queue=put, **options), got


async def deliver(webhooks: Webhooks, body: bytes | None = None, **options: Any) -> int:
    body = notification() if body is None else body
    answer = await send(webhooks.asgi(), body=body, headers=signed(webhooks, body), **options)
    return answer.status


@pytest.mark.parametrize("path", ["", "/", "/intercom", "/intercom/"])
async def test_verbs(path: str) -> None:
    webhooks, got = queued()
    app = webhooks.asgi()
    assert (await send(app, "HEAD", path)).status == 200
    for verb in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POTATO"):
        answer = await send(app, verb, path)
        assert (answer.status, answer.headers["allow"]) == (405, "HEAD, POST")
    assert await deliver(webhooks, path=path) == 200
    assert len(got) == 1


async def test_signatures() -> None:
    webhooks, got = queued()
    body = notification()
    wrong = Webhooks("another secret")
    assert (await send(webhooks.asgi(), body=body)).status == 401
    assert (await send(webhooks.asgi(), body=body, headers=signed(wrong, body))).status == 401
    twice = [*signed(webhooks, body), *signed(webhooks, body)]
    assert (await send(webhooks.asgi(), body=body, headers=twice)).status == 401
    assert got == []
    assert webhooks.statistics().unsigned == 3


async def test_a_body_without_a_signature_is_not_read() -> None:
    webhooks, _ = queued()
    answer = await send(webhooks.asgi(), body=[b"x"] * 1000, chunk_delay_s=60)
    assert answer.status == 401
    assert CLOCK.now() < 1


@pytest.mark.parametrize("chunk_bytes", [1, 7, 1_000_000])
async def test_a_body_in_chunks_is_one_body(chunk_bytes: int) -> None:
    webhooks, got = queued()
    body = notification()
    chunks = [body[start : start + chunk_bytes] for start in range(0, len(body), chunk_bytes)]
    answer = await send(webhooks.asgi(), body=[*chunks, b""], headers=signed(webhooks, body))
    assert answer.status == 200
    assert len(got) == 1


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_too_large_is_413_and_is_not_kept(*, announced: bool) -> None:
    webhooks, got = queued(max_body_bytes=1000)
    body = notification(item=conversation("x" * 1000))
    headers = signed(webhooks, body) + ([("Content-Length", str(len(body)))] if announced else [])
    chunks = [body[:900], body[900:], *[b"x" * 900] * 1000]
    assert (await send(webhooks.asgi(), body=chunks, headers=headers)).status == 413
    assert got == []
    exact = notification(item=conversation("x"))
    exact += b" " * (1000 - len(exact))
    assert await deliver(webhooks, exact) == 200


async def test_a_slow_body_is_408() -> None:
    webhooks, got = queued()
    body = notification()
    chunks = [body[start : start + 10] for start in range(0, len(body), 10)]
    answer = await send(
        webhooks.asgi(), body=chunks, headers=signed(webhooks, body), chunk_delay_s=0.5
    )
    assert answer.status == 408
    assert CLOCK.now() < 2
    assert got == []


async def test_a_body_cut_off_is_400() -> None:
    webhooks, got = queued()
    body = notification()
    answer = await send(
        webhooks.asgi(), body=[body, b""], headers=signed(webhooks, body), is_cut_off=True
    )
    assert answer.status == 400
    assert got == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"topic": {}}',
        b'{"topic":"ticket.created"}',
        b'{"topic":"contact.deleted","data":{"item":7}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
async def test_a_signed_body_that_is_no_notification_is_400(body: bytes) -> None:
    webhooks, got = queued()
    assert await deliver(webhooks, body) == 400
    assert got == []


async def test_a_ping_is_200_without_a_queue_a_handler_or_running() -> None:
    webhooks = Webhooks(SECRET)
    body = notification("ping", {"type": "ping", "message": "x"}, id=None)
    assert await deliver(webhooks, body) == 200
    assert webhooks.statistics().accepted == 0


async def test_logs_have_neither_body_nor_signature(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    handled = anyio.Event()
    webhooks = Webhooks(SECRET, on_error=lambda _event, _error: handled.set())

    @webhooks.on("*")
    async def fail(event: Notification[Any]) -> None:
        raise RuntimeError(event.item.source.body)

    body = notification(item=conversation("my-secret-words"))
    async with webhooks.running():
        await deliver(webhooks, body)
        await deliver(webhooks, body.replace(b"{", b"", 1))
        await send(webhooks.asgi(), body=body, headers=[("X-Hub-Signature", "sha1=" + "a" * 40)])
        await handled.wait()
    text = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert "my-secret-words" not in text
    assert webhooks.sign(body)[5:] not in text
    assert SECRET not in text
    assert "fail" in text
    assert "RuntimeError" in text
    assert "conversation.user.created" in text


# Handing over --------------------------------------------------------------------------------


async def test_200_comes_after_the_queue_has_it() -> None:
    order: list[str] = []

    async def put(_: Notification[Any]) -> None:
        await CLOCK.sleep(1)
        order.append("queued")

    webhooks = Webhooks(SECRET, queue=put)
    assert await deliver(webhooks) == 200
    order.append("answered")
    assert order == ["queued", "answered"]


async def test_a_queue_that_hangs_is_told_503_within_intercoms_5_s() -> None:
    webhooks, got = queued(lambda _: anyio.sleep_forever())
    assert await deliver(webhooks) == 503
    assert CLOCK.now() < 4
    assert got == []


@pytest.mark.parametrize("error", [RuntimeError, ConnectionError, TimeoutError, ValueError])
async def test_a_queue_that_fails_is_told_503_and_never_429(error: type[Exception]) -> None:
    async def fail(_: Notification[Any]) -> None:
        raise error("down")

    webhooks, _ = queued(fail)
    assert await deliver(webhooks) == 503


async def test_outside_running_it_is_503_and_the_log_says_how_to_start(
    caplog: pytest.LogCaptureFixture,
) -> None:
    webhooks = Webhooks(SECRET)
    assert await deliver(webhooks) == 503
    assert "webhooks.running()" in caplog.text
    async with webhooks.running():
        assert await deliver(webhooks) == 200
    assert await deliver(webhooks) == 503


async def test_a_full_queue_in_the_process_is_503_and_what_waits_is_bounded() -> None:
    webhooks = Webhooks(SECRET, max_queued=3, concurrency=1, drain_s=0.1)
    release = anyio.Event()

    @webhooks.on("*")
    async def wait(_: Notification[Any]) -> None:
        await release.wait()

    async with webhooks.running():
        statuses = [await deliver(webhooks) for _ in range(3)]
        assert statuses == [200, 200, 200]
        assert await deliver(webhooks) == 503
        assert webhooks.statistics().waiting == 3
        release.set()
        assert await deliver(webhooks) == 200


# Handlers ------------------------------------------------------------------------------------


async def test_handlers_get_their_topics_and_star_gets_all() -> None:
    webhooks = Webhooks(SECRET)
    seen: list[tuple[str, str]] = []

    @webhooks.on("conversation.user.created", "conversation.user.replied")
    async def some(event: Notification[Any]) -> None:
        seen.append(("some", event.topic))

    @webhooks.on("*")
    async def every(event: Notification[Any]) -> None:
        seen.append(("every", event.topic))

    async with webhooks.running():
        for topic in ("conversation.user.created", "ticket.created", "brand.new"):
            await deliver(webhooks, notification(topic))
    assert sorted(seen) == [
        ("every", "brand.new"),
        ("every", "conversation.user.created"),
        ("every", "ticket.created"),
        ("some", "conversation.user.created"),
    ]


async def test_leaving_running_waits_for_what_was_accepted() -> None:
    webhooks = Webhooks(SECRET, concurrency=2)
    done: list[str] = []

    @webhooks.on("*")
    async def slow(event: Notification[Any]) -> None:
        await CLOCK.sleep(1)
        done.append(event.key)

    async with webhooks.running():
        for _ in range(6):
            assert await deliver(webhooks) == 200
        assert done == []
    assert len(done) == 6
    assert CLOCK.now() == pytest.approx(3, abs=0.1)


async def test_a_shutdown_is_bounded_and_says_what_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    webhooks = Webhooks(SECRET, drain_s=5)

    @webhooks.on("*")
    async def hang(_: Notification[Any]) -> None:
        await anyio.sleep_forever()

    async with webhooks.running():
        await deliver(webhooks)
        await deliver(webhooks)
    assert CLOCK.now() == pytest.approx(5, abs=0.1)
    assert "2 accepted notifications were not handled" in caplog.text
    assert webhooks.statistics().waiting == 0


async def test_one_failing_handler_stops_no_other() -> None:
    failures: list[tuple[str, str]] = []
    webhooks = Webhooks(
        SECRET, on_error=lambda event, error: failures.append((event.topic, str(error)))
    )
    handled: list[str] = []

    @webhooks.on("*")
    async def fail(_: Notification[Any]) -> None:
        raise RuntimeError("first")

    @webhooks.on("*")
    async def work(event: Notification[Any]) -> None:
        handled.append(event.key)

    async with webhooks.running():
        await deliver(webhooks)
        await deliver(webhooks)
    assert len(handled) == 2
    assert failures == [("conversation.user.created", "first")] * 2
    found = webhooks.statistics()
    assert (found.handled, found.failed) == (2, 2)


@pytest.mark.parametrize("fails", [True, False])
async def test_a_reporter_may_be_async_and_may_fail(
    *, fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    reported: list[str] = []

    async def report(event: Notification[Any], error: Exception) -> None:
        await CLOCK.sleep(0)
        reported.append(f"{event.topic} {error}")
        if fails:
            raise ConnectionError("secret")

    webhooks = Webhooks(SECRET, on_error=report)

    @webhooks.on("*")
    async def fail(_: Notification[Any]) -> None:
        raise RuntimeError("first")

    async with webhooks.running():
        await deliver(webhooks)
        await deliver(webhooks)
    assert reported == ["conversation.user.created first"] * 2
    assert ("on_error failed with ConnectionError" in caplog.text) is fails
    assert "secret" not in caplog.text


async def test_a_worker_of_a_queue_gets_the_handlers_error() -> None:
    webhooks, _ = queued()
    ran: list[str] = []

    @webhooks.on("ticket.created")
    async def fail(_: Notification[Any]) -> None:
        raise RuntimeError("first")

    @webhooks.on("ticket.created", "contact.merged")
    async def work(event: Notification[Any]) -> None:
        ran.append(event.topic)

    with pytest.raises(RuntimeError, match="first"):
        await webhooks.handle(notification("ticket.created", {"id": "1"}))
    await webhooks.handle(notification("contact.merged", {"id": "1"}).decode())
    await webhooks.handle(notification("company.created", {"id": "1"}))
    assert ran == ["ticket.created", "contact.merged"]

    @webhooks.on("ticket.created")
    async def fail_too(_: Notification[Any]) -> None:
        raise ValueError("second")

    with pytest.raises(ExceptionGroup) as caught:
        await webhooks.handle(notification("ticket.created", {"id": "1"}))
    assert [type(error) for error in caught.value.exceptions] == [RuntimeError, ValueError]


def test_what_cannot_be_a_handler_or_a_setting_is_refused() -> None:
    webhooks = Webhooks(SECRET)
    with pytest.raises(ConfigError, match="async"):
        webhooks.on("ticket.created")(lambda _: None)  # type: ignore[arg-type, return-value] # the mistake under test
    with pytest.raises(ConfigError, match="topics"):
        webhooks.on()
    for order in (-1, "1", float("nan")):
        with pytest.raises(ConfigError, match="order_within_s"):
            webhooks.on("ticket.created", order_within_s=order)  # type: ignore[arg-type] # as above
    bad: dict[str, Any]
    for bad in (
        {"max_body_bytes": 0},
        {"max_queued": 0},
        {"concurrency": True},
        {"drain_s": -1},
        {"secret": ""},
    ):
        options: dict[str, Any] = {"secret": SECRET, **bad}
        with pytest.raises(ConfigError, match=next(iter(bad))):
            Webhooks(**options)
    with pytest.raises(ConfigError):
        MemorySeen(0)


def test_a_mistyped_topic_is_pointed_out(caplog: pytest.LogCaptureFixture) -> None:
    webhooks = Webhooks(SECRET)

    async def handle(_: Notification[Any]) -> None: ...

    webhooks.on("conversation.user.create")(handle)
    assert "conversation.user.created?" in caplog.text
    caplog.clear()
    webhooks.on("conversation.user.created", "*", "widget.deleted")(handle)
    assert caplog.text == ""


# Mounting ------------------------------------------------------------------------------------


async def test_an_app_served_alone_runs_its_handlers() -> None:
    webhooks = Webhooks(SECRET)
    handled: list[str] = []

    @webhooks.on("*")
    async def work(event: Notification[Any]) -> None:
        await CLOCK.sleep(1)
        handled.append(event.key)

    app = webhooks.asgi()
    async with lifespan(app) as said:
        body = notification()
        assert (await send(app, body=body, headers=signed(webhooks, body))).status == 200
    assert len(handled) == 1
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


class Inner:
    """An app that notes what it is asked, and may refuse lifespan scopes."""

    def __init__(self, webhooks: Webhooks, *, has_lifespan: bool = True) -> None:
        self.webhooks = webhooks
        self.has_lifespan = has_lifespan
        self.log: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.log.append(scope["path"])
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        if not self.has_lifespan:
            raise ValueError("HTTP only")
        self.log.append((await receive())["type"])
        await send({"type": "lifespan.startup.complete"})
        self.log.append((await receive())["type"])
        self.log.append(f"waiting {self.webhooks.statistics().waiting}")
        await send({"type": "lifespan.shutdown.complete"})


@pytest.mark.parametrize("has_lifespan", [True, False])
async def test_a_middleware_answers_its_path_and_follows_the_apps_life(
    *, has_lifespan: bool
) -> None:
    webhooks = Webhooks(SECRET)

    @webhooks.on("*")
    async def work(_: Notification[Any]) -> None:
        await CLOCK.sleep(1)

    inner = Inner(webhooks, has_lifespan=has_lifespan)
    app = webhooks.middleware("/intercom")(inner)
    async with lifespan(app) as said:
        for path in ("/intercom", "/intercom/"):
            body = notification()
            answer = await send(app, path=path, body=body, headers=signed(webhooks, body))
            assert answer.status == 200
        body = notification()
        answer = await send(
            app, path="/v1/intercom", root="/v1", body=body, headers=signed(webhooks, body)
        )
        assert answer.status == 200
        for path in ("/", "/intercomx", "/intercom/x", "/other"):
            assert (await send(app, "GET", path)).status == 204
    assert webhooks.statistics().handled == 3
    paths = ["/", "/intercomx", "/intercom/x", "/other"]
    if has_lifespan:
        # Everything accepted is handled before the app's own shutdown.
        assert inner.log == ["lifespan.startup", *paths, "lifespan.shutdown", "waiting 0"]
    else:
        assert inner.log == paths
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_running_may_begin_and_end_in_different_tasks() -> None:
    webhooks = Webhooks(SECRET)
    context = webhooks.running()
    await asyncio.create_task(context.__aenter__())
    assert await deliver(webhooks) == 200
    with pytest.raises(ConfigError, match="once"):
        await webhooks.running().__aenter__()
    await asyncio.create_task(context.__aexit__(None, None, None))
    async with webhooks.running():
        assert await deliver(webhooks) == 200


async def test_a_websocket_is_refused() -> None:
    sent: list[Any] = []

    async def collect(message: Any) -> None:
        sent.append(message)

    async def nothing() -> Any:
        raise AssertionError("nothing is to be received")

    await Webhooks(SECRET).asgi()({"type": "websocket"}, nothing, collect)
    assert sent == [{"type": "websocket.close", "code": 1008}]
