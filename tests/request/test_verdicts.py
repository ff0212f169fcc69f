"""What follows an attempt whose work may be done although no answer could be read."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from intercom_async.config import RetryPolicy
from intercom_async.errors import ConnectError, ConnectionLostError, DecodeError
from intercom_async.models import Admin
from intercom_async.request.builder import RequestBuilder
from intercom_async.request.call_state import CallState
from intercom_async.request.operation import Operation, Repeat
from intercom_async.request.options import CallOptions
from intercom_async.request.verdicts import after_unreadable, after_work
from intercom_async.transport import MemoryTransport
from tests.support.scripted_client import TOKEN


def state_of(repeat: Repeat) -> CallState[Any]:
    builder = RequestBuilder("https://api.example.test", TOKEN, "PUT", CallOptions())
    operation = Operation("POST", "/admins", Admin, repeat=repeat)
    return CallState(operation.at(), builder, MemoryTransport([]).exchange)


def test_an_error_after_the_work_says_that_it_may_have_been_done() -> None:
    never_sent = ConnectError("no route", call="GET /x")
    lost = ConnectionLostError("reset", call="GET /x")

    error = after_work(never_sent)

    assert error.maybe_sent
    assert error.__cause__ is never_sent
    assert "the work is done" in str(error)
    assert after_work(lost) is lost


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("repeat", "path", "is_repeated"),
    [
        ("safe", "", True),
        ("idempotent", "", True),
        ("unsafe", "", False),
        ("safe", "$.id", False),  # a value of a wrong type would be so again
    ],
)
async def test_a_broken_body_is_asked_for_again_where_that_is_harmless(
    repeat: Repeat, path: str, *, is_repeated: bool
) -> None:
    state = state_of(repeat)
    error = DecodeError("no JSON", call="POST /admins", path=path)

    attempt = after_unreadable(state, error, RetryPolicy(), Random(1))

    assert state.maybe_sent
    assert attempt.error is error
    assert (attempt.retry is not None) is is_repeated
