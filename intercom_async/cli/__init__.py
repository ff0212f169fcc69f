"""The command line: one command a file.

JSON and what a command is asked to show go to stdout, messages to stderr. It ends with 0 when done,
1 when something failed, 2 for wrong usage, 130 when interrupted. A failure is one line that says
what, where and what to do; ``--debug`` before the command shows the traceback as well.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError
from rich.markup import escape

from intercom_async._version import __version__
from intercom_async.errors import (
    ConfigError,
    DecodeError,
    IntercomError,
    NotFoundError,
    first_error,
)
from . import (
    api,
    demo,
    doctor,
    help_center,
    import_file,
    limits,
    mcp,
    oauth_login,
    simulate,
    sync,
    webhooks_listen,
    webhooks_send,
    whoami,
)
from .console import ResultConsole, drop_unwritten, flush, lead_nowhere, put_line, say
from .os_errors import words_of
from .signals import INTERRUPTED, terminable

FAILED, MISUSED = 1, 2
"""Exit codes of a command that failed, and of one that was used wrongly."""
FIRST_CALL = "GET /me"
"""What every workspace answers: a server that does not is another one."""
PIPE_CLOSED = 141
"""As for a program that SIGPIPE has ended."""
_OFF = ("no", "n", "0", "false", "f")
"""What cyclopts takes for false
(test_sync_json_lines.py::test_each_spelling_of_the_option_has_the_last_line)."""

app: App = App(
    name="intercom-async",
    help="Use the Intercom API from the command line, within its rate limit.",
    version=__version__,
    version_flags=("--version",),
    suppress_keyboard_interrupt=False,  # `run` says it
    console=ResultConsole(),
)
app.register_install_completion_command(  # pyright: ignore[reportUnknownMemberType] (its keywords have no types)
    help="Install completion for bash, zsh or fish."
)
app.command(demo.demo)
app.command(whoami.whoami)
app.command(api.api, usage="Usage: intercom-async api [OPTIONS] [METHOD] PATH")
app.command(sync.sync, usage="Usage: intercom-async sync (--to TARGET | --plan) [OPTIONS]")
app.command(import_file.import_, name="import")
app.command(limits.limits)
app.command(doctor.doctor)
app.command(simulate.simulate)
app.command(mcp.mcp)

center: App = App(
    name="help-center", help="Edit help center articles as Markdown files.", version_flags=()
)
center.command(help_center.pull)
center.command(help_center.push)
app.command(center)

webhooks: App = App(
    name="webhooks",
    help="Send test notifications to a receiver, or listen to those of a simulator.",
    version_flags=(),
)
webhooks.command(webhooks_send.send)
webhooks.command(webhooks_listen.listen)
app.command(webhooks)

oauth: App = App(name="oauth", help="Install a public app in a workspace.", version_flags=())
oauth.command(oauth_login.login)
app.command(oauth)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code.

    With ``--json-lines`` the last line of stdout says how it ended, whatever it was that ended it.
    """
    rest = list(arguments)
    is_debugging = "--debug" in rest[:1]
    if is_debugging:
        rest.pop(0)
    with terminable():
        try:
            return _run(rest, is_debugging=is_debugging)
        except KeyboardInterrupt:  # in the last line
            return _interrupted()
        except BrokenPipeError:  # of what reads the messages
            return PIPE_CLOSED
        finally:
            drop_unwritten(sys.stderr)


def _run(rest: list[str], *, is_debugging: bool) -> int:
    failure: Exception | None = None
    try:
        code, error = _ended(rest)
    except Exception as raised:  # noqa: BLE001 (raised again below, or told)
        failure = raised
        code, error = _failed(raised)
    try:
        if error and not (failure and is_debugging):
            say(f"[red]error:[/] {escape(error)}")
    except KeyboardInterrupt:
        code, error = _interrupted(), ""
    try:
        if _prints_lines(rest) and code != PIPE_CLOSED:
            put_line("end", {"exit_code": code, "error": error or None})
        flush()
    except OSError as unwritten:
        lead_nowhere(sys.stdout)
        if not code:
            code, error = _failed(unwritten)
            say(f"[red]error:[/] {escape(error)}")
    if failure and is_debugging:
        raise failure
    return code


def _ended(rest: list[str]) -> tuple[int, str]:
    """Run one command; return its exit code, and what is to be said of its failure."""
    try:
        code = app(rest, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        command = " ".join([app.name[0], *(error.command_chain or ())])
        return MISUSED, f"{describe(error)} (see {command} --help)"
    except KeyboardInterrupt:
        return _interrupted(), ""
    except BrokenPipeError:
        # The reader, such as `head`, has closed the pipe.
        lead_nowhere(sys.stdout)
        return PIPE_CLOSED, ""
    return code if isinstance(code, int) else 0, ""


def _failed(error: Exception) -> tuple[int, str]:
    """Return the exit code of a command that has raised, and what is to be said of it."""
    first = first_error(error, Exception) or error
    if not isinstance(first, IntercomError | OSError):
        # Its words may quote what was read.
        return FAILED, (
            f"unexpected {type(first).__name__}, a defect of this program; "
            f"report it with what {app.name[0]} --debug shows, put before the command"
        )
    words = words_of(first) if isinstance(first, OSError) else describe(first)
    if isinstance(first, NotFoundError | DecodeError) and first.call == FIRST_CALL:
        words = f"{words}; if this is no Intercom, check --base-url, INTERCOM_BASE_URL and proxies"
    return MISUSED if isinstance(first, ConfigError) else FAILED, words


def _interrupted() -> int:
    say("interrupted")
    return INTERRUPTED


def _prints_lines(arguments: Sequence[str]) -> bool:
    """Say whether lines for programs are asked for, in each spelling that cyclopts takes."""
    asked = False
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name.replace("_", "-") == "--json-lines":
            asked = value.lower() not in _OFF
    return asked


def describe(error: Exception) -> str:
    """Say on one line what went wrong."""
    return " ".join(str(error).split()) or type(error).__name__
