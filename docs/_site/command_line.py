"""The commands, described by the program itself."""

from __future__ import annotations

from intercom_async.cli import app


def commands() -> str:
    """Return a section for each command."""
    text = app.generate_docs(output_format="markdown", recursive=True)
    # The program's own title, table of contents and list of commands: the page has them already.
    return text[text.index("\n## intercom-async") :].replace("```console", "```sh")
