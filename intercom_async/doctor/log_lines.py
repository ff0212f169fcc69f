"""What the logs of normal use say about 429s; none is ever provoked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from .findings import CheckResult

REFUSED = re.compile(
    r"was turned away: 429 (?P<code>\S+), limit (?P<limit>\S+), remaining (?P<remaining>\S+), "
    r"(?P<left>\S+) s before Reset, Retry-After (?P<retry>[^\s,]+)"
)
"""The line that the client logs at INFO for each 429 (`request.replies.log_refusal`)."""


def read_log(lines: Iterable[str]) -> CheckResult:
    """Count the 429s of a log, and what came with them."""
    codes: Counter[str] = Counter()
    remaining: Counter[str] = Counter()
    retry: Counter[str] = Counter()
    for line in lines:
        found = REFUSED.search(line)
        if found is None:
            continue
        codes[_word(found["code"])] += 1
        remaining[_word(found["remaining"])] += 1
        retry["absent" if found["retry"] == "None" else "sent"] += 1
    total = sum(codes.values())
    if not total:
        return CheckResult(
            check="429s",
            outcome="unknown",
            text="the log has no 429 of this package: let the logger intercom_async write at INFO",
            facts={"count": 0},
        )
    sent = "with Retry-After" if retry["sent"] == total else f"{retry['sent']} with Retry-After"
    kinds = ", ".join(f"{count} × {code}" for code, count in codes.most_common())
    return CheckResult(
        check="429s",
        outcome="note",
        text=f"{total} in the log ({kinds}), {sent}",
        facts={
            "count": total,
            "codes": dict(codes),
            "remaining": dict(remaining.most_common(5)),
            "retry_after": dict(retry),
        },
    )


def _word(text: str) -> str:
    """Return a code or a number, and nothing longer than one is."""
    return text if re.fullmatch(r"[A-Za-z0-9_]{1,40}", text) else "other"
