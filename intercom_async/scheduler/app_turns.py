"""Whose turn it is among apps that wait: first those owed a call, then who went longest ago.

Apps have windows of their own, and share the places of `Limits.max_in_flight` and the window of
their workspace. Where these are short, a call of one app overtakes the overdue heads of the others,
as it does those of its own app: without that, interactive calls of one app could take every place
for ever. With `a` apps that wait, `a - 1` calls of others count as one, so that what lower lanes
take of all calls does not grow with the number of apps. As long as all that an overdue head lacks
is what apps share, at most `(a - 1) * (MAX_OVERTAKEN - 1)` calls go before it, and one for each
lane that has been owed for longer.
"""

from __future__ import annotations

from collections.abc import Sequence

from .app_queue import AppQueue


class AppTurns:
    """Order of a scheduler's apps."""

    __slots__ = ("_turn",)

    def __init__(self) -> None:
        self._turn = 0

    def first(self, queues: Sequence[AppQueue], now: float) -> AppQueue:
        """Return the queue whose turn it is."""
        return min(queues, key=lambda queue: (queue.lanes.owed_since(now), queue.turn))

    def note_gone(
        self, gone: AppQueue, waiting: Sequence[AppQueue], now: float, *, is_short: bool
    ) -> list[AppQueue]:
        """Note that a call of an app has gone; return the queues to ask again: one has become owed.

        Args:
            gone: Its queue.
            waiting: The queues of all apps that wait, or waited until now.
            now: Loop time.
            is_short: Whether there is too little of what apps share.
        """
        self._turn += 1
        gone.turn = self._turn
        owed: list[AppQueue] = []
        if not is_short:
            return owed
        others = len(waiting) - 1
        for queue in waiting:
            if queue is not gone and queue.lanes.waiting:
                queue.passed += 1
                if queue.passed >= others:
                    queue.passed = 0
                    if queue.lanes.note_overtaken(now):
                        owed.append(queue)
        return owed
