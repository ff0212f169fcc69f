"""One page at work in a turn of the loop, so that pages that come together do not add up."""

from __future__ import annotations

import anyio

from intercom_async.clock import CLOCK


class TurnTaking:
    """Lets one task a turn go on.

    A page of 150 rows takes 2 ms to read and as long to merge, the children of a row about one; of
    some dozen readers many have their answers at the same moment
    (test_turn_taking.py::test_one_task_goes_on_in_a_turn).
    """

    def __init__(self) -> None:
        self._lock = anyio.Lock()

    async def take(self) -> None:
        """Wait for a turn in which no other task that asks for one goes on."""
        async with self._lock:
            await CLOCK.sleep(0)
