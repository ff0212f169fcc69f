"""A look at a real workspace: what works for a token, and how its API behaves where none says so.

    examination = await examine(token)
    print(examination.shareable())          # no id, no name, no token

It only reads, within 200 calls, each through the client and its scheduler. What no documentation
says is measured: how windows end, whether `Remaining` counts the answered call, how a day is cut in
search and, with the user's consent to make one contact, how late a search finds it. 429s are never
provoked: what is known of them comes from logs of normal use (`read_log`).
"""

from .examination import MAX_CALLS, examine
from .findings import CheckResult, Examination, FoundSettings, read_settings, save_settings
from .log_lines import read_log

__all__ = [
    "MAX_CALLS",
    "CheckResult",
    "Examination",
    "FoundSettings",
    "examine",
    "read_log",
    "read_settings",
    "save_settings",
]
