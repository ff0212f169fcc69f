from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from intercom_async.response import UNKNOWN, Window, parse_window

NAMES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def headers(*values: str | None) -> dict[str, str]:
    return {name: value for name, value in zip(NAMES, values, strict=True) if value is not None}


def test_the_three_headers_are_read() -> None:
    window = parse_window(headers("1667", "1600", "1522850540"))
    assert window == Window(1667, 1600, 1522850540.0)
    assert window.used == 67


def test_lower_case_names_are_found() -> None:
    lower = {name.lower(): "5" for name in NAMES}
    assert parse_window(lower) == Window(5, 5, 5.0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((None, None, None), UNKNOWN),
        (("1667", None, None), Window(1667, None, None)),
        (("many", "5", "10"), Window(None, 5, 10.0)),
        (("-1", "-5", "-10"), UNKNOWN),
        (("100", "101", "10"), Window(None, None, 10.0)),
        (("0", "0", "0"), Window(0, 0, None)),
        (("", " ", "nan"), UNKNOWN),
        (("99999999999999", "1", "inf"), Window(None, 1, None)),
        (("10", "3", "12.5"), Window(10, 3, 12.5)),
    ],
)
def test_each_header_stands_on_its_own(
    values: tuple[str | None, str | None, str | None], expected: Window
) -> None:
    assert parse_window(headers(*values)) == expected


@given(st.dictionaries(st.sampled_from(NAMES), st.text()))
def test_no_text_in_a_header_is_an_error(found: dict[str, str]) -> None:
    window = parse_window(found)
    assert window.limit is None or window.limit >= 0
    assert window.remaining is None or window.limit is None or window.used is not None
