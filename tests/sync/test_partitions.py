"""Cutting time: nothing is left out, nothing is in two parts, whatever the numbers say."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from zoneinfo import ZoneInfo

import anyio
from hypothesis import example, given, strategies as st

from intercom_async.moments import EARLIEST, LATEST
from intercom_async.sync.cut_points import CutPoints, Days, Seconds, middle, zone_of
from intercom_async.sync.partitions import Part, make_part, split
from intercom_async.sync.planner import cut

ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "Australia/Lord_Howe")
START, END = 1_300_000_000, 1_800_000_000
moments = st.integers(START, END - 1)
all_cut_points: st.SearchStrategy[CutPoints] = st.one_of(
    st.just(Seconds()), st.sampled_from(ZONES).map(lambda name: Days(ZoneInfo(name)))
)


def covers(parts: Iterable[Part], low: int, high: int) -> bool:
    """Say whether parts cover [low, high) without gap or overlap."""
    ordered = sorted(parts, key=lambda part: part.floor)
    joined = all(one.high == other.floor for one, other in pairwise(ordered))
    return joined and ordered[0].floor == low and ordered[-1].high >= high


@given(moments, st.sampled_from(ZONES))
def test_a_day_begins_at_or_before_each_of_its_moments(moment: int, name: str) -> None:
    days = Days(ZoneInfo(name))

    start, end = days.floor(moment), days.ceil(moment + 1)

    assert start <= moment < end
    assert days.floor(start) == start == days.ceil(start)
    assert 22 * 3600 <= end - start <= 26 * 3600


@given(st.integers(-(10**20), 10**20), st.sampled_from(ZONES))
@example(EARLIEST, "Asia/Kolkata")
@example(LATEST, "America/New_York")
def test_a_moment_outside_the_years_of_dates_has_a_cut_before_it(moment: int, name: str) -> None:
    days = Days(ZoneInfo(name))

    assert days.floor(moment) <= moment <= days.ceil(moment)


@given(all_cut_points, moments, moments)
def test_the_middle_lies_between(cut_points: CutPoints, one: int, other: int) -> None:
    low, high = min(one, other), max(one, other)

    at = middle(cut_points, low, high)

    assert at is None or (low < at < high and cut_points.floor(at) == at)


@given(
    all_cut_points,
    st.lists(moments, max_size=300),
    st.integers(1, 30),
    st.one_of(st.none(), moments),
    st.floats(0, 3),
)
def test_parts_cover_the_span_whatever_the_numbers_say(
    cut_points: CutPoints, rows: list[int], parts: int, hint: int | None, lie: float
) -> None:
    async def count(low: int, high: int) -> int | None:
        told = sum(low <= row < high for row in rows)
        return None if lie > 2.5 else round(told * lie)

    async def plan() -> list[Part]:
        high = cut_points.ceil(END)
        return await cut(
            count, cut_points, 0, high, parts=parts, fewest=16, total=len(rows), hint=hint
        )

    made = anyio.run(plan)

    assert covers(made, 0, END)
    assert all(sum(part.low <= row < part.high for part in made) == 1 for row in rows)


@given(st.lists(moments, min_size=200, max_size=400, unique=True))
def test_parts_are_as_heavy_as_wanted(rows: list[int]) -> None:
    async def count(low: int, high: int) -> int | None:
        return sum(low <= row < high for row in rows)

    async def plan() -> list[Part]:
        return await cut(count, Seconds(), 0, END, parts=8, fewest=16, total=len(rows))

    made = anyio.run(plan)

    heaviest = max(sum(part.low <= row < part.high for row in rows) for part in made)
    assert heaviest <= max(16, -(-len(rows) // 8))
    assert all(part.count == sum(part.low <= row < part.high for row in rows) for part in made)


@given(
    all_cut_points, moments, st.integers(0, 400 * 86_400), st.lists(st.floats(0, 1), max_size=20)
)
def test_a_part_that_is_split_again_and_again_stays_whole(
    cut_points: CutPoints, high: int, span: int, shares: list[float]
) -> None:
    low = high - span
    parts = [make_part(low, high, 1_000)]
    for share in shares:
        part = parts[int(share * (len(parts) - 1))]
        reached = part.floor + int((part.high - part.floor) * (1 - share / 2))
        other = split(part, reached, cut_points)
        if other is not None:
            parts.append(other)
            assert other.high <= reached

    assert covers(parts, low, high)
    assert all(part.low <= part.floor for part in parts)


def test_an_unknown_time_zone_is_none() -> None:
    assert zone_of("Mars/Olympus_Mons") is None
    assert zone_of(None) is None
    assert zone_of("Europe/Dublin") == ZoneInfo("Europe/Dublin")
