"""A name that no hole can have is refused; each name that a report gives is taken."""

from __future__ import annotations

import pytest

from intercom_async.sync import STREAMS
from intercom_async.sync.hole_names import FIELDS, why_of_no_hole
from intercom_async.sync.holes import MAX_NAMED, Hole, failures_of
from intercom_async.sync.streams import Ranged

pytest.importorskip("cyclopts")

from intercom_async.cli.sync_options import SyncOptions, check_streams, dated
from intercom_async.errors import ConfigError

SPAN = "created_at from 2026-01-01T00:00:00Z to 2026-01-03T02:00:00Z"
WRONG = {
    "": "names no hole: give tags for all",
    " ": "names no hole",
    "all": "all of the stream with --accept-hole tags",
    "*": "all of the stream with --accept-hole tags",
    "7 more of kind record": "all of the stream with --accept-hole tags",
    "All of it": "'tags:all of it'",
    " all  of it ": "'tags:all of it'",
    "The list": "'tags:the list'",
    " 42": "'tags:42'",
    "42\n": "'tags:42'",
    "0 rows of the list": "name of no hole",
    "created_at from x to y": f"such as 'tags:{SPAN}'",
    "created_at from 2026-01-01 to 2026-01-02": "name of no hole",
    "created_at from 2026-01-03T00:00:00Z to 2026-01-01T00:00:00Z": "name of no hole",
    "created_at from 2026-13-03T00:00:00Z to 2027-01-01T00:00:00Z": "name of no hole",
    f"{SPAN}, 0 rows": "name of no hole",
    f"{SPAN}, many": "name of no hole",
    f" {SPAN}": "name of no hole",
    f"{SPAN} ": "name of no hole",
    "made_at from 2026-01-01T00:00:00Z to 2026-01-03T02:00:00Z": "name of no hole",
    "updated_at from 2026-01-01T00:00:00Z": "name of no hole",
    "rows that have gone since yesterday": "name of no hole",
    "rows last changed before ": "name of no hole",
}


@pytest.mark.parametrize(("what", "why"), WRONG.items())
def test_a_name_that_no_hole_has_is_refused(what: str, why: str) -> None:
    assert why in str(why_of_no_hole("tags", dated(what)))
    with pytest.raises(ConfigError, match="--accept-hole"):
        check_streams(None, SyncOptions(accept_hole=[f"tags:{what}"]))


@pytest.mark.parametrize(
    ("hole", "example"),
    [("tag:x", "tags or 'tags:all of it'"), ("TAGS", "such as tags"), (":", "such as contacts"),
     ("", "such as contacts"), (" tags", "such as tags"), ("tombstones", "begins with no stream")],
)  # fmt: skip
def test_a_stream_that_is_not_known_is_told_with_an_example(hole: str, example: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_streams(None, SyncOptions(accept_hole=[hole]))
    assert example in str(refused.value)


HOLES = [
    Hole(kind="stream"),
    *(
        Hole(kind="span", field=field, low=1, high=1, rows=rows)
        for field in FIELDS
        for rows in (0, 1)
    ),
    Hole(kind="span", field="created_at", low=-(10**15), high=10**15, rows=2),
    Hole(kind="record", key="contact.moved from a to b"),
    Hole(kind="record", key="contact.plan "),
    Hole(kind="parent", key="a:b"),
    Hole(kind="suspect", key="all of them"),
    Hole(kind="list"),
    Hole(kind="list", rows=2),
    Hole(kind="unseeded", high=1),
    Hole(kind="unseeded", high=-(10**15)),
    Hole(kind="sweep"),
    Hole(kind="sweep", low=-1),
]


@pytest.mark.parametrize("hole", HOLES)
def test_each_name_of_a_hole_is_taken(hole: Hole) -> None:
    for stream in STREAMS:
        assert why_of_no_hole(stream.name, hole.what) is None
        check_streams(None, SyncOptions(accept_hole=[f"{stream.name}:{hole.what}"]))


def test_each_name_of_a_report_but_that_of_a_number_is_taken() -> None:
    holes = [Hole(kind="record", key=str(number)) for number in range(MAX_NAMED + 1)]
    *named, counted = failures_of("tags", holes)
    assert all(why_of_no_hole("tags", failure.what) is None for failure in named)
    assert why_of_no_hole("tags", counted.what)
    assert why_of_no_hole("tags", "the rest") is None


def test_the_fields_of_spans_are_those_of_the_streams() -> None:
    kinds = [stream.source for stream in STREAMS if isinstance(stream.source, Ranged)]
    assert frozenset(kind.partition_field for kind in kinds) <= FIELDS
