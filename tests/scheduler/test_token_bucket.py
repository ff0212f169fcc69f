"""The token bucket spaces calls at a rate that may change."""

from __future__ import annotations

import pytest

from intercom_async.scheduler.limits.token_bucket import TOLERANCE_S, TokenBucket


def test_calls_are_spaced_by_the_rate() -> None:
    bucket = TokenBucket(0.0)
    bucket.take(10.0, 4.0, 1)
    assert bucket.next_at == 10.25
    bucket.take(10.25, 4.0, 2)
    assert bucket.next_at == 10.75


def test_calls_that_come_late_may_catch_up_by_the_tolerance() -> None:
    bucket = TokenBucket()
    bucket.take(10.0, 1000.0, 1)

    assert bucket.next_at == pytest.approx(10.0 + 0.001 - 2 * TOLERANCE_S)


def test_a_faster_rate_moves_the_next_call_forward_only() -> None:
    bucket = TokenBucket(0.0)
    bucket.take(10.0, 1.0, 1)
    bucket.speed_up(2.0)
    assert bucket.next_at == 10.5
    bucket.speed_up(0.5)
    assert bucket.next_at == 10.5


def test_tokens_can_be_given_back() -> None:
    bucket = TokenBucket(0.0)
    bucket.take(10.0, 4.0, 1)
    bucket.give_back(4.0, 1)

    assert bucket.next_at == 10.0
