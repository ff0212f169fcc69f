"""Whose turn it is among apps that wait: first those owed a call, then who went longest ago.

Apps have windows of their own, and share the places of `Limits.max_in_flight` and the window of
their workspace. Where these are short, a call of one app overtakes the overdue heads of the others,
as it does those of its own app: without that, interactive calls of one app could take every place
for ever. With `a` apps that wait, `a - 1` calls of others count as one, so that what lower lanes
take of all calls does not grow with the number of apps. As long as all that an overdue head lacks
is what apps share, at most `(a - 1) * (MAX_OVERTAKEN - 1)` calls go before it, and one for each
lane that has been owed for longer.

Schedulers of one workspace share the turns of their apps, and dispatch together where its window is
short: a call that comes is then queued, and what one of them gives back wakes the others.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol
from weakref import WeakKeyDictionary

from .app_queue import AppQueue
from .limits.server_clock import ServerClock
from .limits.workspace_limiter import WorkspaceLimiter


class RoundMember(Protocol):
    """A dispatcher, as those see it that take turns with it."""

    queues: dict[Hashable, AppQueue]
    """Its apps."""
    waiting: int
    """Calls that wait, of all of them."""

    @property
    def has_few_places(self) -> bool:
        """Whether only interactive and owed calls may take one of its places."""
        ...

    def dispatch_one(self, queue: AppQueue, now: float) -> float:
        """Let one call of an app go and return 0.0; else return when to try again."""
        ...

    def end_round(self, retry_at: float) -> None:
        """Set the timer for the next attempt."""
        ...

    def tell_granted(self, now: float) -> None:
        """Call the hooks for the calls that the round has let go."""
        ...

    def schedule_dispatch(self) -> None:
        """Begin a round soon."""
        ...


class AppTurns:
    """Order of the apps of a workspace.

    Args:
        workspace: What they may send together.
        clock: Offset of the server's clock: apps that take turns have to see a window open at the
            same moment.
    """

    __slots__ = ("__weakref__", "_members", "_turn", "are_shared", "clock", "workspace")

    def __init__(self, workspace: WorkspaceLimiter, clock: ServerClock) -> None:
        self.workspace: WorkspaceLimiter = workspace
        self.clock: ServerClock = clock
        self.are_shared: bool = False
        """Whether more than one scheduler has joined."""
        self._members: WeakKeyDictionary[RoundMember, None] = WeakKeyDictionary()
        self._turn = 0

    def join(self, member: RoundMember) -> None:
        """Order the apps of a scheduler, too."""
        self._members[member] = None
        self.are_shared = len(self._members) > 1
        for queue in member.queues.values():
            queue.turn = queue.passed = 0

    def waiting_beside(self, member: RoundMember) -> list[RoundMember]:
        """Return the others that wait while what all share is short; who joined first is first."""
        if not self.are_shared or not self.workspace.is_short:
            return []
        return [other for other in self._members if other.waiting and other is not member]

    def first(self, queues: Sequence[AppQueue], now: float) -> AppQueue:
        """Return the queue whose turn it is."""
        return min(queues, key=lambda queue: (queue.lanes.owed_since(now), queue.turn))

    def note_gone(
        self, gone: AppQueue, overtaken: Sequence[AppQueue], now: float
    ) -> list[AppQueue]:
        """Note that a call of an app has gone; return the queues to ask again: one has become owed.

        Args:
            gone: Its queue.
            overtaken: It and the queues of those that wait, or waited until now, for the same
                thing that is short; empty if nothing is.
            now: Loop time.
        """
        self._turn += 1
        gone.turn = self._turn
        owed: list[AppQueue] = []
        others = len(overtaken) - 1
        for queue in overtaken:
            if queue is not gone and queue.lanes.waiting:
                queue.passed += 1
                if queue.passed >= others:
                    queue.passed = 0
                    if queue.lanes.note_overtaken(now):
                        owed.append(queue)
        return owed
