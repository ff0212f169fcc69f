"""A moment is the same in every target, whatever form it has, and none ends a commit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from intercom_async.models.base import Timestamp
from intercom_async.moments import EARLIEST, LATEST
from intercom_async.sync.merging import digest_of
from intercom_async.sync.sinks.base import Table
from intercom_async.sync.sinks.entries import Put
from .conftest import make_sink

AT = 1_700_000_000  # 2023-11-14T22:13:20Z
NO_MOMENTS: tuple[Any, ...] = (
    None, True, [], {}, [AT], "", "null", "now", "today", "tomorrow", "epoch", "infinity",
    "-infinity", "nan", "0x10", "1_700_000_000", "\u0661\u0667", "1e999", 1e300, -1e300,
    10**18, -(10**18), EARLIEST - 1, LATEST * 1000 + 1000, -99_999_999_999_999,
    "-99999999999999", "0000-01-01", "-0001-01-01", "10000-01-01T00:00:00Z", "294276-01-01",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0044-03-15 BC",
    "2023-13-01", "2023-02-30", "2023-11-14T24:00:00Z", "2023-11-14T22:13:60Z", "2023-1-4",
    "2023-318", "J2023", "20231114T221320Z", "2023-11-14T22:13:20,5Z", "11/14/2023",
    "Nov 14 2023", "Tue, 14 Nov 2023 22:13:20 GMT", "2023-11-14T22:13:20 Europe/Berlin",
    "2023-11-14T22:13:20 UTC", "2023-11-14t22:13:20z", "2023-11-14T22:13:20+99:00", "'", "%",
    ".5", "-.5", "\t1700000000", "1700000000\n", "\u00a01700000000", "1.7e9\r", " _1", "+-1",
    "\u00a02023-11-14", "2023-11-14\t",
)  # fmt: skip
MOMENTS: list[tuple[Any, int | None]] = [
    (AT, AT), (AT * 1000, AT), (AT + 0.75, AT), ("1700000000", AT), ("1700000000.75", AT),
    ("1.7e9", AT), (" 1700000000 ", AT), (str(AT * 1000), AT), (-1.5, -2), (0, 0), (-1, -1),
    ("2023-11-14T22:13:20Z", AT), ("2023-11-14T22:13:20", AT), ("2023-11-14 22:13:20", AT),
    (" 2023-11-14T22:13:20Z ", AT), ("2023-11-14T22:13:20.999999999Z", AT),
    ("2023-11-14T22:13:20+00:00", AT), ("2023-11-15T00:13:20+02:00", AT),
    ("2023-11-15T00:13:20+0200", AT), ("2023-11-15T00:13:20+02", AT),
    ("2023-11-14 20:13:20-02", AT), ("2023-11-15T03:43:20.5+05:30", AT),
    ("2023-11-14T22:13Z", AT - 20), ("2023-11-15T00:13+02", AT - 20), ("2023-11-14", AT - 80_000),
    (EARLIEST, EARLIEST), (LATEST * 1000 + 999, LATEST), (f"{LATEST * 1000 + 999}.5", LATEST),
    ("0001-01-01T00:00:00Z", EARLIEST), ("0001-01-01T00:00:00.999999999", EARLIEST),
    ("9999-12-31T23:59:59Z", LATEST), ("9999-12-31T23:59:59.999999999Z", LATEST),
    *((value, None) for value in NO_MOMENTS),
]  # fmt: skip
"""Values of a server, and the moments that they are: those outside the years 1 to 9999 are none."""


class Seen(msgspec.Struct):
    """A row with a moment."""

    id: str
    seen_at: Timestamp | None = None


TABLE = Table("seen", "id", Seen, None, "seen_at")


def puts() -> list[Put]:
    bodies = [
        msgspec.json.encode({"id": str(number), "seen_at": value})
        for number, (value, _) in enumerate(MOMENTS)
    ]
    return [
        Put(TABLE.name, str(number), "", body, 0, 5, digest_of(body))
        for number, body in enumerate(bodies)
    ]


def differences(found: dict[str, int]) -> list[tuple[Any, int | None, int]]:
    """Return the values that a target has as another moment; it shows none as zero."""
    return [
        (value, wanted, found[str(number)])
        for number, (value, wanted) in enumerate(MOMENTS)
        if found[str(number)] != (wanted or 0)
    ]


@pytest.mark.parametrize("form", ["duckdb", "parquet", "objects"])
def test_a_moment_of_every_form_is_the_same(form: str, tmp_path: Path) -> None:
    sink = make_sink(form, tmp_path)
    sink.open()
    sink.begin([TABLE])
    sink.commit(puts(), b"{}")
    sink.publish(b"{}")
    assert differences({row.key: row.version for row in sink.rows(TABLE.name)}) == []
    sink.close()
