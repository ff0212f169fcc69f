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
    ],
)
def test_a_page_that_is_shorter_than_others(sizes: tuple[int, ...], *, is_short: bool) -> None:
    signs = PageSigns()
    for size in sizes:
        signs.take(size, None)
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
    signs = PageSigns()
    for total in totals:
        signs.take(2, total)
    assert (signs.is_short, signs.has_shrunk) == (False, has_shrunk)
