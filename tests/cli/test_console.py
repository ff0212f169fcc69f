from __future__ import annotations

import json

import pytest

pytest.importorskip("rich")

from intercom_async.cli.console import for_terminal, say


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
