"""What tests of reading answers have in common."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from intercom_async.codec import decode, drift, reset_drift


@pytest.fixture(autouse=True)
def _no_drift() -> None:
    reset_drift()


def read(value: Any, model: Any) -> Any:
    return decode(json.dumps(value).encode(), model)


def drifted() -> set[tuple[str, str, str, str]]:
    return {(one.resource, one.field, one.expected, one.found) for one in drift()}


class Slim(msgspec.Struct):
    id: str
    email: str
