"""Where the simulator and an official description differ on purpose, and which of them is right.

The descriptions and answers recorded from live workspaces are both evidence. Where they disagree
the recorded answer wins: it is what a client meets.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Mismatch(NamedTuple):
    """One difference, and the evidence that decides it."""

    operation: str
    """Pattern of `"GET /path"`."""
    place: str
    """Pattern of the place in the answer, its steps joined by slashes."""
    why: str


KNOWN_MISMATCHES: tuple[Mismatch, ...] = (
    Mismatch(".*", "pages/next", "recorded: lists by page have a URL here, not a cursor object"),
    Mismatch(".*", "pages", "recorded: lists by page and scrolls say null for no pages"),
    Mismatch(".*", r"(.*/)?statistics/.*", "recorded: what has not happened yet is null"),
    Mismatch(
        ".*", r"(.*/)?(statistics|ai_agent|ai_agent/.*)", "null in the description's examples"
    ),
    Mismatch(
        ".*", r"(.*/)?(assigned_to|email_message_metadata)", "null in the description's examples"
    ),
    Mismatch(
        ".*", r"(.*/)?custom_attributes(/.*)?", "recorded: attributes are booleans and numbers too"
    ),
    Mismatch(".*", r"(.*/)?event_details", "null in the description's examples"),
    Mismatch(
        ".*", r"(.*/)?conversation_rating/teammate", "until 2.17 nobody, where a workflow asked"
    ),
    Mismatch(".*", r"(.*/)?avatar", "recorded: an admin's avatar is an object"),
    Mismatch(
        "GET /events", "type", "the answer is a list, not a summary, unless that was asked for"
    ),
    Mismatch("GET /companies/scroll", "total_count", "null in the description's own example"),
)


def is_known(operation: str, place: str) -> bool:
    """Tell whether a difference at this place of an operation's answer is a known one."""
    return any(
        re.fullmatch(one.operation, operation) and re.fullmatch(one.place, place)
        for one in KNOWN_MISMATCHES
    )
