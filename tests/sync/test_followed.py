"""Where a list goes on: places that are forgotten, that lead back, or that have another form."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.thoroughness import some_of
from .machine.cursors import Expired
from .machine.history import Story, play
from .machine.steps import Change, Failure, History, Run, Settings

pytest.importorskip("duckdb")

ROWS = 9
SEARCHED = ("contacts", "conversations", "tickets")
LED = [*((stream, "loop") for stream in SEARCHED), *((stream, "back") for stream in SEARCHED)]
"""Where a cursor leads back to, the last two as the first."""


def played(
    folder: Path, stream: str, *runs: Run, expired: Expired = "400", life_s: int = 0
) -> Story:
    """Read rows of three seconds by pages of two, then what has changed of them."""
    settings = Settings(
        streams=(stream,), page_rows=2, per_page=2, cursor_s=life_s, expired=expired
    )
    steps: list[Change | Run] = []
    for _ in range(3):
        steps += [Change("create", stream, count=3), Change("wait", seconds=100)]
    for run in runs:
        steps += [run, *(Change("change", stream, pick=pick) for pick in range(4))]
        steps.append(Change("wait", seconds=100))
    return play(History(tuple(steps), settings), folder / "history")


@pytest.mark.parametrize(("stream", "kind"), some_of(LED, LED[:-2]))
def test_a_search_that_leads_back_ends_and_is_named(tmp_path: Path, stream: str, kind: str) -> None:
    """The machine ends a run after 6,000 calls. Later runs read the rest, as `play` checks."""
    failure = Failure(kind, f"/{stream}/search", times=0)
    story = played(tmp_path, stream, Run(failures=(failure,)), Run(failures=(failure,)))

    assert story.broken == []
    first = story.runs[0]
    assert first.report is not None
    assert first.calls < 400
    assert first.report.is_complete or {one.stream for one in first.report.failures} == {stream}


@pytest.mark.parametrize("stream", SEARCHED)
def test_a_link_in_place_of_a_cursor_is_followed(tmp_path: Path, stream: str) -> None:
    failure = Failure("link", f"/{stream}/search", times=0)
    story = played(tmp_path, stream, Run(failures=(failure,)))

    assert story.broken == []
    assert story.runs[0].report is not None
    assert story.runs[0].report.is_complete
    assert story.runs[0].report.streams[0].rows == ROWS


@pytest.mark.parametrize("expired", ["400", "500", "first"])
@pytest.mark.parametrize("stream", SEARCHED)
def test_a_place_that_a_server_has_forgotten_costs_one_reading(
    tmp_path: Path, stream: str, expired: Expired
) -> None:
    """A stopped run is gone on with after the cursors it had are of no use any longer."""
    stopped = Run(stop_at_call=5)
    story = played(tmp_path, stream, stopped, Run(reconcile="never"), expired=expired, life_s=30)

    assert story.broken == []
    first, second = story.runs[0].report, story.runs[1].report
    assert first is not None
    assert second is not None
    assert first.was_stopped
    assert second.is_complete
    assert second.streams[0].was_resumed
    assert story.runs[1].calls < 50
