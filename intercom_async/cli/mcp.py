"""``mcp``: run a Model Context Protocol server over stdio."""

from __future__ import annotations

import sys
from contextlib import nullcontext

from intercom_async.client import Intercom
from intercom_async.errors import ConfigError
from intercom_async.priority import Priority
from .connection import Connection
from .console import say
from .signals import ending_at_once


async def mcp(*, connection: Connection | None = None) -> None:
    """Run a read-only MCP (Model Context Protocol) server over stdio."""
    try:
        from intercom_async.integrations.mcp import MAX_WAIT_S, server  # noqa: PLC0415 (an extra)
    except ImportError as missing:
        raise ConfigError(
            "this needs the extra mcp: pip install 'intercom-async[cli,mcp]'"
        ) from missing
    chosen = connection or Connection()
    chosen.client()  # a wrong option is said now, not when the first tool is called

    def make() -> Intercom:
        return chosen.client(priority=Priority.INTERACTIVE, max_wait_s=MAX_WAIT_S)

    is_terminal = sys.stdin.isatty()
    with ending_at_once() if is_terminal else nullcontext():
        if is_terminal:
            say("Serving over stdin and stdout, for an assistant to start; Ctrl-C ends it.")
        await server(make).run_stdio_async()
