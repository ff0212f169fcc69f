"""``python -m intercom_async`` and the ``intercom-async`` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; without its extra, say how to get it."""
    try:
        from intercom_async.cli import run  # noqa: PLC0415 (needs the extra)
    except ModuleNotFoundError as error:
        if error.name not in ("cyclopts", "rich"):
            raise
        sys.exit("the command line needs its extra: pip install 'intercom-async[cli]'")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
