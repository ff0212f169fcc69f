"""Asks whose workspace it is, and waits while the server does not answer that.

An outage that a run begins in is waited out like a later one. What no waiting mends is raised at
once: an unknown host, one that does not speak TLS or HTTP, a certificate that is not trusted, a
token that is not accepted.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import anyio

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import (
    ConnectError,
    IntercomError,
    RateLimitedError,
    ServerError,
    TransportError,
)
from intercom_async.models.admins import App, Me
from intercom_async.request.operation import Call
from intercom_async.response import Response
from intercom_async.transport.failures import NotHttpError
from .checkpoint import State
from .errors import SyncError
from .outage import Outage, OutageError, OutageGate, StoppedError
from .report import Report
from .server_time import ServerTime

T = TypeVar("T")

log: logging.Logger = logging.getLogger("intercom_async.sync")


async def unless_stopped(stop: anyio.Event, work: Callable[[], Awaitable[T]]) -> T:
    """Return what some work brings; cancel it once the run is to stop.

    Raises:
        StoppedError: The run is to stop.
        IntercomError: The work failed with it.
    """
    found: list[T] = []
    failed: list[IntercomError] = []
    async with anyio.create_task_group() as group:

        async def end_when_stopped() -> None:
            await stop.wait()
            group.cancel_scope.cancel()

        group.start_soon(end_when_stopped)
        try:
            found.append(await work())
        except IntercomError as error:
            failed.append(error)
        group.cancel_scope.cancel()
    if failed:
        raise failed[0]
    if not found:
        raise StoppedError("the run was asked to stop")
    return found[0]


async def first_answer(intercom: Intercom, call: Call[T], gate: OutageGate) -> Response[T]:
    """Return the answer to the first call of a run.

    Args:
        intercom: Sends it.
        call: The call.
        gate: Waits out an outage, and tells it from a failure of this call alone.

    Raises:
        StoppedError: The run is to end.
        IntercomError: The call failed with it, and it will not pass, or did not for too long.
    """
    failures = 0
    while True:
        begun_s = CLOCK.now()
        try:
            return await intercom.send(call)
        except (RateLimitedError, ServerError, TransportError) as error:
            if failures or not may_pass(error):
                raise
            log.warning("%s; the sync waits for the server, as long as its patience lasts", error)
            with suppress(OutageError):
                failures += not await gate.is_outage(begun_s, error)
                continue
            raise


def told_by(me: Response[Me]) -> tuple[ServerTime, App, str]:
    """Return the server's clock, the workspace, and its id.

    Raises:
        SyncError: The answer does not say the id: rows of two workspaces could get into one target.
    """
    app = me.data.app or App()
    if not app.id_code:
        raise SyncError(
            "GET /me does not say which workspace the token belongs to (app.id_code), and a target "
            "holds one only; look at what answers at the base URL"
        )
    return ServerTime.of(me), app, app.id_code


def may_pass(error: IntercomError) -> bool:
    """Say whether a call that failed so may succeed later, as nothing is wrong with the client."""
    if isinstance(error, ConnectError) and not error.retryable:
        # Calls that waited for a connection in vain say so, because of an error that may pass.
        return isinstance(error.__cause__, ConnectError) and may_pass(error.__cause__)
    return not isinstance(error.__cause__, NotHttpError)


def stopped_before_it_began(state: State | None, outages: Sequence[Outage] = ()) -> Report:
    """Return the report of a run that was stopped while it waited for what it begins with.

    Args:
        state: What the target remembers, if it was opened.
        outages: Outages that the run has waited for.
    """
    return Report(
        workspace="" if state is None else state.workspace,
        streams=(),
        failures=(),
        seconds=0.0,
        calls=0,
        throttled=0,
        retries=0,
        utilisation=None,
        was_stopped=True,
        outages=tuple(outages),
    )
