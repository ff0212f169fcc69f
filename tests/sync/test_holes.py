"""A row that no page can be read with is one hole, night after night, with one name."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import msgspec
import pytest

from intercom_async.simulator import Quirks
from intercom_async.sync.holes import ISOLATED_EVERY, Hole, accepts, add, closed_in, remove
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

AFTER_S = {"the same hour": 600, "the same evening": 7_200, "each night": DAY_S}


async def touch(one: World, keys: list[str], name: str) -> None:
    """Change some contacts, in other seconds."""
    for key in keys:
        await one.intercom.contacts.update(key, name=f"{name} {key}")
        await anyio.sleep(3)


def holes_of(folder: Path) -> list[Hole]:
    """Return what the target remembers of its contacts."""
    state = msgspec.json.decode((folder / "target" / "sync-state.json").read_bytes())
    return msgspec.convert(state["sync"]["streams"]["contacts"]["holes"], list[Hole])


@pytest.mark.parametrize("after", AFTER_S)
async def test_a_poison_row_is_one_hole_that_keeps_its_name(after: str, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=60) as one:
        keys = list(await one.truth("contacts"))
        await one.sync("contacts")
        await anyio.sleep(AFTER_S[after])
        await touch(one, keys[20:30], "before")
        poison = keys[25]
        one.simulator.quirks = Quirks(poison={poison: "garbled"})
        names: list[list[str]] = []
        for night in range(4):
            report = await one.sync("contacts")
            names.append([failure.what for failure in report.failures])
            await anyio.sleep(AFTER_S[after])
            # The rows before and after it change, and so do others.
            await touch(one, [keys[24 - night], keys[26 + night], keys[40 + night]], str(night))
        one.simulator.quirks = Quirks()
        healed = await one.sync("contacts")

        assert names == [names[0]] * 4
        assert len(names[0]) == 1
        assert healed.is_complete
        assert await one.is_whole("contacts")


async def test_a_hole_remembers_when_it_was_found(tmp_path: Path) -> None:
    """Also when rows around it are looked for again, every eighth time."""
    async with world(tmp_path, contacts=20) as one:
        keys = list(await one.truth("contacts"))
        await one.sync("contacts")
        await touch(one, keys[5:10], "before")
        one.simulator.quirks = Quirks(poison={keys[7]: "error"})
        found: list[Hole] = []
        for _ in range(10):
            await one.sync("contacts")
            # The weekly sweep names the row by its time of creation as well.
            found += [hole for hole in holes_of(tmp_path) if hole.field == "updated_at"]
            await anyio.sleep(DAY_S)

        assert len(found) == 10
        assert len({(hole.what, hole.since) for hole in found}) == 1
        assert found[-1].tries > ISOLATED_EVERY


async def test_a_row_that_the_tail_does_not_want_is_no_hole(tmp_path: Path) -> None:
    """A search for changes gives whole days, and so rows from before the lookback."""
    async with world(tmp_path, contacts=20) as one:
        keys = list(await one.truth("contacts"))
        await touch(one, keys[5:10], "before")
        await anyio.sleep(7_200)
        await one.sync("contacts")
        await anyio.sleep(3_600)
        one.simulator.quirks = Quirks(poison={keys[7]: "error"})
        await touch(one, keys[12:15], "later")
        report = await one.sync("contacts")

        assert report.is_complete
        assert report.streams[0].rows == 3


async def test_two_poison_rows_are_covered_by_what_is_named(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=60) as one:
        keys = list(await one.truth("contacts"))
        await one.sync("contacts")
        await touch(one, keys[20:30], "before")
        one.simulator.quirks = Quirks(poison={keys[22]: "error"})
        first = {failure.what for failure in (await one.sync("contacts")).failures}
        await anyio.sleep(3 * DAY_S)
        await touch(one, keys[30:40], "later")
        one.simulator.quirks = Quirks(poison={keys[22]: "error", keys[35]: "error"})
        both = await one.sync("contacts")
        one.simulator.quirks = Quirks(poison={keys[35]: "error"})
        left = await one.sync("contacts")
        one.simulator.quirks = Quirks()
        healed = await one.sync("contacts")

        assert len(both.failures) == 2
        assert [failure.what for failure in left.failures] == [
            failure.what for failure in both.failures if failure.what not in first
        ]
        assert healed.is_complete
        assert await one.is_whole("contacts")


def span(low: int, high: int, *, slack: int = 0, since: int = 0, tries: int = 1) -> Hole:
    return Hole(
        kind="span", field="updated_at", low=low, high=high, slack=slack, since=since, tries=tries
    )


def test_spans_that_overlap_become_one() -> None:
    holes = [span(10, 20, since=1), span(40, 50, since=2)]
    add(holes, span(15, 45, since=3))

    assert [(one.low, one.high, one.what) for one in holes] == [
        (10, 50, "updated_at from 1970-01-01T00:00:10Z to 1970-01-01T00:00:50Z")
    ]
    assert holes[0].since == 1


def test_spans_of_other_fields_and_apart_stay_two() -> None:
    holes = [span(10, 20)]
    add(holes, span(21, 30))
    add(holes, Hole(kind="span", field="created_at", low=10, high=20))

    assert len(holes) == 3


def test_a_name_that_tells_all_of_it_stays() -> None:
    holes = [span(1_000, 1_010, slack=500, since=1)]
    name = holes[0].what
    for low, high in ((990, 1_005), (1_005, 1_300), (700, 750)):
        add(holes, span(low, high, slack=500, since=9))
        assert [one.what for one in holes] == [name]
    assert (holes[0].low, holes[0].high, holes[0].since) == (700, 1_300, 1)

    add(holes, span(1_200, 1_600, slack=500))
    assert [one.what for one in holes] == [
        "updated_at from 1970-01-01T00:03:20Z to 1970-01-01T00:35:00Z"
    ]


def test_what_is_left_of_a_hole_remembers_it() -> None:
    known = span(0, 10, slack=5, since=1, tries=8)
    (left,) = closed_in(known, [span(4, 6, slack=5, since=9)])
    parts = closed_in(known, [span(1, 2, since=9), span(8, 9, since=9)])
    (narrow,) = closed_in(span(0, 10**6, since=1), [span(4, 6, since=9)])

    assert (left.what, left.since, left.tries, left.low) == (known.what, 1, 9, 4)
    assert [(one.what, one.since) for one in parts] == [
        ("updated_at from 1970-01-01T00:00:01Z to 1970-01-01T00:00:02Z", 1),
        ("updated_at from 1970-01-01T00:00:08Z to 1970-01-01T00:00:09Z", 1),
    ]
    assert (narrow.what, narrow.since) == (
        "updated_at from 1970-01-01T00:00:04Z to 1970-01-01T00:00:06Z",
        1,
    )


@pytest.mark.parametrize("kind", ["record", "span"])
def test_a_moment_that_had_not_come_when_a_hole_was_noted_is_set_right(kind: str) -> None:
    """A clock was ahead: what is to have been so for an hour would wait for that moment to pass."""
    early = Hole(kind="record", key="1", since=5) if kind == "record" else span(0, 10, since=5)
    holes = [msgspec.structs.replace(early, since=90_000)]
    (left,) = closed_in(span(0, 10, since=90_000), [span(4, 6, since=5)])
    add(holes, early)

    assert [one.since for one in (*holes, left)] == [5, 5]


def test_spans_that_are_apart_have_the_rows_of_both() -> None:
    """A row that is met again between other neighbours is one row; two of one name are two."""
    name = "updated_at from 1970-01-01T00:08:20Z to 1970-01-01T00:25:10Z"
    holes = [msgspec.structs.replace(span(1_000, 1_010, slack=500), rows=1)]
    add(holes, msgspec.structs.replace(span(1_005, 1_008, slack=500), rows=1))
    assert [one.what for one in holes] == [f"{name}, 1 row"]

    add(holes, msgspec.structs.replace(span(1_100, 1_120, slack=300), rows=1))
    assert [one.what for one in holes] == [f"{name}, 2 rows"]


def test_spans_that_meet_in_the_second_of_a_row_that_was_read_have_the_rows_of_both() -> None:
    holes = [msgspec.structs.replace(span(1_000, 1_010, slack=500), rows=1)]
    add(holes, msgspec.structs.replace(span(1_010, 1_020, slack=500), rows=1))
    assert [one.rows for one in holes] == [2]

    # One second of them may be that of the row.
    add(holes, msgspec.structs.replace(span(1_020, 1_020, slack=500), rows=1))
    assert [one.rows for one in holes] == [2]


def test_a_hole_of_a_row_is_not_compared_with_each_other_one() -> None:
    """There may be as many as conversations: those of which no file can be had."""
    holes: list[Hole] = []
    calls = 0

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        for number in range(200):
            add(holes, Hole(kind="parent", key=str(number)))
        for number in range(200):
            remove(holes, Hole(kind="parent", key=str(number)))
    finally:
        sys.setprofile(None)
    assert not holes
    assert calls < 10 * 400


@pytest.mark.parametrize(
    ("name", "what", "is_covered"),
    [
        ("x_at from A to B", "x_at from A to B", True),
        ("x_at from A to B", "x_at from A to B, 2 rows", True),
        ("x_at from A to B, 1 row", "x_at from A to B, 1 row", True),
        ("x_at from A to B, 1 row", "x_at from A to B, 2 rows", False),
        ("x_at from A to B, 2 rows", "x_at from A to B, 1 row", True),
        ("x_at from A to B, 2 rows", "x_at from A to B", False),
        ("x_at from A to B, 2 rows", "x_at from A to B, 3 rows", False),
        ("x_at from A to B, 2 rows", "x_at from A to C", False),
        ("1 row of the list", "2 rows of the list", False),
        ("2 rows of the list", "1 row of the list", True),
        ("2 rows of the list", "the list", False),
        ("the list", "2 rows of the list", True),
        ("the list", "the list", True),
        ("the list", "x_at from A to B", False),
        ("7", "7", True),
        ("7", "77", False),
    ],
)
def test_a_name_covers_no_more_rows_than_it_tells(
    name: str, what: str, *, is_covered: bool
) -> None:
    assert accepts(name, what) is is_covered


async def test_a_second_row_gives_an_accepted_hole_another_name(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=60) as one:
        keys = list(await one.truth("contacts"))
        await one.sync("contacts")
        await touch(one, keys[20:24], "before")
        one.simulator.quirks = Quirks(poison={keys[21]: "error"})
        (first,) = (await one.sync("contacts")).failures
        await anyio.sleep(600)
        await touch(one, keys[30:34], "later")
        one.simulator.quirks = Quirks(poison={keys[21]: "error", keys[31]: "error"})
        for _ in range(2):
            both = await one.sync("contacts")
            assert not all(accepts(first.what, failure.what) for failure in both.failures)
            await anyio.sleep(DAY_S)
        one.simulator.quirks = Quirks()
        healed = await one.sync("contacts")

        assert healed.is_complete
        assert await one.is_whole("contacts")
