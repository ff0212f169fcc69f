from __future__ import annotations

import pytest

from .each import for_each


def test_every_value_that_fails_is_reported_with_its_label() -> None:
    @for_each([1, 2, 3, 4], str)
    def is_even(value: int) -> None:
        if value == 3:
            pytest.fail("three")
        assert value % 2 == 0

    with pytest.raises(BaseExceptionGroup, match="2 of 4") as caught:
        is_even()
    assert [error.__notes__ for error in caught.value.exceptions] == [["for 1"], ["for 3"]]
