"""The breaker opens after several failures in a row and lets a single call try again."""

from __future__ import annotations

import math
from random import Random

import pytest

from intercom_async.scheduler.circuit_breaker import MAX_PAUSE_S, THRESHOLD, CircuitBreaker


def opened(failures: int = THRESHOLD) -> CircuitBreaker:
    breaker = CircuitBreaker(Random(1))
    for _ in range(failures):
        breaker.record_failure(0.0)
    return breaker


def test_the_third_failure_in_a_row_opens_it() -> None:
    breaker = CircuitBreaker(Random(1))

    assert [breaker.record_failure(0.0) for _ in range(4)] == [False, False, True, False]
    assert breaker.is_open
    assert 0.0 < breaker.retry_at(0.0) <= 1.0


def test_pauses_double_up_to_the_longest() -> None:
    breaker, now, pauses = opened(), 0.0, [0.0]
    for _ in range(10):
        now = breaker.open_until
        breaker.record_failure(now)
        pauses.append(breaker.open_until - now)

    assert all(pause <= MAX_PAUSE_S for pause in pauses)
    assert pauses[-1] >= MAX_PAUSE_S / 2


@pytest.mark.parametrize("days", [1, 100])
def test_a_streak_of_any_length_pauses_and_raises_nothing(days: int) -> None:
    breaker, now = opened(), 0.0
    for _ in range(1000 * days):
        now = max(now, breaker.open_until)
        assert breaker.record_failure(now)

    assert 0.0 < breaker.open_until - now <= MAX_PAUSE_S


def test_one_call_at_a_time_tries_again() -> None:
    breaker = opened()
    now = breaker.open_until
    probe = object()
    assert breaker.retry_at(now) == 0.0

    breaker.begin_probe(probe)
    assert breaker.retry_at(now) == math.inf
    breaker.end_call(object())
    assert breaker.retry_at(now) == math.inf
    breaker.end_call(probe)
    assert breaker.retry_at(now) == 0.0


def test_an_answer_to_an_older_call_does_not_close_it() -> None:
    breaker = CircuitBreaker(Random(1))
    for _ in range(THRESHOLD):
        breaker.record_failure(10.0)

    breaker.record_success(9.0)
    failures_before = breaker.consecutive_failures
    breaker.record_success(breaker.open_until)

    assert failures_before == THRESHOLD
    assert breaker.consecutive_failures == 0


def test_it_opens_again_during_its_last_pause() -> None:
    breaker = opened()
    breaker.record_success(0.0)

    for _ in range(THRESHOLD):
        breaker.record_failure(0.1)

    assert breaker.is_open
    assert breaker.retry_at(0.1) > 0.1


def test_once_it_is_closed_no_pause_is_left() -> None:
    breaker = opened()
    sent_at = breaker.open_until
    breaker.begin_probe(object())
    breaker.record_failure(sent_at + 0.01)  # of a call from before, which begins another pause

    breaker.record_success(sent_at)

    assert breaker.open_until <= sent_at


def test_an_answer_ends_a_row_whenever_its_call_was_sent_once_all_is_over() -> None:
    breaker = CircuitBreaker(Random(1))
    for _ in range(THRESHOLD):
        breaker.record_failure(10.0)
    breaker.record_success(20.0)
    for _ in range(THRESHOLD - 1):
        breaker.record_failure(21.0)

    breaker.record_success(5.0)

    assert not breaker.record_failure(22.0)
    assert not breaker.is_open


def test_no_pause_of_an_overload_of_days_is_longer_than_the_longest() -> None:
    breaker = CircuitBreaker(Random(1))
    pauses: list[float] = []
    for number in range(1, 2_000):
        now = 100.0 * number
        breaker.record_failure(now)
        pauses.append(breaker.open_until - now)

    assert 0.98 * MAX_PAUSE_S < max(pauses) <= MAX_PAUSE_S
