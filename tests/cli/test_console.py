from __future__ import annotations

import json

import pytest

pytest.importorskip("rich")

from rich.table import Table

from intercom_async.cli.console import PipedConsole, console, for_terminal, put_view, say
from intercom_async.cli.fitted_table import FittedTable


@pytest.mark.parametrize(
    "letter", ["\x1b", "\x07", "\x7f", "\x9b", "\x85", "\u202e", "\u2066", "\u2028"]
)
def test_nothing_that_steers_a_terminal_reaches_it(
    letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body = json.dumps({"name": f"a{letter}b"}, ensure_ascii=False).encode()

    shown = for_terminal(body)
    assert letter.encode() not in shown
    assert json.loads(shown) == json.loads(json.dumps({"name": f"a{letter}b"}))
    say(f"a{letter}b")
    assert letter not in capsys.readouterr().err


def test_what_is_to_be_copied_is_not_wrapped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = PipedConsole(stderr=True, highlight=False, force_terminal=True, width=20)
    monkeypatch.setattr("intercom_async.cli.console.console", terminal)
    line = "--option 'one two three four five'"

    say(line)
    say(line, wraps=False)

    wrapped, _, whole = capsys.readouterr().err.splitlines()
    assert wrapped in line
    assert whole == line


def test_a_table_in_a_pipe_has_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(box=None)
    for place in range(20):
        table.add_column(f"heading {place}")
    rows = [[f"{row}, a cell of column {place}" for place in range(20)] for row in "ab"]
    for row in rows:
        table.add_row(*row)

    put_view(FittedTable(table))
    console.print(FittedTable(table))

    shown = capsys.readouterr()
    for text in (shown.out, shown.err):
        _, *lines = text.splitlines()
        for line, row in zip(lines, rows, strict=True):
            assert all(cell in line for cell in row), line
