"""Accept each notification once: deduplicate, hand over, and tell Intercom how it went.

Order of events for one notification: claim its key, hand it over, confirm the key. A failed
hand-over releases the claim, and Intercom, answered with 503, delivers again after a minute. A
duplicate of a claim that is open in this process waits for its outcome; across processes it is told
503, which makes Intercom deliver again when the outcome is known. It is never told 429, which would
throttle the subscription for up to two hours.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any

import anyio

from intercom_async.errors import ClosedError
from .notification import Notification
from .seen import Claim, MemorySeen, Seen

HAND_OVER_S = 3.0
"""Seconds to deduplicate and hand a notification over; Intercom counts an answer after 5 s as a
failure (test_endpoint.py::test_a_queue_that_hangs_is_told_503_within_intercoms_5_s)."""
SEEN_S = 0.5
"""Seconds for one step of the memory of keys, after which it counts as unavailable
(test_intake.py::test_a_memory_that_hangs_or_fails_does_not_keep_notifications_out)."""

_LOG = logging.getLogger("intercom_async.webhooks")

HandOver = Callable[[Notification[Any]], Awaitable[object]]
Offer = Callable[[Notification[Any]], bool]


class Outcome(Enum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """It was accepted before."""
    BUSY = "busy"
    """It could not be accepted now; another delivery may be."""


class Intake:
    """Hands each notification over once.

    Args:
        hand_over: Takes a notification; what it returned from is not lost any more.
        seen: Memory of the keys that were accepted.
        offer: Hands a notification over without waiting, or says that it cannot. With a memory in
            this process nothing has to be waited for then, and a notification costs a third less.
    """

    def __init__(self, hand_over: HandOver, seen: Seen, *, offer: Offer | None = None) -> None:
        self._hand_over = hand_over
        self._seen = seen
        self._offer = offer
        # A class derived from it may wait in its methods.
        self._own_seen = seen if type(seen) is MemorySeen else None
        self._open: dict[str, asyncio.Future[bool]] = {}
        self._is_seen_available = True

    async def accept(self, event: Notification[Any]) -> Outcome:
        """Deduplicate a notification and hand it over, within `HAND_OVER_S` seconds."""
        if self._own_seen is not None and self._offer is not None and event.key not in self._open:
            outcome = self._accept_now(event, self._own_seen, self._offer)
            if outcome is not None:
                return outcome
        try:
            async with asyncio.timeout(HAND_OVER_S):
                first = self._open.get(event.key)
                if first is not None:
                    was_accepted = await asyncio.shield(first)
                    return Outcome.DUPLICATE if was_accepted else Outcome.BUSY
                return await self._accept_first(event)
        except TimeoutError:
            _LOG.warning("%s was not handed over within %g s", event.topic, HAND_OVER_S)
        except ClosedError as error:
            _LOG.error(
                "%s; enter running() in the app's lifespan: async with webhooks.running(): …",
                error,
            )
        except Exception as error:  # noqa: BLE001 (a queue may raise anything; Intercom is answered 503)
            _LOG.error("%s was not handed over: %s", event.topic, type(error).__qualname__)
        return Outcome.BUSY

    @staticmethod
    def _accept_now(event: Notification[Any], seen: MemorySeen, offer: Offer) -> Outcome | None:
        """Do all of it in one step, which nothing can interrupt; None where it has to wait."""
        claim = seen.claim_now(event.key)
        if claim is not Claim.CLAIMED:
            return Outcome.DUPLICATE if claim is Claim.DONE else Outcome.BUSY
        if not offer(event):
            seen.release_now(event.key)
            return None
        seen.confirm_now(event.key)
        return Outcome.ACCEPTED

    async def _accept_first(self, event: Notification[Any]) -> Outcome:
        outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._open[event.key] = outcome
        claim: Claim | None = Claim.CLAIMED
        try:
            try:
                claim = await self._step(self._seen.claim(event.key))
                if claim is Claim.DONE:
                    outcome.set_result(True)
                    return Outcome.DUPLICATE
                if claim is Claim.OPEN:
                    return Outcome.BUSY
                await self._hand_over(event)
            except BaseException:
                # Also where the claim itself was cancelled: it may have been made.
                if claim is Claim.CLAIMED:
                    await self._step(self._seen.release(event.key))
                raise
            outcome.set_result(True)
            # Also after a failed claim: the memory may be back.
            await self._step(self._seen.confirm(event.key))
            return Outcome.ACCEPTED
        finally:
            del self._open[event.key]
            if not outcome.done():
                outcome.set_result(False)

    async def _step(self, step: Awaitable[Any]) -> Any:
        """Take one step in the memory of keys; None where it is unavailable.

        It is finished even if the request is cancelled, by anyio or by asyncio, so that no claim
        stays open.
        """
        found, cancelled = None, None
        task: asyncio.Future[Any] = asyncio.ensure_future(step)
        try:
            with anyio.CancelScope(shield=True, deadline=anyio.current_time() + SEEN_S) as scope:
                cancelled = await _end_of(task, scope)
            if not task.done():
                task.cancel()
                raise TimeoutError  # noqa: TRY301 (handled like every other failure)
            found = task.result()
        except Exception as error:  # noqa: BLE001 (a memory may raise anything)
            if self._is_seen_available:
                _LOG.warning(
                    "the memory of accepted notifications is unavailable (%s): duplicates may be "
                    "handled twice until it is back",
                    type(error).__qualname__,
                )
            self._is_seen_available = False
        else:
            self._is_seen_available = True
        if cancelled is not None:
            raise cancelled
        return found


async def _end_of(
    task: asyncio.Future[Any], scope: anyio.CancelScope
) -> asyncio.CancelledError | None:
    """Wait for the end of a step; return the cancellation of the request that came meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            if scope.cancel_called:  # the step has taken too long
                raise
            cancelled = error
    return cancelled
