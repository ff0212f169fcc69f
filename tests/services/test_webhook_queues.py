"""Notifications handed over to job queues, as the guide shows it."""

from __future__ import annotations

from typing import Any

import pytest

from intercom_async.webhooks import Notification, Webhooks
from tests.support.asgi import send
from tests.support.notifications import SECRET, notification, signed

pytestmark = pytest.mark.anyio


class Handled:
    """A handler that fails once for each notification, and what it handled."""

    def __init__(self, webhooks: Webhooks) -> None:
        self.failed: set[str] = set()
        self.keys: list[str] = []
        webhooks.on("*")(self.handle)

    async def handle(self, event: Notification[Any]) -> None:
        if event.key not in self.failed:
            self.failed.add(event.key)
            raise RuntimeError("try again")
        self.keys.append(event.key)


async def deliver(webhooks: Webhooks, count: int) -> list[int]:
    statuses: list[int] = []
    for number in range(count):
        body = notification(id=f"n{number}")
        for _ in range(2):  # each is delivered twice
            answer = await send(webhooks.asgi(), body=body, headers=signed(webhooks, body))
            statuses.append(answer.status)
    return statuses


async def test_taskiq_takes_notifications_and_tries_again() -> None:
    taskiq: Any = pytest.importorskip("taskiq", reason="taskiq is not installed")
    broker = taskiq.InMemoryBroker(await_inplace=True).with_middlewares(
        taskiq.SimpleRetryMiddleware(default_retry_count=3)
    )
    webhooks = Webhooks(SECRET, queue=lambda event: handle.kiq(event.body))

    async def work(body: str) -> None:
        await webhooks.handle(body)

    handle: Any = broker.task(retry_on_error=True)(work)
    handled = Handled(webhooks)
    await broker.startup()
    assert await deliver(webhooks, 3) == [200] * 6
    await broker.wait_all()
    await broker.shutdown()
    assert sorted(handled.keys) == ["n0", "n1", "n2"]


async def test_procrastinate_takes_notifications_and_tries_again() -> None:
    procrastinate: Any = pytest.importorskip(
        "procrastinate", reason="procrastinate is not installed"
    )
    testing: Any = pytest.importorskip("procrastinate.testing")
    app = procrastinate.App(connector=testing.InMemoryConnector())
    webhooks = Webhooks(SECRET, queue=lambda event: handle.defer_async(body=event.body))

    async def work(body: str) -> None:
        await webhooks.handle(body)

    handle: Any = app.task(retry=5)(work)
    handled = Handled(webhooks)
    async with app.open_async():
        assert await deliver(webhooks, 3) == [200] * 6
        await app.run_worker_async(wait=False, install_signal_handlers=False)
    assert sorted(handled.keys) == ["n0", "n1", "n2"]
