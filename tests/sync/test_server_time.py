"""The server's time, where the server, this machine or both do not tell it rightly."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from intercom_async.clock import CLOCK, LoopClock
from intercom_async.response import UNKNOWN, Response, Window
from intercom_async.sync.server_time import TRUSTED_S, ServerTime
from tests.support.virtual_time import anyio_backend

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

DAY_S = 86_400


def off_by(seconds: int, *, is_known: bool = True) -> tuple[ServerTime, int]:
    here = int(CLOCK.unix())
    return ServerTime(here + seconds, is_known=is_known), here


@pytest.mark.parametrize("seconds", [-DAY_S, -1, 0, TRUSTED_S])
async def test_a_date_that_is_not_ahead_is_believed(seconds: int) -> None:
    clock, here = off_by(seconds)

    assert clock.not_after(0) == here + seconds


async def test_a_date_that_is_ahead_is_no_proof() -> None:
    clock, here = off_by(DAY_S)

    assert clock.not_after(0) == here
    assert clock.not_after(here + 3_600) == here + 3_600
    assert clock.not_after(here + 2 * DAY_S) == here + DAY_S


@pytest.mark.parametrize("seconds", [DAY_S, -DAY_S])
async def test_where_clocks_disagree_only_what_was_seen_is_proven(seconds: int) -> None:
    """Both may be wrong: that a Date is not ahead of this machine's clock is no proof, either."""
    clock, here = off_by(seconds)
    seen = here - 2 * DAY_S

    assert clock.proven(seen) == seen
    assert off_by(0)[0].proven(0) == here
    assert off_by(0, is_known=False)[0].proven(here - 5) == here - 5


async def test_without_a_date_only_what_was_seen_is_proof() -> None:
    clock, here = off_by(0, is_known=False)

    assert clock.not_after(0) == 0
    assert clock.not_after(here - 5) == here - 5
    assert clock.not_after(here + 5) == here


@pytest.mark.parametrize("name", ["Date", "date"])
async def test_a_date_is_read_in_either_spelling_of_a_transport(name: str) -> None:
    told = Response(
        data=None, status=200, headers={name: formatdate(1_800_000_000, usegmt=True)},
        request_id=None, window=UNKNOWN, attempts=1, elapsed_s=0.0,
    )  # fmt: skip

    assert ServerTime.of(told).now() == 1_800_000_000


@pytest.mark.parametrize("seconds", [-DAY_S, 0, DAY_S])
async def test_what_no_clock_has_reached_is_of_the_future(seconds: int) -> None:
    clock, here = off_by(seconds)
    latest = max(here, here + seconds)

    assert clock.is_future(latest + TRUSTED_S + 1)
    assert not clock.is_future(latest + TRUSTED_S)
    assert not clock.is_future(None)
    assert not off_by(0, is_known=False)[0].is_future(latest + DAY_S)


@pytest.mark.parametrize("ahead_s", [-DAY_S, 0, TRUSTED_S, DAY_S])
async def test_a_date_that_is_ahead_of_its_window_is_not_taken(ahead_s: int) -> None:
    here = int(CLOCK.unix())
    answer: Response[None] = Response(
        data=None, status=200, headers={"Date": formatdate(here + ahead_s, usegmt=True)},
        request_id=None, window=Window(reset_at=here + 10), attempts=1, elapsed_s=0.0,
    )  # fmt: skip

    assert ServerTime.of(answer).now() == here + (ahead_s if ahead_s <= TRUSTED_S else 0)


async def test_a_change_of_now_is_recent_though_a_date_is_ahead() -> None:
    ahead, here = off_by(DAY_S)

    assert ahead.may_be_now(here - 1)
    assert not ahead.may_be_now(here - TRUSTED_S - 1)
    assert not off_by(0)[0].may_be_now(here)


@pytest.mark.parametrize("ahead_s", [DAY_S, 7 * DAY_S])
async def test_a_clock_that_is_set_meanwhile_is_no_proof(
    ahead_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It agrees with the Date from then on, or is later: only what was seen is proven still."""
    clock, here = off_by(DAY_S)

    def unix(_: LoopClock) -> float:
        return here + ahead_s

    monkeypatch.setattr(LoopClock, "unix", unix)
    assert clock.proven(here - 5) == here - 5
    assert clock.not_after(0) == here
    assert clock.may_be_now(here)


async def test_a_clock_that_is_set_back_meanwhile_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, here = off_by(0)

    def unix(_: LoopClock) -> float:
        return here - DAY_S

    monkeypatch.setattr(LoopClock, "unix", unix)
    assert clock.proven(here - 5) == here - 5
