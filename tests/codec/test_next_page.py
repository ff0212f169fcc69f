"""What a page says of the next one, in forms that no description has."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from intercom_async.codec import decode, drift, reset_drift
from intercom_async.models import Page

ROWS = [{"id": "1"}]


def page(**fields: Any) -> Page[dict[str, Any]]:
    return decode(msgspec.json.encode({"data": ROWS, **fields}), Page[dict[str, Any]])


@pytest.mark.parametrize(
    "pages", ["?page=2", ["?page=2"], True, 2, {"next": ["?page=2"]}, {"next": {"page": [2]}}]
)
def test_what_cannot_be_read_is_counted_and_leads_nowhere(pages: Any) -> None:
    reset_drift()
    found = page(pages=pages)

    assert found.items == ROWS
    assert found.pages is not None
    assert isinstance(found.pages.next, str)
    assert "page=2" not in found.pages.next
    assert drift()


@pytest.mark.parametrize("none", [False, 0, [], "", {}, None])
def test_what_says_that_nothing_follows_is_no_place(none: Any) -> None:
    found = page(pages={"page": 1, "next": none}).pages
    assert found is not None
    assert found.page == 1
    assert getattr(found.next, "starting_after", None) is None


@pytest.mark.parametrize("none", [False, 0, 0.0, [], "", {}, None])
@pytest.mark.parametrize("name", ["next_cursor", "scroll_param"])
def test_what_is_empty_is_no_cursor(name: str, none: Any) -> None:
    found = page(**{name: none})
    assert not getattr(found, name)


@pytest.mark.parametrize("name", ["next_cursor", "scroll_param"])
def test_a_cursor_that_cannot_be_read_is_counted(name: str) -> None:
    reset_drift()
    assert getattr(page(**{name: {"a": 1}}), name) == "unreadable object"
    assert [(each.resource, each.field) for each in drift()] == [("Page", name)]
    assert getattr(page(**{name: 7}), name) == "7"
