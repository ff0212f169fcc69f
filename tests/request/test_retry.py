from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, strategies as st

from intercom_async.config import RetryPolicy
from intercom_async.errors import ConnectError, ConnectionLostError, RequestTimeoutError
from intercom_async.request.operation import Repeat
from intercom_async.request.retry import (
    FREE_REFUSALS,
    Retry,
    RetryBudget,
    after_status,
    after_transport_error,
    counted,
    pause_s,
)

POLICY = RetryPolicy()


def decide(status: int, repeat: Repeat = "safe", **given: Any) -> Retry | None:
    fields: dict[str, Any] = {"code": None, "refusals": 0, "retry_after_s": None}
    fields.update(given)
    return after_status(
        status, repeat=repeat, failures=1, policy=POLICY, random=Random(1), **fields
    )


@pytest.mark.parametrize("repeat", ["safe", "idempotent", "unsafe"])
def test_nothing_sent_may_always_be_repeated(repeat: Repeat) -> None:
    assert after_transport_error(ConnectError("no"), repeat, 1, POLICY, Random(1))


@pytest.mark.parametrize("error", [ConnectionLostError("cut"), RequestTimeoutError("late")])
def test_what_may_have_been_sent_is_repeated_only_where_harmless(error: Any) -> None:
    assert after_transport_error(error, "safe", 1, POLICY, Random(1))
    assert after_transport_error(error, "idempotent", 1, POLICY, Random(1))
    assert after_transport_error(error, "unsafe", 1, POLICY, Random(1)) is None


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_failures_of_the_server_are_repeated_only_where_harmless(status: int) -> None:
    assert decide(status)
    assert decide(status, "idempotent")
    assert decide(status, "unsafe") is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 415, 422])
def test_what_would_fail_again_is_not_repeated(status: int) -> None:
    assert decide(status) is None


def test_a_full_window_lets_the_scheduler_wait_and_any_call_may_go_again() -> None:
    retry = decide(429, "unsafe", refusals=1, is_queued=True)
    assert retry is not None
    assert retry.after_s == 0.0


def test_a_429_of_an_edge_is_waited_out_here() -> None:
    retry = decide(429, "unsafe", retry_after_s=7.0)
    assert retry is not None
    assert retry.after_s == 7.0


def test_a_503_before_any_work_lets_even_a_create_go_again() -> None:
    assert decide(503, "unsafe", retry_after_s=2.0)
    assert decide(503, "unsafe", code="service_unavailable")
    assert decide(500, "unsafe", retry_after_s=2.0) is None


def test_no_word_of_the_server_hangs_a_caller_for_ever() -> None:
    retry = decide(503, retry_after_s=86_400.0)
    assert retry is not None
    assert retry.after_s <= 60.0


class Longest(Random):
    """Draws the longest pause each time."""

    def uniform(self, a: float, b: float) -> float:
        del a
        return b


def decide_longest(retry_after_s: float, *, cap_s: float = POLICY.cap_s) -> Retry:
    found = after_status(
        503,
        code=None,
        refusals=0,
        retry_after_s=retry_after_s,
        repeat="safe",
        failures=1,
        policy=RetryPolicy(cap_s=cap_s),
        random=Longest(),
    )
    assert found is not None
    return found


@pytest.mark.parametrize(("cap_s", "longest_s"), [(8.0, 60.0), (100.0, 100.0)])
def test_the_longest_pause_that_is_asked_for_is_a_minute_or_the_own_cap(
    cap_s: float, longest_s: float
) -> None:
    assert decide_longest(86_400.0, cap_s=cap_s).after_s == longest_s


@pytest.mark.parametrize(("share", "is_asked"), [(0.5, False), (1.0, True), (2.0, True)])
def test_a_shorter_pause_than_the_own_one_is_not_asked_for(
    share: float,
    is_asked: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    found = decide_longest(share * POLICY.base_s)

    assert found.is_asked is is_asked
    assert found.after_s == max(1.0, share) * POLICY.base_s


def test_a_pause_doubles_up_to_the_cap() -> None:
    policy = RetryPolicy(base_s=1.0, cap_s=6.0)

    pauses = [pause_s(failures, policy, Longest()) for failures in (1, 2, 3, 4, 5000)]

    assert pauses == [1.0, 2.0, 4.0, 6.0, 6.0]


@pytest.mark.parametrize(
    ("attempts", "refusals", "expected"),
    [(3, 0, 3), (3, 2, 1), (1, 1, 1), (FREE_REFUSALS + 3, FREE_REFUSALS + 2, 3)],
)
def test_the_first_refusals_are_no_attempts(attempts: int, refusals: int, expected: int) -> None:
    assert counted(attempts, refusals) == expected


@given(st.integers(1, 10_000), st.integers())
def test_a_pause_is_never_longer_than_the_cap(failures: int, seed: int) -> None:
    assert 0.0 <= pause_s(failures, POLICY, Random(seed)) <= POLICY.cap_s


def test_a_budget_runs_out_and_is_earned_back() -> None:
    budget = RetryBudget(25)
    assert budget.take(10)
    assert budget.take(10)
    assert not budget.take(10)
    budget.give_back(10)
    assert budget.left == 15
    budget.give_back(0)
    assert budget.left == 16
    for _ in range(100):
        budget.give_back(0)
    assert budget.left == 25
