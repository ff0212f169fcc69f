"""`python -m intercom_async.simulator`: a local Intercom in a process of its own.

The two lines that a program needs to reach it go to stdout, everything else to stderr.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from .standalone import Options, run

NUMBERS = {
    "port": "where to listen; 0 takes a free port",
    "contacts": "seeded contacts",
    "conversations": "seeded conversations",
    "companies": "seeded companies",
    "tickets": "seeded tickets",
    "seed": "the same seed makes the same data",
    "app_per_minute": "limit of the app",
    "workspace_per_minute": "limit of all apps together",
}


class _Parser(argparse.ArgumentParser):
    """Says what is wrong on one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {' '.join(message.split())} (see --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until interrupted; return the exit code."""
    defaults = Options()
    parser = _Parser(prog="python -m intercom_async.simulator", description=__doc__)
    for name, meaning in NUMBERS.items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=int, default=getattr(defaults, name), help=meaning)
    parser.add_argument("--host", default=defaults.host, help="address to listen at")
    parser.add_argument(
        "--latency-ms", type=float, default=defaults.latency_ms, help="added to every answer"
    )
    parser.add_argument("--data", default=None, help="records to create: JSON lines, or a folder")
    parser.add_argument("--snapshot", default=None, help="file to begin from, and to save to")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a host name by which /_simulator/ may be reached",
    )
    parser.add_argument(
        "--quirk", action="append", default=[], metavar="NAME=VALUE", help="a quirk to switch on"
    )
    given = parser.parse_args(arguments)
    try:
        settings: dict[str, Any] = vars(given) | {
            "quirk": tuple(given.quirk),
            "allow_host": tuple(given.allow_host),
        }
        options = Options(**settings)
        asyncio.run(run(options))
    except (ValueError, OSError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
