"""Every command line in README and pages is one that the program takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

from .snippets import ROOT

pytest.importorskip("cyclopts")

from intercom_async.cli import app

SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENDS = {"|", "||", "&&", "&", ";", ">", "2>", "<"}
"""Words after which a shell reads something else than an argument."""


def commands() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the arguments of each call of `intercom-async`, and its page."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for block in SHELL.findall(path.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                _, name, rest = line.partition("intercom-async ")
                if not name or line.lstrip().startswith("#"):
                    continue
                lexer = shlex.shlex(rest.split(")")[0], posix=True, punctuation_chars=True)
                lexer.whitespace_split = True
                lexer.commenters = "#"
                words: list[str] = []
                for word in lexer:
                    if word in ENDS:
                        break
                    words.append(word)
                yield str(path.relative_to(ROOT)), tuple(words)


COMMANDS = sorted(set(commands()))


def test_commands_are_found() -> None:
    assert len(COMMANDS) > 30


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: f"{one[0]}: {' '.join(one[1])[:60]}")
def test_a_command_is_taken(
    command: tuple[str, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("INTERCOM_CLIENT_ID", "INTERCOM_CLIENT_SECRET"):
        monkeypatch.setenv(name, "x")
    app.parse_args(list(command[1]), exit_on_error=False, print_error=False)
