"""From the order of a list something is concluded only where its pages have shown it."""

from __future__ import annotations

import random

import pytest

from intercom_async.sync.list_order import FEWEST_STEPS, ListOrder, ShownOrders


def read(*pages: list[int], shown: ShownOrders | None = None) -> ListOrder:
    order = ListOrder(shown or ShownOrders(), "updated_at")
    for page in pages:
        order.take(page)
    return order


def falling(pages: int, *, rows: int = 3) -> list[list[int]]:
    """Return pages that are in order."""
    moments = iter(range(10_000, 0, -1))
    return [[next(moments) for _ in range(rows)] for _ in range(pages)]


@pytest.mark.parametrize(
    "pages",
    [
        [[9, 8, 7, 6, 5, 4, 3, 2, 1]],
        falling(FEWEST_STEPS),
        [[5, 5]] * 20,
        [[], *falling(FEWEST_STEPS)],
        [*falling(FEWEST_STEPS), [20_000], *falling(FEWEST_STEPS + 1)],
    ],
    ids=["one page", "few pages", "one moment", "an empty page", "a row out of place"],
)
def test_an_order_is_not_believed(pages: list[list[int]]) -> None:
    assert not read(*pages).is_proven


def test_an_order_is_believed_once_shown() -> None:
    shown = ShownOrders()
    order = read(*falling(FEWEST_STEPS + 1), shown=shown)

    assert order.is_proven
    assert order.is_below(10_000)
    assert not order.is_below(0)
    assert read([7], shown=shown).is_proven, "what one list has shown holds for the next one"
    assert not ListOrder(shown, "created_at").is_proven, "but for no other field"


def test_what_was_shown_counts_for_nothing_once_a_row_is_out_of_place() -> None:
    shown = ShownOrders()
    other = read(*falling(FEWEST_STEPS + 1), shown=shown)
    read([3, 4], shown=shown)

    assert not other.is_proven


@pytest.mark.parametrize(("pages", "is_below"), [([[9, 4]], True), ([[4, 9]], False), ([], False)])
def test_a_row_out_of_place_is_no_end(pages: list[list[int]], *, is_below: bool) -> None:
    assert read(*pages).is_below(5) is is_below


def test_a_list_is_read_from_its_begin_where_no_order_is_shown() -> None:
    assert read([9, 4]).read_to(50) == 50
    assert read(*falling(FEWEST_STEPS + 1)).read_to(20_000) == 10_000 - 3 * (FEWEST_STEPS + 1) + 1
    assert read(shown=ShownOrders()).read_to(50) == 50


def test_pages_in_order_of_a_list_without_one_are_not_believed() -> None:
    """None of 2,000 lists in any order, each page of which is in order."""
    dice = random.Random(7)
    for _ in range(2_000):
        pages = [sorted((dice.random() for _ in range(2)), reverse=True) for _ in range(40)]
        assert not read(*([round(one * 1e9) for one in page] for page in pages)).is_proven


def test_a_row_that_has_just_changed_proves_neither_order_nor_disorder() -> None:
    """It may stand at its older place; one that has not changed lately may not."""
    shown = ShownOrders()
    busy = ListOrder(shown, "updated_at", changing_from=20_000)
    for number, page in enumerate(falling(FEWEST_STEPS + 1)):
        busy.take([*page, 20_000 + number])
    assert busy.is_proven
    busy.take([19_999])
    assert not busy.is_kept

    fresh = ListOrder(ShownOrders(), "updated_at", changing_from=1)
    for page in falling(FEWEST_STEPS + 1):
        fresh.take(page)
    assert not fresh.is_proven
