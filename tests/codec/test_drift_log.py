"""What was repaired is counted, and logged once, without the value."""

from __future__ import annotations

import logging

import msgspec
import pytest

from intercom_async.codec import drift, reset_drift
from intercom_async.models import (
    Contact,
)
from .conftest import read


def test_kind_of_deviation_is_logged_once_without_the_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, logger="intercom_async.codec"):
        for _ in range(3):
            read({"id": "1", "email": 4711}, Contact)

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "Contact.email" in caplog.text
    assert "4711" not in caplog.text
    assert [(one.field, one.count) for one in drift()] == [("email", 3)]


def test_counters_are_bounded_and_can_be_reset() -> None:
    for index in range(1200):
        shape = msgspec.defstruct(f"Shape{index}", [("a", str)])
        read({"a": 1}, shape)

    counted = drift()

    assert len(counted) == 1001
    assert counted[0].resource == "*"
    assert counted[0].count == 200
    reset_drift()
    assert drift() == ()
