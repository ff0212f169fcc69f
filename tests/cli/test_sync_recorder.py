"""What is kept of a run for its report stays bounded, and nothing is lost by that."""

from __future__ import annotations

import pytest

from intercom_async import Priority
from intercom_async.cli.sync_files import recorder_of
from intercom_async.cli.sync_recorder import (
    MOST_SAMPLES,
    MOST_SPANS,
    MOST_WINDOWS,
    SyncRecorder,
    kind_of,
)
from intercom_async.clock import CLOCK
from intercom_async.request.observer import Attempt, CallOutcome, ObservedCall
from intercom_async.response import Window
from intercom_async.sync import Progress
from intercom_async.sync.report import StreamProgress
from tests.support.virtual_time import run_virtual

CALL = ObservedCall(
    operation="contacts.search",
    method="POST",
    template="/contacts/search",
    origin="https://api.intercom.io",
    priority=Priority.BULK,
    app="",
)


def ended(window: Window | None = None, error: str | None = None) -> CallOutcome:
    return CallOutcome(
        status=200, error=error, attempts=2, wait_s=0.5, elapsed_s=1.0, window=window
    )


def attempt(status: int | None) -> Attempt:
    return Attempt(number=1, status=status, error=None, elapsed_s=0.1, received_bytes=1)


def progress(rows: int) -> Progress:
    stream = StreamProgress(
        name="contacts", rows=rows, calls=1, expected=None, rows_per_s=0.0, phase="reading"
    )
    return Progress(
        streams=(stream,),
        seconds=0.0,
        calls=1,
        calls_per_s=0.0,
        utilisation=None,
        throttled=0,
        retries=0,
        left_s=None,
    )


async def a_day() -> SyncRecorder:
    recorder = SyncRecorder()
    told: list[int] = []
    tell = recorder.watching(lambda one: told.append(one.streams[0].rows))
    for number in range(5_000):
        recorder.attempt_ended(CALL, attempt(200 if number % 10 else 429))
        window = Window(100, 60 - number % 3, number // 2 * 10)
        recorder.call_ended(CALL, ended(window, None if number % 5 else "ServerError"))
        tell(progress(number))
        await CLOCK.sleep(17.28)
    assert told == [*range(5_000)]
    return recorder


def test_a_day_is_kept_in_bounded_space_and_adds_up() -> None:
    recorder = run_virtual(a_day())

    assert len(recorder.spans) <= MOST_SPANS
    assert len(recorder.waits) == len(recorder.spans)
    assert len(recorder.samples) <= MOST_SAMPLES
    assert len(recorder.windows) <= MOST_WINDOWS
    assert recorder.span_s * MOST_SPANS >= 86_400
    assert sum(span["answered"] for span in recorder.spans) == 4_500
    assert sum(span["429"] for span in recorder.spans) == 500
    assert sum(calls for calls, _ in recorder.waits) == 5_000
    assert sum(waited for _, waited in recorder.waits) == 2_500
    moments = [moment for moment, _ in recorder.samples]
    assert moments == sorted(moments)
    assert moments[-1] > 80_000
    operation = recorder.operations["contacts.search"]
    assert (operation.calls, operation.attempts, operation.failed) == (5_000, 10_000, 1_000)
    newest = [*recorder.windows.values()][-1]
    assert newest.used == 41  # the larger count of its two answers


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, "answered"),
        (429, "429"),
        (404, "other error"),
        (503, "server error"),
        (None, "no answer"),
    ],
)
def test_a_request_is_of_one_kind(status: int | None, kind: str) -> None:
    assert kind_of(status) == kind


def test_a_report_in_json_records_nothing() -> None:
    assert recorder_of(None) is None
