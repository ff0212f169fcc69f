"""One round of dispatching: the queues are asked in turn until none may let a call go.

Schedulers that share a workspace dispatch together while its window is short: their apps take turns
as those of one scheduler do. Each keeps its own places, breaker and timer.
"""

from __future__ import annotations

import math

from .app_queue import AppQueue
from .app_turns import AppTurns, RoundMember

RECOVERY_S = 1.0
"""Seconds after which calls are tried again should a dispatch raise, so that none waits for ever
(test_dispatcher.py::test_a_dispatch_that_raises_is_tried_again)."""


def dispatch(first: RoundMember, turns: AppTurns, now: float) -> None:
    """Let go all calls that may, and set the timers for the next attempt.

    Args:
        first: The dispatcher that has been asked to.
        turns: The order of its apps, and of those that share what is short.
        now: Loop time.
    """
    members = [first, *turns.waiting_beside(first)]
    # Should anything raise, which nothing known does, calls are tried again all the same.
    retry_at = dict.fromkeys(members, now + RECOVERY_S)
    try:
        retry_at = _play(members, turns, now)
    finally:
        for member in members:
            member.end_round(retry_at[member])
    for member in members:
        member.tell_granted(now)


def _play(members: list[RoundMember], turns: AppTurns, now: float) -> dict[RoundMember, float]:
    """Let go all calls that may; return when each dispatcher is to try again."""
    queues: list[AppQueue] = []
    owners: dict[AppQueue, RoundMember] = {}
    retry_at = dict.fromkeys(members, math.inf)
    for member in members:
        for queue in member.queues.values():
            if queue.lanes.waiting:
                queue.limiter.forget_idle_callers(now)
                owners[queue] = member
                queues.append(queue)
    waiting = queues.copy()
    while queues:
        queue = queues[0] if len(queues) == 1 else turns.first(queues, now)
        member = owners[queue]
        moment = member.dispatch_one(queue, now)
        if moment:
            queues.remove(queue)
            retry_at[member] = min(retry_at[member], moment)
        elif len(waiting) > 1:
            owed = turns.note_gone(queue, _overtaken(queue, waiting, owners), now)
            queues += [other for other in owed if other not in queues]
    return retry_at


def _overtaken(
    gone: AppQueue, waiting: list[AppQueue], owners: dict[AppQueue, RoundMember]
) -> list[AppQueue]:
    """Return the queues that wait for what a call that has gone took, if there is little of it.

    Places are those of one scheduler; the workspace's window is shared by all of them.
    """
    if gone.limiter.workspace.is_short:
        return waiting
    owner = owners[gone]
    if owner.has_few_places:
        return [queue for queue in waiting if owners[queue] is owner]
    return []
