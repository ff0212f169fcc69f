"""Pages that show that rows are missing from them."""

from __future__ import annotations

import pytest

from intercom_async.sync.page_signs import PageSigns


@pytest.mark.parametrize(
    ("sizes", "is_short"),
    [
        ((150, 150, 3), False),
        ((150,), False),
        ((), False),
        ((150, 150, 150), False),
        ((150, 149, 150), True),
        ((149, 150, 3), True),
        ((150, 149, 3), True),
        ((3, 4), True),
        ((149, 3), True),
        ((150, 3), False),
        ((50, 50, 3), False),
    ],
)
def test_a_page_that_is_shorter_than_others(sizes: tuple[int, ...], *, is_short: bool) -> None:
    signs = PageSigns(150)
    for number, size in enumerate(sizes, start=1):
        signs.take(size, None, is_followed=number < len(sizes))
    assert (signs.is_short, signs.has_shrunk) == (is_short, False)


@pytest.mark.parametrize(
    ("totals", "has_shrunk"),
    [
        ((9, 9), False),
        ((9, 10), False),
        ((9, 10, 9), True),
        ((9, 8, 9), True),
        ((None, None), False),
    ],
)
def test_a_count_that_becomes_less(totals: tuple[int | None, ...], *, has_shrunk: bool) -> None:
    signs = PageSigns(150)
    for total in totals:
        signs.take(150, total, is_followed=True)
    assert (signs.is_short, signs.has_shrunk) == (False, has_shrunk)


def test_a_page_behind_which_nothing_is_read() -> None:
    signs = PageSigns(150)
    for size in (150, 150, 149):
        signs.take(size, 900, is_followed=True)
    assert signs.is_short
