"""Queue with four lanes: strict order with bounded bypass, round-robin between fairness keys.

Lanes go in strict order. A head that has waited longer than its lane's slack is *overdue*; from
then on each call of another lane that goes counts as overtaking it. A head that has been overtaken
`MAX_OVERTAKEN - 1` times is *owed*: it goes next, whatever is held back for others, as long as the
server's limit has room. So between two calls of a lane whose head is overdue go at most
`MAX_OVERTAKEN + 1` others, at any demand: two of them for other lanes that are owed as well. And a
backlog that is minutes old does not delay a normal call that comes now. `app_turns` says the same
of calls of other queues.

Choosing takes four comparisons however many calls wait. Entries that stop waiting are skipped when
they come up, and swept out when they are many.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from intercom_async.priority import Priority

SLACK_S = {
    Priority.INTERACTIVE: 0.0,
    Priority.NORMAL: 0.5,
    Priority.BACKGROUND: 5.0,
    Priority.BULK: 60.0,
}
"""Seconds after which the head of a lane is overdue
(test_lanes.py::test_an_overdue_head_is_overtaken_a_bounded_number_of_times)."""
MAX_OVERTAKEN: dict[Priority, float] = {
    Priority.INTERACTIVE: math.inf,
    Priority.NORMAL: 10,
    Priority.BACKGROUND: 20,
    Priority.BULK: 40,
}
"""Calls of other lanes after which an overdue head is owed; the share of a lane under any overload
is one call in so many (test_lanes.py::test_an_overdue_head_is_overtaken_a_bounded_number_of_times).
"""
MAX_STALE = 64
"""Entries beyond the waiting ones that a lane keeps before it sweeps them out; bounds the memory
that cancelled calls hold (test_lanes.py::test_cancelled_waiters_are_forgotten)."""


class Entry(Protocol):
    """What waits in a lane."""

    @property
    def priority(self) -> Priority:
        """Its lane."""
        ...

    @property
    def key(self) -> str:
        """Its fairness key."""
        ...

    @property
    def cost(self) -> int:
        """Calls that it counts as."""
        ...

    @property
    def since(self) -> float:
        """Loop time at which it came."""
        ...

    @property
    def is_repeat(self) -> bool:
        """Whether it goes before those of its key that are not repeats."""
        ...

    @property
    def is_waiting(self) -> bool:
        """Whether it still waits."""
        ...


EntryT = TypeVar("EntryT", bound=Entry)


class KeyQueue(Generic[EntryT]):
    """Entries of one fairness key: repeats first, then the others, each in order of arrival."""

    __slots__ = ("_first", "_repeats", "waiting")

    def __init__(self) -> None:
        self._first: deque[EntryT] = deque()
        self._repeats: deque[EntryT] | None = None
        self.waiting: int = 0
        """Entries that wait."""

    def push(self, entry: EntryT) -> None:
        """Append an entry."""
        self.waiting += 1
        if entry.is_repeat:
            if self._repeats is None:
                self._repeats = deque()
            self._repeats.append(entry)
        else:
            self._first.append(entry)

    def peek(self) -> EntryT | None:
        """Return the next entry, if it waits; None where `head` has to look for it."""
        entry = self._repeats[0] if self._repeats else self._first[0] if self._first else None
        return entry if entry is not None and entry.is_waiting else None

    def head(self) -> tuple[EntryT | None, int]:
        """Return the next entry, and how many stale ones before it were dropped."""
        dropped = 0
        for queue in (self._repeats, self._first):
            while queue:
                entry = queue[0]
                if entry.is_waiting:
                    return entry, dropped
                queue.popleft()
                dropped += 1
        return None, dropped

    def pop(self) -> None:
        """Remove the head."""
        self.waiting -= 1
        (self._repeats or self._first).popleft()

    def sweep(self) -> bool:
        """Drop all stale entries; return whether any entry is left."""
        self._repeats = deque(entry for entry in self._repeats or () if entry.is_waiting)
        self._first = deque(entry for entry in self._first if entry.is_waiting)
        return bool(self._repeats or self._first)

    def __iter__(self) -> Iterator[EntryT]:
        """Yield the entries that wait."""
        for queue in (self._repeats or (), self._first):
            yield from [entry for entry in queue if entry.is_waiting]


class Lane(Generic[EntryT]):
    """One lane: first come, first served within a key, round-robin between keys."""

    __slots__ = (
        "_debts",
        "_heavy",
        "_keys",
        "_max_overtaken",
        "_slack_s",
        "_stale",
        "overtaken",
        "waiting",
    )

    def __init__(self, priority: Priority) -> None:
        self._slack_s = SLACK_S[priority]
        self._max_overtaken = MAX_OVERTAKEN[priority]
        self.overtaken: int = 0
        """Calls of other lanes that went while the head was overdue, since this lane's last one."""
        self.waiting: int = 0
        """Entries that wait."""
        self._keys: OrderedDict[str, KeyQueue[EntryT]] = OrderedDict()
        self._debts: dict[str, int] = {}
        """Rounds that a key has to skip because of a heavy call."""
        self._heavy = 0
        """Entries that wait and count as several calls."""
        self._stale = 0

    def push(self, entry: EntryT) -> None:
        """Add an entry."""
        queue = self._keys.get(entry.key)
        if queue is None:
            queue = self._keys[entry.key] = KeyQueue()
        queue.push(entry)
        self.waiting += 1
        if entry.cost > 1:
            self._heavy += 1

    def head(self) -> EntryT | None:
        """Return the entry that goes next, or None if none waits."""
        if not self._debts:  # as nearly always
            for queue in self._keys.values():
                entry = queue.peek()
                if entry is not None:
                    return entry
                break
        while self._keys:
            key, queue = next(iter(self._keys.items()))
            entry, dropped = queue.head()
            self._stale -= dropped
            if entry is None:
                self._drop(key)
                continue
            debt = self._debts.get(key, 0) if self._debts else 0
            if debt > 0 and len(self._keys) > 1:
                self._debts[key] = debt - 1
                self._keys.move_to_end(key)
                continue
            return entry
        return None

    def is_owed(self, head: EntryT, now: float) -> bool:
        """Return whether the head has been overtaken as often as it may be."""
        return self.overtaken >= self._max_overtaken - 1 and head.since + self._slack_s <= now

    def note_overtaken(self, now: float) -> bool:
        """Note that a call of another lane goes; return whether the head is owed from now on."""
        head = self.head()
        if head is None or head.since + self._slack_s > now:
            return False
        self.overtaken += 1
        return self.overtaken == self._max_overtaken - 1

    def pop(self, entry: EntryT) -> None:
        """Remove the head; the next key follows."""
        queue = self._keys[entry.key]
        queue.pop()
        self.waiting -= 1
        self.overtaken = 0
        if entry.cost > 1:
            self._heavy -= 1
        if self.waiting == 0:
            self._clear()
        elif len(self._keys) > 1:
            if entry.cost > 1:
                self._debts[entry.key] = entry.cost - 1
            self._keys.move_to_end(entry.key)

    def discard(self, entry: EntryT) -> None:
        """Note that an entry stopped waiting; it is removed when it comes up."""
        self.waiting -= 1
        self._stale += 1
        if entry.cost > 1:
            self._heavy -= 1
        queue = self._keys.get(entry.key)
        if queue is not None:
            queue.waiting -= 1
        if self.waiting == 0:
            self._clear()
        elif self._stale > self.waiting + MAX_STALE:
            self._sweep()

    def _clear(self) -> None:
        self._keys.clear()
        self._debts.clear()
        self._heavy = 0
        self._stale = 0

    def surely_before(self, entry: EntryT) -> int:
        """Return how many entries go before one that has just come, whatever comes later."""
        if entry.is_repeat:
            return 0
        if len(self._keys) == 1:
            return self.waiting - 1
        own = self._keys[entry.key].waiting - 1
        # A key that is before the entry's own has one more turn until the entry's.
        count, turns = own, own + 1
        for key, queue in self._keys.items():
            if key == entry.key:
                turns = own
                continue
            count += max(0, min(queue.waiting, turns - self._debts.get(key, 0)))
        return count

    @property
    def is_light(self) -> bool:
        """Whether no entry counts as several calls: a lighter one may overtake those."""
        return not self._heavy

    def _drop(self, key: str) -> None:
        del self._keys[key]
        self._debts.pop(key, None)

    def _sweep(self) -> None:
        for key, queue in list(self._keys.items()):
            if not queue.sweep():
                self._drop(key)
        self._stale = 0

    def __iter__(self) -> Iterator[EntryT]:
        """Yield the entries that wait."""
        for queue in list(self._keys.values()):
            yield from queue


class Lanes(Generic[EntryT]):
    """The four lanes of one queue."""

    __slots__ = ("_lanes", "waiting")

    def __init__(self) -> None:
        self._lanes: tuple[Lane[EntryT], ...] = tuple(
            Lane[EntryT](priority) for priority in Priority
        )
        self.waiting: int = 0
        """Entries that wait, in all lanes."""

    def of(self, priority: Priority) -> Lane[EntryT]:
        """Return one lane."""
        return self._lanes[priority]

    def push(self, entry: EntryT) -> None:
        """Add an entry to its lane."""
        self._lanes[entry.priority].push(entry)
        self.waiting += 1

    def pop(self, entry: EntryT, now: float) -> None:
        """Remove the head of a lane, which goes now; it overtakes the overdue heads of others."""
        own = self._lanes[entry.priority]
        own.pop(entry)
        self.waiting -= 1
        if self.waiting != own.waiting:
            self.note_overtaken(now, by=own)

    def note_overtaken(self, now: float, *, by: Lane[EntryT] | None = None) -> bool:
        """Note that a call overtakes the overdue heads: one of a lane, or of another queue.

        Returns:
            Whether one of the heads is owed from now on.
        """
        is_owed = False
        for lane in self._lanes[1:]:
            if lane.waiting and lane is not by and lane.note_overtaken(now):
                is_owed = True
        return is_owed

    def discard(self, entry: EntryT) -> None:
        """Note that an entry stopped waiting."""
        self._lanes[entry.priority].discard(entry)
        self.waiting -= 1

    def heads(self, now: float) -> list[tuple[EntryT, bool]]:
        """Return the head of each lane, and whether it is owed, in the order in which they go."""
        heads: list[tuple[EntryT, bool]] = []
        has_owed = False
        for lane in self._lanes:
            if lane.waiting:
                head = lane.head()
                if head is not None:
                    is_owed = lane.overtaken > 0 and lane.is_owed(head, now)
                    has_owed = has_owed or is_owed
                    heads.append((head, is_owed))
        if has_owed:
            heads.sort(key=_due_at)
        return heads

    def owed_since(self, now: float) -> float:
        """Return since when the head that has been owed for longest is due; inf for none."""
        due_at = math.inf
        for lane in self._lanes:
            if lane.waiting and lane.overtaken:
                head = lane.head()
                if head is not None and lane.is_owed(head, now):
                    due_at = min(due_at, _due_at((head, True)))
        return due_at

    def ahead(self, priority: Priority) -> int:
        """Return how many entries wait in a lane and in the more urgent ones."""
        return sum(lane.waiting for lane in self._lanes[: priority + 1])

    def surely_before(self, entry: EntryT) -> tuple[int, int]:
        """Return how many entries go before one that has just come, if none of them gives up.

        Returns:
            Those of its own lane, and those of more urgent lanes, which go before it until its lane
            is owed a turn.
        """
        more_urgent = self._lanes[: entry.priority]
        return (
            self._lanes[entry.priority].surely_before(entry),
            sum(lane.waiting for lane in more_urgent if lane.is_light),
        )

    def __iter__(self) -> Iterator[EntryT]:
        """Yield the entries that wait, lane by lane."""
        for lane in self._lanes:
            yield from lane


def _due_at(head: tuple[Entry, bool]) -> float:
    """Return since when a head is owed; those that are not follow in the order of the lanes."""
    entry, is_owed = head
    return entry.since + SLACK_S[entry.priority] if is_owed else math.inf
