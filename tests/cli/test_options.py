"""Each option of each command, given a value that cannot be meant."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

pytest.importorskip("cyclopts")

from cyclopts import App
from cyclopts.argument import Argument

from intercom_async import ConfigError
from intercom_async.cli import MISUSED, app, run
from intercom_async.cli.options import check_new_file

NOBODY = "http://127.0.0.1:1"
NEEDED = {
    "api": ["GET", "/me"],
    "help-center pull": ["articles"],
    "help-center push": ["articles"],
    "import": ["contacts", str(Path(__file__).with_name("people.csv"))],
    "oauth login": ["--client-id", "c", "--client-secret", "s", "--no-browser"],
    "sync": ["--to", "target"],
    "webhooks listen": ["--base-url", NOBODY],
    "webhooks send": ["ping", "--to", NOBODY, "--secret", "s"],
}
"""What a command needs beside the option in question."""
WRONG = {
    "--allow-host": "no host",
    "--attachments": "/no/such/folder/files",
    "--base-url": "ftp://example.com",
    "--ca-file": "/no/such/file",
    "--data": "{",
    "--field": "name",
    "--from-log": "/no/such/file",
    "--forward": "nowhere",
    "--host": "no host",
    "--item": "[]",
    "--key": "nonsense",
    "--proxy": "no proxy",
    "--quirk": "nonsense=1",
    "--redirect-uri": "nowhere",
    "--rejected": "/no/such/folder/rejected.csv",
    "--report": "/no/such/folder/report.json",
    "--settings": "/no/such/file",
    "--since": "yesterday",
    "--snapshot": "/no/such/folder/snapshot",
    "--streams": "nonsense",
    "--accept-hole": "nonsense",
    "--to": "gopher://example.com",
    "--token": "two words",
    "--topics": "nonsense",
    "--version": "two",
    "METHOD": "FETCH",
    "PATH": "contacts",
    "TOPIC": "nonsense",
}
"""A value of each option that takes text; what an option means is the same in all commands."""
ANY_TEXT = {
    *("--app-id", "--author", "--id", "--client-id", "--client-secret", "--drop-stream", "--save"),
    *("--secret", "FOLDER"),
}
"""Options that no text is wrong for: a target may hold a stream of another version, a folder is
made, and which authors there are is for the server to say."""
PLACES = {"FOLDER": 0, "METHOD": 0, "KIND": 0, "PATH": 1, "TOPIC": 0}
"""Where an argument stands that has no name."""
SIGNED = {"--seed"}
KINDS: dict[object, tuple[str, ...]] = {
    int: ("many", "-1", str(10**40), "1.5"),
    float: ("many", "-1", "nan", "inf"),
    bool: ("perhaps",),
}


def leaves(group: App, chain: tuple[str, ...] = ()) -> Iterator[tuple[str, App]]:
    """Yield all commands."""
    for name in group:
        if name.startswith("-"):
            continue
        command = group[name]
        if command.default_command is None:
            yield from leaves(command, (*chain, name))
        else:
            yield " ".join((*chain, name)), command


def wrong_values(option: Argument) -> tuple[str, ...]:
    name = option.name
    if option.get_choices():
        return ("nonsense",)
    for kind, values in KINDS.items():
        if option.hint is kind:
            return tuple(each for each in values if name not in SIGNED or each != "-1")
    wrong = (WRONG[name],) if name in WRONG else ()
    return (*wrong, "", " ") if Path in (option.hint, *get_args(option.hint)) else wrong


CASES = [
    (command, option.name, value)
    for command, found in leaves(app)
    for option in found.assemble_argument_collection()
    if option.name != "*"
    for value in wrong_values(option)
]


TEXTS = {
    option.name
    for _, found in leaves(app)
    for option in found.assemble_argument_collection()
    if option.name != "*" and not option.get_choices() and option.hint not in KINDS
}


def test_each_option_that_takes_text_has_a_value_that_is_wrong() -> None:
    assert WRONG.keys() | ANY_TEXT == TEXTS


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INTERCOM_TOKEN", "t")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("INTERCOM_BASE_URL", raising=False)
    monkeypatch.delenv("INTERCOM_REGION", raising=False)


def arguments(command: str, option: str, value: str) -> list[str]:
    needed = list(NEEDED.get(command, ()))
    if not option.startswith("-"):
        place = PLACES[option]
        needed[place] = value
        return [*command.split(), *needed]
    if option in needed:
        del needed[needed.index(option) : needed.index(option) + 2]
    return [*command.split(), *needed, f"{option}={value}"]


@pytest.mark.parametrize(("command", "option", "value"), CASES)
def test_a_wrong_value_is_refused_on_one_line_before_anything_happens(
    command: str, option: str, value: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code = run(arguments(command, option, value))
    shown = capsys.readouterr()
    # With it, a line tells the end of a command that has not even begun.
    assert shown.out.count("\n") == (option == "--json-lines"), shown.out
    assert shown.err.startswith("error: ")
    assert shown.err.count("\n") == 1, shown.err
    assert code == MISUSED, shown.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [name for name, _ in leaves(app)])
def test_an_unknown_option_and_one_argument_too_many_are_named(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    needed = NEEDED.get(command, [])
    for more in (["--nonsense"], ["nonsense", "nonsense"]):
        assert run([*command.split(), *needed, *more]) == MISUSED
        said = capsys.readouterr().err
        assert "nonsense" in said
        assert said.count("\n") == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root may be somebody else")
@pytest.mark.parametrize(("mode", "is_allowed"), [(0o755, False), (0o777, True)])
def test_a_file_in_a_folder_of_somebody_else_is_refused(mode: int, *, is_allowed: bool) -> None:
    """A file is replaced, so that it is the folder that has to allow it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(mode)
        path = Path(folder) / "report.json"
        path.touch(0o666)
        os.seteuid(65534)
        try:
            if is_allowed:
                check_new_file("--report", path)
            else:
                with pytest.raises(ConfigError, match="right to write"):
                    check_new_file("--report", path)
            check_new_file("--report", Path(os.devnull))
        finally:
            os.seteuid(0)
