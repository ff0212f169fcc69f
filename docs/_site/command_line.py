"""The commands, described by the program itself."""

from __future__ import annotations

import re
import sys

from intercom_async.cli import app


def commands() -> str:
    """Return a section for each command."""
    # Usage lines begin with the name of the running program, which is the site's generator here.
    running, sys.argv = sys.argv, [app.name[0]]
    try:
        text = app.generate_docs(output_format="markdown", recursive=True)
    finally:
        sys.argv = running
    # The program's own title, table of contents and list of commands: the page has them already.
    text = text[text.index("\n## intercom-async") :].replace("```console", "```sh")
    # The name of a command with a usage line of its own comes twice.
    return re.sub(r"^(intercom-async (\S+)) \2 ", r"\1 ", text, flags=re.MULTILINE)
