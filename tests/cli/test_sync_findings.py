"""Holes are named with moments that people can read, and accepted by either name."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async import ConfigError, IntercomError
from intercom_async.simulator import Simulator
from intercom_async.sync import Failure, Plan, Report, StreamPlan, StreamReport, TargetError
from intercom_async.sync.holes import MAX_NAMED, Hole, failures_of

pytest.importorskip("cyclopts")
pytest.importorskip("rich")

from rich.console import Console, RenderableType
from rich.markup import escape

from intercom_async.cli.connection import Connection
from intercom_async.cli.console import say
from intercom_async.cli.sync import names_of, sync
from intercom_async.cli.sync_files import write_report
from intercom_async.cli.sync_options import SyncOptions, check_streams, dated
from intercom_async.cli.sync_view import (
    SHOWN_OPTIONS,
    finding,
    plan_view,
    report_view,
    what_to_do,
)


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        (
            "created_at from 1767225600 to 1767229200",
            "created_at from 2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z",
        ),
        ("rows that have gone since -3600", "rows that have gone since 1969-12-31T23:00:00Z"),
        ("rows last changed before 0", "rows last changed before 1970-01-01T00:00:00Z"),
        (
            "created_at from -62135647200 to 1767229200",
            "created_at from -62135647200 to 2026-01-01T01:00:00Z",
        ),
        ("215007000000076", "215007000000076"),
        ("all of it", "all of it"),
    ],
)
def test_moments_are_dates(what: str, shown: str) -> None:
    failure = Failure(stream="contacts", what=shown, reason="[why]")

    assert dated(what) == dated(shown) == shown
    assert f"contacts:{shown}: " in finding(failure)
    for name in (what, shown):
        assert SyncOptions(accept_hole=[f"contacts:{name}"]).accepts(failure)
    assert not SyncOptions(accept_hole=["companies"]).accepts(failure)


def shown_text(view: RenderableType) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(view)
    return capture.get()


def made_report(*missing: str) -> Report:
    return Report(
        workspace="w", streams=(), seconds=1.0, calls=1, throttled=0, retries=0, utilisation=None,
        failures=tuple(Failure(stream="contacts", what=one, reason="why") for one in missing),
        was_stopped=False, complete_from=1767225600, lookback_s=3_600,
    )  # fmt: skip


def test_the_promise_says_what_is_accepted_and_what_the_next_run_reads() -> None:
    two = made_report("1", "2")

    assert "partial: 2 holes" in shown_text(report_view(two))
    assert "partial: 1 hole\n" in shown_text(report_view(made_report("1")))
    assert "2 holes, 1 of them accepted" in shown_text(report_view(two, 1))
    accepted = shown_text(report_view(two, 2))
    assert "complete but for 2 accepted holes" in accepted
    assert "partial" not in accepted
    whole = shown_text(report_view(made_report()))
    assert "complete: all changes before 2026-01-01 00:00 UTC, and later ones" in whole
    assert "the next run reads the last 1 h 00 min again" in whole


def test_a_plan_counts_parents_of_children_by_their_name() -> None:
    plans = tuple(
        StreamPlan(name=name, rows=60, calls=60, changed_rows=7, changed_calls=7)
        for name in ("conversations", "conversation_parts")
    )
    made = Plan(workspace="w", streams=plans, calls_per_minute=100, since=0, spent=1)
    first, second = (
        line for line in shown_text(plan_view(made)).splitlines() if line.startswith("conversation")
    )

    assert first.split()[:3] == ["conversations", "60", "60"]
    assert "60 conversations" in second
    assert "7 conversations" in second


def test_a_plan_says_when_which_calls_are_made() -> None:
    made = Plan(workspace="w", streams=(), calls_per_minute=100, since=0, spent=1)
    text = shown_text(plan_view(made))

    for line in (
        "beside the changes, a sweep for deleted rows where the API does not list them: 0 calls",
        "once a week, a sweep for rows that the API's lists of deleted rows leave out: 0 calls",
        "once a week, the parts of conversations and tickets that changed within 30 days: 0 calls",
    ):
        assert line in text


def test_many_holes_are_accepted_as_they_are_named() -> None:
    few = made_report(*map(str, range(SHOWN_OPTIONS))).failures
    many = made_report(*map(str, range(SHOWN_OPTIONS + 1))).failures

    assert [line for line, wraps in what_to_do(few) if not wraps] == [
        f"  --accept-hole contacts:{number}" for number in range(SHOWN_OPTIONS)
    ]
    assert "add --accept-hole 'STREAM:WHAT'" in "\n".join(line for line, _ in what_to_do(many))


def test_holes_that_are_only_counted_are_accepted_with_their_stream_alone() -> None:
    """Which they are, their number does not tell: tomorrow's may be others."""
    holes = [Hole(kind="record", key=str(number)) for number in range(MAX_NAMED + 7)]
    failures = failures_of("contacts", holes)
    rest = f"contacts:{failures[-1].what}"

    assert rest == "contacts:7 more of kind record"
    assert not SyncOptions(accept_hole=[rest]).accepts(failures[-1])
    assert SyncOptions(accept_hole=["contacts"]).accepts(failures[-1])
    with pytest.raises(ConfigError, match=r"does not say which holes.* --accept-hole contacts$"):
        check_streams(["contacts"], SyncOptions(accept_hole=[rest]))
    assert "whatever a stream lacks, add --accept-hole STREAM" in "\n".join(
        line for line, _ in what_to_do(failures)
    )
    alone = [line for line, wraps in what_to_do(failures[-1:]) if not wraps]
    assert alone == ["  --accept-hole contacts"]


@pytest.mark.parametrize(
    ("what", "is_copied"),
    [("7", True), ("a :smile: b", True), ("[bold]", True), ("it's", True), ("x" * 9_000, True)]
    + [(what, False) for what in ("a\nb", "a\u202eb", "a\x1bb", "a  b\t", "x" * 20_000)],
)
def test_a_hole_is_named_to_be_copied_only_where_it_is_shown_as_it_is(
    what: str,
    is_copied: bool,  # noqa: FBT001 (of the table)
    capsys: pytest.CaptureFixture[str],
) -> None:
    for line, wraps in what_to_do(made_report(what).failures):
        say(escape(line), wraps=wraps)
    told = capsys.readouterr().err
    options = [each for each in told.splitlines() if each.startswith("  --accept-hole ")]

    assert [shlex.split(each)[1] for each in options] == [f"contacts:{what}"] * is_copied
    assert ("--accept-hole 'STREAM:WHAT'" in told) is not is_copied


@pytest.mark.parametrize(("count", "shown"), [(1, "1 row in"), (2, "2 rows in")])
def test_numbers_and_nouns_agree(count: int, shown: str) -> None:
    stream = StreamReport(
        name="contacts", kind="full", rows=count, unchanged=0, calls=1, seconds=1.0, missing=0,
        was_resumed=False, is_complete=True,
    )  # fmt: skip
    text = shown_text(report_view(msgspec.structs.replace(made_report(), streams=(stream,))))

    assert shown in text
    assert ": 1 call, 0 × 429, 0 retries" in text


@pytest.mark.parametrize(
    ("to", "report"),
    [
        ("t.duckdb", "t.duckdb"),
        ("t.duckdb", "t.duckdb.wal"),
        ("t.duckdb", ".t.duckdb.sync/r.json"),
        ("t", "t/contacts.jsonl"),
        ("t", "link"),
    ],
)
def test_a_report_takes_the_place_of_no_file_of_the_target(
    to: str, report: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report of an earlier run is removed first, so the target was."""
    monkeypatch.chdir(tmp_path)
    Path("link").symlink_to("t/contacts.jsonl")
    for folder in ("t", ".t.duckdb.sync"):
        Path(folder).mkdir()
    for name in {"t.duckdb", report} - {"link"}:
        Path(name).write_text("rows")
    before = {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match="--report must be a file apart from the target t"):
        anyio.run(
            lambda: sync(
                to=to,
                streams=["tags"],
                options=SyncOptions(report=Path(report)),
                connection=Connection(token="t", base_url="http://127.0.0.1:1"),
            )
        )

    assert {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "given",
    [["tags,teams"], ["tags", "teams"], ["tags, teams"], ["tags teams"], [" tags", ",teams,"]],
)
def test_names_stand_with_spaces_or_commas_between_them(given: list[str]) -> None:
    assert names_of(given) == ["tags", "teams"]


@pytest.mark.anyio
async def test_a_run_that_fails_leaves_no_report_of_an_earlier_one(tmp_path: Path) -> None:
    report, target = tmp_path / "report.json", tmp_path / "target"
    target.write_text("no folder")
    report.write_text("{}")
    link, linked = tmp_path / "link.json", tmp_path / "linked.json"
    linked.write_text("{}")
    link.symlink_to(linked)
    for path in (report, link):
        with pytest.raises((IntercomError, OSError)):
            await sync(
                to=str(target),
                streams=["tags"],
                options=SyncOptions(report=path),
                connection=Connection(token="t", base_url="http://127.0.0.1:1"),
            )

    assert not report.exists()
    assert link.exists()


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_a_report_is_for_its_owner_only(tmp_path: Path) -> None:
    """It names rows, and quotes what went wrong with them."""
    report = Report(
        workspace="w", streams=(), failures=(), seconds=1.0, calls=1, throttled=0, retries=0,
        utilisation=None, was_stopped=False,
    )  # fmt: skip
    before = os.umask(0)
    try:
        write_report(tmp_path / "report.json", report, None)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o600


@pytest.mark.anyio
async def test_a_hole_of_one_night_is_accepted_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    async with Simulator(contacts=5, conversations=0, companies=0, tickets=0) as simulator:
        # A failure that is not tried again, so that nobody waits.
        simulator.faults.add(path="/contacts/search", status=400, after=1)

        async def night(*accepted: str) -> int:
            return await sync(
                to=str(tmp_path / "target"),
                streams=["contacts"],
                options=SyncOptions(accept_hole=list(accepted), report=report),
                connection=Connection(token=simulator.token, base_url=simulator.url),
            )

        first = await night()
        told = capsys.readouterr().err
        failures: list[Any] = msgspec.json.decode(report.read_bytes())["failures"]
        names = [f"{one['stream']}:{one['what']}" for one in failures]
        named = [line for line in told.splitlines() if line.startswith("  --accept-hole ")]
        second = await night(*(shlex.split(line)[1] for line in named))

    assert first == 3
    assert names
    assert all(f"hole: {name}: " in told for name in names)
    assert [shlex.split(line)[1] for line in named] == names
    assert second == 0
    again = capsys.readouterr().err
    assert "complete but for 1 accepted hole\n" in again
    assert "partial" not in again


@pytest.mark.anyio
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("name", ["report.json", "report.html"])
async def test_a_report_that_cannot_be_written_is_named_and_the_run_told(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "report.html":
        pytest.importorskip("matplotlib")
    report = tmp_path / name
    report.symlink_to("/dev/full")
    async with Simulator(contacts=5, conversations=0, companies=0, tickets=0) as simulator:
        with pytest.raises(TargetError, match=rf"^the report .*{name} cannot be written: No space"):
            await sync(
                to=str(tmp_path / "target"),
                streams=["tags"],
                options=SyncOptions(report=report),
                connection=Connection(token=simulator.token, base_url=simulator.url),
            )
    assert "complete" in capsys.readouterr().err


def test_rows_that_since_left_out_are_filled_without_it() -> None:
    left_out = Hole(kind="unseeded", high=1_700_000_000, reason="since left them out")
    (failure,) = failures_of("contacts", [left_out])
    first, *_ = (line for line, _ in what_to_do([failure]))
    assert first.startswith("run the same command without --since to fill the hole;")
