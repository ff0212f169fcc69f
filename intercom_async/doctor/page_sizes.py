"""How many rows a page may have, where no documentation says so."""

from __future__ import annotations

import msgspec

from intercom_async.client import Intercom
from intercom_async.errors import ResponseError
from .findings import CheckResult
from .visit import Visit

ASKED = (151, 150, 50)
"""Rows that are asked for until they are not refused: one more than the documented most of contacts
and conversations, that, and the documented size of other lists."""
LISTS = {
    "articles": "/articles",
    "help_center.collections": "/help_center/collections",
    "news": "/news/news_items",
    "calls": "/calls",
    "internal_articles": "/internal_articles",
}


class _Pages(msgspec.Struct):
    per_page: int | None = None


class _Answer(msgspec.Struct):
    pages: _Pages | None = None
    per_page: int | None = None


async def check_page_sizes(visit: Visit) -> CheckResult:
    """Ask for more rows than a page is known to have, and see what it says it has."""
    intercom = visit.intercom
    sizes = {name: await _size(intercom, path) for name, path in LISTS.items()}
    said = ", ".join(f"{name} {size}" for name, size in sizes.items() if size is not None)
    return CheckResult(
        check="page_sizes",
        outcome="good" if said else "unknown",
        text=f"largest pages that are not refused: {said or 'answers do not say it'}",
        facts={"asked": ASKED, "answered": sizes},
    )


async def _size(intercom: Intercom, path: str) -> int | str | None:
    """Return what the largest page that is not refused says it holds at most, or the refusal."""
    refusal = ""
    for asked in ASKED:
        try:
            answer = await intercom.request("GET", path, params={"per_page": asked}, model=_Answer)
        except ResponseError as error:
            refusal = f"{error.status} {error.code}"
            continue
        pages = answer.data.pages
        return answer.data.per_page if pages is None else pages.per_page
    return refusal
