"""What follows an attempt: what its answer holds, another attempt, or an error."""

from __future__ import annotations

import logging
from random import Random
from typing import Any, TypeVar

from intercom_async.clock import CLOCK
from intercom_async.config import RetryPolicy
from intercom_async.errors import ConnectionLostError, DecodeError, TransportError
from intercom_async.scheduler import Throttle
from intercom_async.scheduler.throttling import FULL_WINDOW
from . import retry
from .call_state import CallState, FailedAttempt
from .error_body import ErrorBody, to_error
from .headers import parse_retry_after
from .replies import already_deleted, decoded, decoded_in_pieces, log_reply, repaired

T = TypeVar("T")

log: logging.Logger = logging.getLogger("intercom_async")


def after_reply(state: CallState[T], policy: RetryPolicy, random: Random) -> T | FailedAttempt:
    """Decode a success; decide about a retry after anything else."""
    if log.isEnabledFor(logging.DEBUG):
        log_reply(state)
    if state.error_body is not None:
        return after_error(state, state.error_body, policy, random)
    try:
        data: T = decoded(state.reply, state.call)
    except DecodeError as unreadable:
        return after_unreadable(state, unreadable, policy, random)
    return data


def after_unread_reply(
    state: CallState[T], policy: RetryPolicy, random: Random
) -> T | FailedAttempt:
    """Do the same with a success that could not be decoded as it stands."""
    try:
        data: T = repaired(state.reply, state.call)
    except DecodeError as unreadable:
        return after_unreadable(state, unreadable, policy, random)
    return data


async def after_large_reply(
    state: CallState[T], policy: RetryPolicy, random: Random
) -> T | FailedAttempt:
    """Do the same with a large reply, whose rows are decoded in several turns of the loop."""
    if state.error_body is not None:
        return after_reply(state, policy, random)
    if log.isEnabledFor(logging.DEBUG):
        log_reply(state)
    try:
        data: T = await decoded_in_pieces(state.reply, state.call)
    except DecodeError as unreadable:
        return after_unreadable(state, unreadable, policy, random)
    return data


def after_error(
    state: CallState[Any], body: ErrorBody, policy: RetryPolicy, random: Random
) -> Any | FailedAttempt:
    """Decide after a reply that is not a success.

    Args:
        state: The call.
        body: What the reply's body says.
        policy: The client's settings.
        random: Where jitter comes from.

    Returns:
        The failed attempt, or the data of a DELETE whose earlier attempt has done the work.
    """
    permit, reply = state.permit, state.reply
    done = already_deleted(state)
    if done is not None:
        return done[0]
    retry_after_s = parse_retry_after(reply.headers, CLOCK.unix())
    state.maybe_sent |= not retry.did_nothing(reply.status, body.code, retry_after_s)
    is_full = permit.throttle in FULL_WINDOW
    is_refusal = is_full or permit.throttle is Throttle.EDGE
    state.since = permit.since if is_refusal else None
    state.refusals += is_refusal and policy.max_attempts > 1
    again = None
    if permit.throttle is not Throttle.RESOURCE and state.may_repeat:
        counted = retry.counted(state.attempts, state.refusals)
        again = retry.after_status(
            reply.status,
            code=body.code,
            refusals=state.refusals if is_refusal else 0,
            is_queued=is_full,
            retry_after_s=retry_after_s,
            repeat=state.call.operation.repeat,
            failures=state.attempts if is_refusal else counted,
            policy=policy,
            random=random,
        )
    if is_full and permit.retry_after_s is not None:
        retry_after_s = max(retry_after_s or 0.0, permit.retry_after_s)
    error = to_error(
        state.call.name, reply, body, window=permit.window, retry_after_s=retry_after_s
    )
    return FailedAttempt(error, again)


def after_work(error: TransportError) -> TransportError:
    """Return the error to raise where the work is done but its result could not be read."""
    if error.maybe_sent:
        return error
    lost = ConnectionLostError(
        f"the work is done, but its result could not be read: {error.reason}", call=error.call
    )
    lost.__cause__ = error
    return lost


def after_unreadable(
    state: CallState[Any], error: DecodeError, policy: RetryPolicy, random: Random
) -> FailedAttempt:
    """Decide after a success whose body cannot be read."""
    state.maybe_sent = True
    # Without a path the whole body is broken; a value of a wrong type would be so again.
    if state.call.operation.repeat == "unsafe" or error.path:
        return FailedAttempt(error, None)
    pause_s = retry.pause_s(state.attempts, policy, random)
    return FailedAttempt(error, retry.Retry(pause_s, retry.TRANSIENT_COST, "unreadable answer"))
