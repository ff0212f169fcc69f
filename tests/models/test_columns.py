"""The columns of a model come from its declaration, and say what a field holds."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
import pytest

from intercom_async import models
from intercom_async.models import Company, Contact, Conversation, Model
from intercom_async.models._columns import columns_of
from intercom_async.models.base import AssigneeId, Id, LooseTimestamp, Timestamp
from tests.support.each import for_each, name_of

STRUCTS: list[Any] = [
    one
    for name in models.__all__
    if isinstance(one := getattr(models, name), type) and issubclass(one, Model)
]


class Mine(msgspec.Struct):
    text: str
    open_enum: Literal["a", "b"] | str | None
    number_or_none: float | None
    either: int | float | None
    flag: bool | None
    id: Id
    assignee: AssigneeId
    at: Timestamp | None
    loose: LooseTimestamp | None
    anything: Any
    several: list[str]
    renamed: int = msgspec.field(name="was")


def test_kinds_follow_the_declared_types() -> None:
    assert {column.name: column.kind for column in columns_of(Mine)} == {
        "text": "text",
        "open_enum": "text",
        "number_or_none": "number",
        "either": "number",
        "flag": "boolean",
        "id": "text",
        "assignee": "text",
        "at": "timestamp",
        "loose": "timestamp",
        "anything": "json",
        "several": "json",
        "was": "integer",
    }
    assert columns_of(Mine)[-1].attribute == "renamed"


@pytest.mark.parametrize("model", [Contact, Company, Conversation])
def test_the_columns_of_a_model_have_the_order_of_its_fields(model: type[Model]) -> None:
    assert [column.attribute for column in columns_of(model)] == list(model.__struct_fields__)


@for_each(STRUCTS, name_of)
def test_every_moment_of_a_model_is_a_timestamp(model: Any) -> None:
    """A number whose name says that it is a moment is declared as one."""
    moment = re.compile(r"(_at|_since|_until|_before|_after)$")
    numbers = {column.name for column in columns_of(model) if column.kind == "integer"}
    assert {name for name in numbers if moment.search(name)} == set()
