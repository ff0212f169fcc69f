"""A request as something to copy: a command for a shell, a call for a program."""

from __future__ import annotations

import pprint
import shlex
from collections.abc import Mapping

from intercom_async.simulator.journal import Entry
from intercom_async.simulator.rows import BAD_JSON, decode_json

KEPT_HEADERS = ("Accept", "Content-Type", "Intercom-Version")
"""Headers that change an answer; the rest is the client's own affair."""
CUT = "the body was cut: it is longer than the console keeps"


def as_curl(entry: Entry, url: str) -> str:
    """Return a command that sends the request again; the token comes from `INTERCOM_TOKEN`."""
    lines = [f"curl --request {shlex.quote(entry.method)} {shlex.quote(url)}"]
    lines.append('--header "Authorization: Bearer $INTERCOM_TOKEN"')
    for name in KEPT_HEADERS:
        value = entry.headers.get(name)
        if value is not None:
            lines.append(f"--header {shlex.quote(f'{name}: {value}')}")
    if entry.body:
        lines.append(f"--data-raw {shlex.quote(entry.body.decode(errors='replace'))}")
    command = " \\\n  ".join(lines)
    return f"# {CUT}\n{command}" if _is_cut(entry) else command


def as_python(entry: Entry, operation: tuple[str, Mapping[str, str]] | None) -> str:
    """Return a program that sends the request again with the client of this package.

    Args:
        entry: The request.
        operation: Template of its path and the ids in it; None where no operation has it.
    """
    nothing: Mapping[str, str] = {}
    template, ids = (entry.path, nothing) if operation is None else operation
    arguments = [repr(entry.method), repr(template)]
    if ids:
        arguments.append(f"path={dict(ids)!r}")
    if entry.query:
        arguments.append(f"params={dict(entry.query)!r}")
    note = f"# {CUT}\n" if _is_cut(entry) else ""
    if entry.body and not note:
        try:
            body = decode_json(entry.body)
        except BAD_JSON:
            note = "# the body is no JSON and cannot be sent like this\n"
        else:
            written = pprint.pformat(body, width=80, sort_dicts=False)
            arguments.append("json=" + written.replace("\n", "\n            "))
    settings = f", version={entry.version!r}" if "Intercom-Version" in entry.headers else ""
    listed = "".join(f"            {argument},\n" for argument in arguments)
    return (
        f"{note}import asyncio\n\nfrom intercom_async import Intercom\n\n\n"
        "async def main() -> None:\n"
        f"    # INTERCOM_TOKEN and INTERCOM_BASE_URL say where to.\n"
        f"    async with Intercom({settings.removeprefix(', ')}) as intercom:\n"
        f"        response = await intercom.request(\n{listed}        )\n"
        "        print(response.data)\n\n\n"
        "asyncio.run(main())\n"
    )


def _is_cut(entry: Entry) -> bool:
    return entry.body_bytes > len(entry.body)
