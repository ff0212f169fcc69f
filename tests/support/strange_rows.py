"""Rows that a server may send and that some database cannot keep as they are."""

from __future__ import annotations

import msgspec

from intercom_async.models.base import Timestamp


class StrangeRow(msgspec.Struct):
    """A model with a column of each kind."""

    id: str
    text: str | None = None
    integer: int | None = None
    number: float | None = None
    boolean: bool | None = None
    at: Timestamp | None = None
    json: dict[str, msgspec.Raw] | None = None


FIELDS = ("text", "integer", "number", "boolean", "at", "json", "unknown")
"""Fields of each kind of column, and one without a column."""
LONG, LONG_IN = 100_000, ("number", "unknown")
"""Values of so many bytes take time, and stand in these fields only."""
VALUES: dict[str, bytes] = {
    "a number that no database holds": b"1e140000",
    "a negative one": b"-1e140000",
    "one next to zero": b"1e-140000",
    "one of 10,000 digits": b"7" * 10_000,
    "a million digits": b"7" * 1_000_000,
    "a million digits behind the point": b"0." + b"7" * 1_000_000,
    "beyond int64": b"9223372036854775808",
    "below int64": b"-9223372036854775809",
    "beyond float64": b"1.8e308",
    "minus zero": b"-0.0",
    "NUL": rb'"a\u0000b"',
    "half a pair": rb'"\ud83d"',
    "the other half": rb'"\ude00 \\ud83d"',
    "separators": '"\u2028\u2029\x7f"'.encode(),
    "DuckDB's separator, escaped": rb'"\u0001"',
    "a text of quotes": rb'"\"\\\"; DROP TABLE x; --"',
    "NUL in a key": rb'{"a\u0000b":1}',
    "half a pair in a key": rb'{"\ud83d":1}',
    "a key of 70,000 bytes": b'{"%s":1}' % (b"k" * 70_000),
    "1,500 levels": b"[" * 1_500 + b"]" * 1_500,
    "200,000 levels": b"[" * 200_000 + b"]" * 200_000,
    "a number below 200,000 levels": b"[" * 200_000 + b"1e140000" + b"]" * 200_000,
    "keys that stand twice": b'{"a":1,"a":2}',
    "a list of everything": b'[null,true,"x",1,1.5,{}]',
    "a date that is none": b'"2026-99-99T99:99:99Z"',
    "a year that is none": b'"99999-01-01T00:00:00Z"',
    "a time beyond time": b"99999999999999999999",
}
"""Values, as they come."""


def _wide(count: int) -> bytes:
    return b",".join(b'"field %d":%d' % (number, number) for number in range(count))


OBJECTS: dict[str, bytes] = {
    "names that differ by case": b'"Text":1,"TEXT":2,"unknown":3,"Unknown":4,"_Digest":5',
    "a name of 70,000 bytes": b'"%s":1' % (b"k" * 70_000),
    "names that are alike for long": b'"%s":1,"%s":2' % (b"k" * 99 + b"a", b"k" * 99 + b"b"),
    "NUL in a name": rb'"a\u0000b":1,"ab":2',
    "half a pair in a name": rb'"\ud83d":1',
    "an empty name": b'"":1," ":2',
    "names of ours": b'"record":1,"raw":2,"_synced_at":"x","_deleted_at":3,"_digest":4',
    "names that DuckDB has in each table": b'"rowid":"x","RowId":[1]',
    "names that PostgreSQL has in each table": b'"ctid":1,"oid":2,"tableoid":3,"xmin":4,"xmax":5,'
    b'"cmin":6,"cmax":7,"CTID":8',
    "SQL in a name": b'"\\"; DROP TABLE things; --":1,"%s":2,"$1":3',
    "a name that stands twice": b'"unknown":1,"unknown":2',
    # Last, as a table takes no further columns after it.
    "1,700 fields": _wide(1_700),
}
"""What stands in a row beside its id."""


def strange_rows() -> dict[str, bytes]:
    """Return strange rows by what is strange in them; the id of each is its number."""
    bodies = {
        f"{what} in {field}": b'"%b":%b' % (field.encode(), value)
        for what, value in VALUES.items()
        for field in (FIELDS if len(value) < LONG else LONG_IN)
    } | OBJECTS
    return {
        what: b'{"id":"%d",%b}' % (number, body)
        for number, (what, body) in enumerate(bodies.items())
    }
