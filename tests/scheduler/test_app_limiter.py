"""A call that goes without being weighed is one that would have gone anyhow."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

import pytest

from intercom_async.clock import CLOCK
from intercom_async.codec.coercion import is_array, is_object
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler.limits.app_limiter import AppLimiter
from intercom_async.scheduler.limits.window_budget import Charge
from .conftest import MakeDesk

pytestmark = pytest.mark.anyio

LIMIT = 50


def state_of(thing: Any, known: dict[int, int] | None = None) -> Any:
    """Return everything that an object holds, in values that compare; functions are left out."""
    known = {} if known is None else known
    if isinstance(thing, tuple):
        thing = list(thing)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] (any tuple)
    if is_array(thing):
        return [state_of(each, known) for each in thing]
    if is_object(thing):
        return {key: state_of(each, known) for key, each in thing.items()}
    if isinstance(thing, Random):
        return thing.getstate()
    if callable(thing) or not type(thing).__module__.startswith("intercom_async"):
        return None if callable(thing) else thing
    if id(thing) in known:
        return known[id(thing)]
    known[id(thing)] = len(known)
    names = getattr(thing, "__slots__", ()) or getattr(thing, "__struct_fields__", ())
    return {name: state_of(getattr(thing, name), known) for name in names}


@pytest.mark.parametrize("seed", range(3))
async def test_what_goes_freely_would_go_anyhow(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Beside others, after 429s, at the ends of windows: both ways to decide agree, if both do."""
    desk = make_desk(Limits(app_per_minute=6 * LIMIT), limit=LIMIT, seed=seed)
    random = Random(seed)
    agreed: list[bool] = []
    refusals: list[float] = []
    acquire_freely = AppLimiter.acquire_freely

    def checked(self: AppLimiter, now: float) -> Charge | None:
        self.windows.candidates(now)  # opens windows, by functions that a copy shares
        other = deepcopy(self)
        charge = acquire_freely(self, now)
        if charge is None:
            refusals.append(now)
        else:
            other.note_arrival(Priority.NORMAL, now)
            weighed = other.try_acquire(now, priority=Priority.NORMAL, cost=1, backlog=0)
            agreed.append(state_of([weighed, other]) == state_of([charge, self]))
        return charge

    monkeypatch.setattr(AppLimiter, "acquire_freely", checked)
    for number in range(400):
        # Alone for four windows, then beside others that may use the window up.
        is_alone = number < 200
        if not is_alone and random.random() < 0.01:
            desk.server.take(random.choice([1, 5, LIMIT]))
        urgent = number == 180 or (not is_alone and random.random() < 0.05)
        desk.start(priority=Priority.INTERACTIVE if urgent else Priority.NORMAL)
        await CLOCK.sleep(random.choice([0.0, 0.0, 0.05, 0.3, 0.8]))
    await desk.done()

    assert desk.is_quiet
    assert all(agreed)
    assert min(len(agreed), len(refusals)) > 20
