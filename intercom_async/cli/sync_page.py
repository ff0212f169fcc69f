"""HTML report of a sync: one file without external resources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from intercom_async.moments import to_datetime
from intercom_async.sync import Failure, Report
from .sync_pictures import pictures
from .sync_recorder import SyncRecorder
from .sync_view import duration

STYLE = """
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --text: #1b1f27;
  --quiet: #535b69; --line: #d6dae1; --good: #1a6b3c; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f1218; --card: #181c24; --text: #e6e9ef;
  --quiet: #a3adbd; --line: #323946; --good: #74d39c; --bad: #ff8d84; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; background: var(--ground);
  color: var(--text); font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 0 0 .5rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .9rem 1rem; margin: 1rem 0; overflow-x: auto; }
dl { display: flex; flex-wrap: wrap; gap: .4rem 2rem; margin: .7rem 0 0; }
dt { color: var(--quiet); font-size: .85rem; } dd { margin: 0; font-size: 1.2rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: right; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
th { white-space: nowrap; }
th:first-child, td:first-child, td.text, th.text { text-align: left; overflow-wrap: break-word; }
.good { color: var(--good); } .bad { color: var(--bad); } .quiet { color: var(--quiet); }
svg { max-width: 100%; height: auto; display: block; }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(report: Report, recorder: SyncRecorder, accepted: Sequence[Failure] = ()) -> str:
    """Return the report as HTML.

    Args:
        report: The report.
        recorder: The record of the run.
        accepted: Holes that are accepted.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    parts = [_head(report, accepted), _holes(report, accepted), _streams(report)]
    parts += [_section(title, _named(svg, title)) for title, svg in pictures(recorder).items()]
    parts += [_operations(recorder), _notes(report)]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>Sync of {escape(report.workspace)}</title><style>{STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _head(report: Report, accepted: Sequence[Failure]) -> str:
    state, style = "complete", "good"
    if report.was_stopped:
        state, style = "stopped", "bad"
    elif not report.is_complete:
        is_accepted = bool(accepted) and len(accepted) == len(report.failures)
        state = "complete but for accepted holes" if is_accepted else "partial"
        style = "good" if is_accepted else "bad"
    share = "–" if report.utilisation is None else f"{report.utilisation:.0%}"
    facts = {
        "State": f'<span class="{style}">{state}</span>',
        "Rows": f"{report.rows:,}",
        "Time": escape(duration(report.seconds)),
        "Calls": f"{report.calls:,}",
        "Use of the limit": share,
        "429s": f"{report.throttled:,}",
        "Retries": f"{report.retries:,}",
    }
    listed = "".join(f"<div><dt>{name}</dt><dd>{told}</dd></div>" for name, told in facts.items())
    span = f"{_at(report.started_at)} to {_at(report.ended_at)} UTC, by the server's clock"
    held = f"; rows that were there at {_at(report.complete_from)} UTC are in the target"
    promise = held if report.is_complete and report.complete_from else ""
    return (
        f"<h1>Sync of {escape(report.workspace)}</h1>"
        f'<p class="quiet">{span}{promise}</p><section><dl>{listed}</dl></section>'
    )


def _holes(report: Report, accepted: Sequence[Failure]) -> str:
    if not report.failures:
        return ""
    rows = (
        [one.stream, one.what, one.reason, "yes" if one in accepted else "no"]
        for one in report.failures
    )
    return _section("Holes", _table(["Stream", "What", "Why", "Accepted"], rows, text=4))


def _streams(report: Report) -> str:
    headings = ["Stream", "Rows", "Unchanged", "Gone", "Calls", "Time", "Holes", "State"]
    rows = (
        [
            stream.name,
            f"{stream.rows:,}",
            f"{stream.unchanged:,}",
            f"{stream.removed:,}",
            f"{stream.calls:,}",
            duration(stream.seconds),
            f"{stream.holes:,}",
            ", ".join(
                filter(
                    None,
                    (
                        "complete" if stream.is_complete else "incomplete",
                        stream.kind,
                        "resumed" if stream.was_resumed else "",
                    ),
                )
            ),
        ]
        for stream in report.streams
    )
    return _section("Streams", _table(headings, rows))


def _operations(recorder: SyncRecorder) -> str:
    headings = ["Operation", "Calls", "Requests", "Failed", "Mean wait", "Mean time", "Longest"]
    ordered = sorted(recorder.operations.items(), key=lambda one: -one[1].calls)
    rows = (
        [
            name,
            f"{one.calls:,}",
            f"{one.attempts:,}",
            f"{one.failed:,}",
            f"{one.wait_s / one.calls:.3f} s",
            f"{one.elapsed_s / one.calls:.3f} s",
            f"{one.longest_s:.3f} s",
        ]
        for name, one in ordered
    )
    return _section("Calls by operation", _table(headings, rows))


def _notes(report: Report) -> str:
    lines = [
        f"the server did not answer from {_at(outage.began)} UTC to "
        f"{'the end' if outage.ended is None else _at(outage.ended)}: {outage.error}"
        for outage in report.outages
    ]
    listed = "".join(f"<li>{escape(line)}</li>" for line in (*lines, *report.notes))
    return _section("Outages and notes", f"<ul>{listed}</ul>") if listed else ""


def _named(svg: str, title: str) -> str:
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1)


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, text: int = 1) -> str:
    def cells(tag: str, values: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{' class=text' if place < text else ''}>{escape(value)}</{tag}>"
            for place, value in enumerate(values)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells('th', headings)}</tr></thead><tbody>{body}</tbody></table>"


def _at(moment: int) -> str:
    found = to_datetime(moment)
    return "–" if found is None else f"{found:%Y-%m-%d %H:%M:%S}"
