"""Who waits, and whose turn it is: four lanes, and within a lane the keys take turns.

The head of a lane is due at the moment it came plus the lane's slack; the lane whose head is due
first goes first. So an interactive call passes every bulk call of the last minute, and a bulk call
is passed by nobody who comes more than a minute later: no lane starves, and choosing takes four
comparisons, however many wait.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from intercom_async.priority import Priority

if TYPE_CHECKING:
    from .permit import Permit

SLACK_S = {
    Priority.INTERACTIVE: 0.0,
    Priority.NORMAL: 0.5,
    Priority.BACKGROUND: 5.0,
    Priority.BULK: 60.0,
}
_LONGEST_DEAD = 64


class Queue:
    """One key's calls: those that the server has turned away before, then the others."""

    __slots__ = ("_again", "_first")

    def __init__(self) -> None:
        self._first: deque[Permit] = deque()
        self._again: deque[Permit] | None = None

    def push(self, permit: Permit) -> None:
        """Queue a permit."""
        if permit.is_repeat:
            if self._again is None:
                self._again = deque()
            self._again.append(permit)
        else:
            self._first.append(permit)

    def head(self) -> tuple[Permit | None, int]:
        """Return who is next, and how many were dropped that wait no longer."""
        dropped = 0
        for queue in (self._again, self._first):
            while queue:
                permit = queue[0]
                if permit.is_waiting:
                    return permit, dropped
                queue.popleft()
                dropped += 1
        return None, dropped

    def pop(self) -> None:
        """Take the head out."""
        (self._again or self._first).popleft()

    def sweep(self) -> bool:
        """Drop everybody who waits no longer; say whether anybody is left."""
        self._again = deque(permit for permit in self._again or () if permit.is_waiting)
        self._first = deque(permit for permit in self._first if permit.is_waiting)
        return bool(self._again or self._first)

    def __iter__(self) -> Iterator[Permit]:
        """Give everybody who waits."""
        for queue in (self._again or (), self._first):
            yield from [permit for permit in queue if permit.is_waiting]


class Lane:
    """One lane: first come, first served for each key, and the keys in turn."""

    __slots__ = ("_dead", "_debts", "_keys", "live", "slack_s")

    def __init__(self, slack_s: float) -> None:
        self.slack_s: float = slack_s
        self.live: int = 0
        """Permits that wait."""
        self._keys: OrderedDict[str, Queue] = OrderedDict()
        self._debts: dict[str, int] = {}
        self._dead = 0

    def push(self, permit: Permit) -> None:
        """Queue a permit; one that was turned away by the server goes before the others."""
        queue = self._keys.get(permit.key)
        if queue is None:
            queue = self._keys[permit.key] = Queue()
        queue.push(permit)
        self.live += 1

    def head(self) -> Permit | None:
        """Return whose turn it is, or None if nobody waits."""
        while self._keys:
            key, queue = next(iter(self._keys.items()))
            permit, dropped = queue.head()
            self._dead -= dropped
            if permit is None:
                self._drop(key)
                continue
            debt = self._debts.get(key, 0) if self._debts else 0
            if debt > 0 and len(self._keys) > 1:
                # A heavy call has cost this key some of its turns.
                self._debts[key] = debt - 1
                self._keys.move_to_end(key)
                continue
            return permit
        return None

    def pop(self, permit: Permit) -> None:
        """Take the head out, and give the next key its turn."""
        queue = self._keys[permit.key]
        queue.pop()
        self.live -= 1
        if self.live == 0:
            self._clear()
        elif len(self._keys) > 1:
            if permit.cost > 1:
                self._debts[permit.key] = permit.cost - 1
            self._keys.move_to_end(permit.key)

    def forget(self) -> None:
        """Note that a permit in here waits no longer; it is taken out when it comes up."""
        self.live -= 1
        self._dead += 1
        if self.live == 0:
            self._clear()
        elif self._dead > self.live + _LONGEST_DEAD:
            self._sweep()

    def _clear(self) -> None:
        self._keys.clear()
        self._debts.clear()
        self._dead = 0

    def _drop(self, key: str) -> None:
        del self._keys[key]
        self._debts.pop(key, None)

    def _sweep(self) -> None:
        """Take out everybody who waits no longer, so that cancelled calls hold no memory."""
        for key, queue in list(self._keys.items()):
            if not queue.sweep():
                self._drop(key)
        self._dead = 0

    def __iter__(self) -> Iterator[Permit]:
        """Give everybody who waits."""
        for queue in list(self._keys.values()):
            yield from queue


class Lanes:
    """The four lanes of one app."""

    __slots__ = ("_lanes",)

    def __init__(self) -> None:
        self._lanes = tuple(Lane(SLACK_S[priority]) for priority in Priority)

    @property
    def live(self) -> int:
        """Permits that wait, in all lanes."""
        interactive, normal, background, bulk = self._lanes
        return interactive.live + normal.live + background.live + bulk.live

    def of(self, priority: Priority) -> Lane:
        """Return one lane."""
        return self._lanes[priority]

    def due(self) -> list[Permit]:
        """Return the head of each lane, the first due first."""
        heads: list[tuple[float, int, Permit]] = []
        for lane in self._lanes:
            if lane.live:
                head = lane.head()
                if head is not None:
                    heads.append((head.since + lane.slack_s, head.priority, head))
        if len(heads) > 1:
            heads.sort()
        return [head for _, _, head in heads]

    def ahead(self, priority: Priority) -> int:
        """Return how many wait in this lane and in those before it."""
        return sum(lane.live for lane in self._lanes[: priority + 1])
