"""Moments mean the same on every machine, in whatever form they come."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from intercom_async import F, Intercom
from intercom_async.codec import encode
from intercom_async.codec.plain import to_parameter
from intercom_async.errors import ConfigError, IntercomError, QueryError
from intercom_async.moments import (
    from_http_date,
    from_iso,
    from_server,
    to_datetime,
    to_iso,
    to_unix,
)
from intercom_async.sync import JsonlSink, SyncConfigError, SyncError, plan, sync
from intercom_async.transport import MemoryTransport

NAIVE = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 (what is to be refused)
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECONDS = 1_767_323_045


def run(use: Callable[[Intercom], Any]) -> None:
    """Use a client that fails the test if anything is sent."""

    async def go() -> None:
        async with Intercom("token", transport=MemoryTransport([])) as intercom:
            await use(intercom)

    asyncio.run(go())


def into_files(tmp_path: Path) -> Callable[[Intercom], Any]:
    return lambda client: sync(client, sink=JsonlSink(tmp_path / "out"), since=NAIVE)


PLACES: dict[str, tuple[type[IntercomError], Callable[[Path], object]]] = {
    "a condition": (QueryError, lambda _: F.created_at > NAIVE),
    "one of several values": (QueryError, lambda _: F.created_at.in_([NAIVE])),
    "a body": (ConfigError, lambda _: encode({"created_at": NAIVE})),
    "a body in ISO": (ConfigError, lambda _: to_iso("published_at", NAIVE)),
    "a query": (
        ConfigError,
        lambda _: run(lambda c: c.admins.list_activity_logs(created_at_after=NAIVE).first()),
    ),
    "an argument": (
        ConfigError,
        lambda _: run(lambda c: c.conversations.snooze("1", admin_id="2", until=NAIVE)),
    ),
    "a plan": (SyncConfigError, lambda _: run(lambda c: plan(c, since=NAIVE))),
    "a sync": (SyncConfigError, lambda path: run(into_files(path))),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_datetime_without_a_zone_is_refused_by_name_before_a_request(
    place: str, tmp_path: Path
) -> None:
    kind, use = PLACES[place]

    with pytest.raises(kind, match=r"\w+ is a datetime without a zone; add a time zone"):
        use(tmp_path)


def test_a_refused_moment_leaves_no_target_behind(tmp_path: Path) -> None:
    with pytest.raises(SyncError):
        run(into_files(tmp_path))
    assert not (tmp_path / "out").exists()


def test_a_zone_that_has_no_offset_is_no_zone() -> None:
    class Unknown(tzinfo):
        def utcoffset(self, dt: datetime | None, /) -> timedelta | None: ...
        def dst(self, dt: datetime | None, /) -> timedelta | None: ...
        def tzname(self, dt: datetime | None, /) -> str | None: ...

    with pytest.raises(ConfigError, match="zone"):
        to_unix("created_at", NAIVE.replace(tzinfo=Unknown()))


@pytest.mark.parametrize("moment", [SECONDS, MOMENT, MOMENT + timedelta(milliseconds=999)])
def test_a_moment_is_whole_seconds(moment: int | datetime) -> None:
    assert to_unix("created_at", moment) == SECONDS
    assert to_iso("created_at", moment) == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize("moment", [True, 1.5, "2026-01-02", MOMENT.date(), None])
def test_what_is_no_moment_is_refused_by_name_and_kind(moment: object) -> None:
    with pytest.raises(ConfigError, match=rf"created_at .* {type(moment).__name__}$"):
        to_unix("created_at", moment)


def test_a_fraction_before_1970_is_rounded_down_too() -> None:
    assert to_unix("x", datetime(1969, 12, 31, 23, 59, 58, 500_000, UTC)) == -2
    assert from_server("1969-12-31T23:59:58.5Z") == -2


def test_seconds_become_a_datetime_in_utc() -> None:
    assert to_datetime(SECONDS) == MOMENT
    assert to_datetime(SECONDS + 0.5) == MOMENT + timedelta(milliseconds=500)
    assert to_datetime(None) is None
    for outside in (10**17, -(10**17), 1000 * SECONDS, math.nan, math.inf):
        with pytest.raises(ValueError, match=r"1 to 9999; is it in milliseconds"):
            to_datetime(outside)
    for text in ("2026-01-02", b"1", MOMENT):
        with pytest.raises(TypeError, match="takes UNIX seconds or None, not"):
            to_datetime(text)  # type: ignore[arg-type] # the subject


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T03:04:05",
        " 2026-01-02T03:04:05Z",
        "2026-01-02T05:04:05+02:00",
        "2026-01-02 03:04:05.9Z",
    ],
)
def test_a_text_of_the_server_without_a_zone_is_utc(text: str) -> None:
    assert from_server(text) == SECONDS
    assert to_unix("x", from_iso(text)) == SECONDS


def test_milliseconds_of_the_server_become_seconds() -> None:
    assert from_server(SECONDS * 1000) == SECONDS
    assert from_server(str(SECONDS * 1000)) == SECONDS
    assert from_server(100_000_000_000) == 100_000_000_000


@pytest.mark.parametrize("value", [None, True, "soon", "", [], float("nan"), float("inf"), "nan"])
def test_what_is_no_time_of_the_server_is_none(value: object) -> None:
    assert from_server(value) is None


def test_http_dates_are_read() -> None:
    assert from_http_date("Fri, 02 Jan 2026 03:04:05 GMT") == SECONDS
    assert from_http_date("2026") is None
    assert from_http_date("") is None


class NoMoment(datetime):
    """What pandas.NaT is: a datetime whose methods refuse."""

    def utcoffset(self) -> timedelta | None:
        raise ValueError("NaTType does not support utcoffset")


USES: list[Callable[[Any], object]] = [
    lambda moment: F.created_at > moment,
    lambda moment: encode({"created_at": moment}),
    lambda moment: to_parameter("created_at", moment),
    lambda moment: to_iso("created_at", moment),
]


@pytest.mark.parametrize("use", USES)
def test_a_datetime_that_is_no_moment_is_refused_by_name(use: Callable[[Any], Any]) -> None:
    with pytest.raises(IntercomError, match="created_at is no moment"):
        use(NoMoment(2026, 1, 2))
