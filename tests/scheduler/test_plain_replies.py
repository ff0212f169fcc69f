"""Replies that are booked in a few additions leave the limiter as the long way would."""

from __future__ import annotations

from copy import deepcopy
from random import Random

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.response import Window
from intercom_async.scheduler.limits.app_limiter import AppLimiter
from intercom_async.scheduler.limits.plain_replies import PlainReplies
from intercom_async.scheduler.limits.window_budget import Charge
from .conftest import MakeDesk
from .test_app_limiter import state_of

pytestmark = pytest.mark.anyio

LIMIT = 50


def known_to(app: AppLimiter) -> object:
    """Return all that an app's limiter knows, but for which replies it takes for plain."""
    return [
        state_of([getattr(app, name)]) for name in AppLimiter.__slots__ if name != "plain_replies"
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_plain_replies_are_booked_as_all_others_are(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Alone, beside others, after 429s and overtaken: both ways to learn teach the same."""
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT, seed=seed)
    random = Random(seed)
    agreed: list[bool] = []
    looked_at: list[float] = []
    apps: dict[PlainReplies, AppLimiter] = {}
    book, confirm = PlainReplies.book, AppLimiter.confirm

    def noted(self: AppLimiter, charge: Charge, *rest: object, **more: object) -> object:
        apps[self.plain_replies] = self
        return confirm(self, charge, *rest, **more)  # type: ignore[arg-type]

    def checked(
        self: PlainReplies, charge: Charge, reply: Window, sent: float, received: float
    ) -> bool:
        app = apps.get(self)
        if app is None:
            return book(self, charge, reply, sent, received)
        other, other_charge = deepcopy((app, charge))
        if not book(self, charge, reply, sent, received):
            looked_at.append(received)
            return False
        confirm(other, other_charge, reply, sent, received)
        agreed.append(known_to(other) == known_to(app))
        return True

    monkeypatch.setattr(AppLimiter, "confirm", noted)
    monkeypatch.setattr(PlainReplies, "book", checked)
    for number in range(400):
        is_alone = number < 250
        if not is_alone and random.random() < 0.02:
            desk.server.take(random.choice([1, 5, LIMIT]))
        desk.start(priority=random.choice([Priority.NORMAL, *Priority]))
        await CLOCK.sleep(random.choice([0.0, 0.0, 0.0, 0.02, 0.05, 0.3, 0.8]))
    await desk.done()

    assert desk.is_quiet
    assert all(agreed)
    assert min(len(agreed), len(looked_at)) > 20
