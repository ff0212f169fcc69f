"""No history breaks the promise: those that once did, and as many others as there is time for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from .machine.damage import damage
from .machine.generate import draw
from .machine.oracles import Span, at_rest, backwards, doubled, equal, whole
from .machine.search import broken, load
from .machine.shrink import shrink
from .machine.steps import WRONG_BY_S, Change, Form, History, Run
from .machine.targets import Record, Rows
from .machine.truth import Truth, Version

KEPT = [
    pytest.param(path, marks=[pytest.mark.once] * ((number - sys.version_info.minor) % 3 != 0))
    for number, path in enumerate(sorted((Path(__file__).parent / "histories").glob("*.json")))
]
"""Histories that once broke it; each of three Python versions in a row plays a third of them."""
SEEDS: tuple[tuple[Form, int], ...] = (
    *(("jsonl", seed) for seed in range(14)),
    *(("jsonl.zst", seed) for seed in range(100, 102)),
    *(("parquet", seed) for seed in range(200, 202)),
    *(("duckdb", seed) for seed in range(300, 302)),
    *(("objects", seed) for seed in range(400, 402)),
)
"""Some 6 s on one core; `nox -s chaos` goes on for as long as it is told to."""
CHUNK = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "history"


@pytest.mark.parametrize("start", range(0, len(SEEDS), CHUNK))
def test_no_history_breaks_the_promise(start: int, folder: Path) -> None:
    pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    for form, seed in SEEDS[start : start + CHUNK]:
        assert broken(draw(seed, form), folder) == (), f"{form}, seed {seed}"


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_history_that_once_broke_it(path: Path, folder: Path) -> None:
    pytest.importorskip("duckdb")

    assert broken(load(path), folder) == ()


def test_a_history_is_drawn_and_played_the_same_again(folder: Path) -> None:
    pytest.importorskip("duckdb")
    from .machine.history import play  # noqa: PLC0415 (needs DuckDB)

    first, second = (play(draw(7), folder) for _ in range(2))

    assert draw(7) == draw(7)
    assert [run.paths for run in first.runs] == [run.paths for run in second.runs]


# The oracles see what they are there for ------------------------------------------------------


class Complete:
    """Names nothing, as all is said to be there."""

    def covers(
        self, stream: str, key: str, versions: list[Version], gone_since: float | None = None
    ) -> bool:
        del stream, key, versions, gone_since
        return False


def record(key: str, mark: str, updated_at: int, *, is_live: bool = True) -> Record:
    row: dict[str, Any] = {"id": key, "name": mark, "updated_at": updated_at, "tags": {"data": []}}
    return Record(key, row, is_live)


@pytest.fixture
def truth() -> Truth:
    """One contact that changed at 200, one that went at 300, one that is new at 900."""
    truth = Truth()
    truth.note("contacts", "a", 100, Version("a1", 100))
    truth.note("contacts", "a", 200, Version("a2", 200))
    truth.note("contacts", "b", 100, Version("b1", 100))
    truth.note("contacts", "b", 300, None)
    truth.note("contacts", "c", 900, Version("c1", 900))
    return truth


def rules(rows: Rows, truth: Truth) -> list[str]:
    span = Span(1_000, 1_010, lookback_s=500)
    return [one.rule for one in whole(rows, truth, ("contacts",), span, Complete(), 5)]


def test_a_target_like_the_workspace_is_right(truth: Truth) -> None:
    rows = {"contacts": [record("a", "a2", 200), record("b", "b1", 100, is_live=False)]}

    assert rules(rows, truth) == []


@pytest.mark.parametrize(
    ("records", "rule"),
    [
        ([], "missing"),
        ([record("a", "a2", 200, is_live=False)], "missing"),
        ([record("a", "a1", 100)], "stale"),
        ([record("a", "a2", 199)], "stale"),
        ([record("a", "a2", 200), record("b", "b1", 100)], "ghost"),
    ],
)
def test_a_difference_is_seen(records: list[Record], rule: str, truth: Truth) -> None:
    assert rules({"contacts": records}, truth) == [rule]


def test_what_changed_within_the_lookback_may_be_old_or_new(truth: Truth) -> None:
    truth.note("contacts", "a", 800, Version("a3", 800))
    for mark, updated_at in (("a2", 200), ("a3", 800)):
        assert rules({"contacts": [record("a", mark, updated_at)]}, truth) == []


def test_a_wrong_time_that_has_passed_is_no_difference_and_wrong_content_is(truth: Truth) -> None:
    now = 100 + WRONG_BY_S + 60
    span = Span(now, now + 10, lookback_s=0)

    def found(mark: str) -> list[str]:
        rows = {"contacts": [record("a", mark, 200 + WRONG_BY_S), record("c", "c1", 900)]}
        return [one.rule for one in whole(rows, truth, ("contacts",), span, Complete(), 5)]

    assert found("a2") == []
    assert found("a1") == ["stale"]


@pytest.mark.parametrize(
    ("records", "text"),
    [
        ([record("a", "a2", 200)], None),
        ([record("a", "a2", 200), record("c", "c1", 900)], None),
        ([], "it is missing"),
        ([record("a", "a1", 100)], "a1@100, not one of a2@200"),
        ([record("a", "a2", 200), record("b", "b1", 100)], "it is gone"),
        ([record("a", "a2", 200), record("d", "d1", 100)], "it never was there"),
    ],
)
def test_an_inequality_is_seen(records: list[Record], text: str | None, truth: Truth) -> None:
    """The contact that is new came after the run began: it may be there or not."""
    span = Span(800, 1_000, lookback_s=0)
    found = [one.text for one in equal({"contacts": records}, truth, ("contacts",), span, 5)]

    assert found == ([] if text is None else [text])


@pytest.mark.parametrize(("is_dated", "before"), [(True, ["children"]), (False, [])])
def test_a_part_that_moves_no_time_is_known_from_the_next_sweep_on(
    before: list[str], *, is_dated: bool
) -> None:
    truth, streams = Truth(), ("conversations", "conversation_parts")
    truth.note("conversations", "a", 100, Version("a1", 100, parts=("p",)))
    later = Version("a1", 100, parts=("p", "q"), is_dated=is_dated)
    truth.note("conversations", "a", 200, later)
    parent = Record("a", {"id": "a", "title": "a1", "updated_at": 100}, is_live=True)
    part = Record("p", {"id": "p", "conversation_id": "a"}, is_live=True)
    rows = {"conversations": [parent], "conversation_parts": [part]}

    found = whole(rows, truth, streams, Span(1_000, 1_010, lookback_s=500), Complete(), 5)
    assert [one.rule for one in found] == before
    assert [one.rule for one in at_rest(rows, truth, streams, 5)] == ["at rest"]


def test_a_journal_without_a_byte_is_not_damaged(tmp_path: Path) -> None:
    journal = tmp_path / "target" / ".sync" / "journal"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"")
    assert damage(Run(damage="journal"), "jsonl", tmp_path, tmp_path) is None
    journal.write_bytes(b"a")
    assert damage(Run(damage="journal"), "jsonl", tmp_path, tmp_path) is bool
    assert journal.read_bytes() != b"a"


def test_two_live_rows_of_one_key_are_seen() -> None:
    row = record("a", "a1", 100)

    assert [one.rule for one in doubled({"contacts": [row, row]})] == ["doubled"]
    assert list(doubled({"contacts": [row, record("a", "a1", 100, is_live=False)]})) == []


def test_a_row_that_goes_back_is_seen(truth: Truth) -> None:
    old, new = {"contacts": [record("a", "a1", 100)]}, {"contacts": [record("a", "a2", 200)]}

    assert [one.rule for one in backwards(new, old, truth)] == ["backwards"]
    assert list(backwards(old, new, truth)) == []


def test_a_history_is_made_as_small_as_it_fails() -> None:
    history = draw(11)
    wanted = Run(full=True)

    def fails(candidate: History) -> bool:
        has_run = any(isinstance(step, Run) and step.full for step in candidate.steps)
        return has_run and any(
            isinstance(step, Change) and step.do == "create" for step in candidate.steps
        )

    seeded = History((*history.steps, Change("create", "tags", pick=3, count=4), wanted))
    small = shrink(seeded, fails)

    assert len(small.steps) == 2
    assert wanted in small.steps
