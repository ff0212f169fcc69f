"""Values of another kind than declared: turned where that is certain, else left out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from intercom_async.codec import drift
from intercom_async.models import (
    Admin,
    Call,
    Contact,
    Conversation,
    Scorecard,
    Tag,
    Ticket,
)
from .conftest import read


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("id", 5, "5"),
        ("id", 5.0, "5"),
        ("name", True, "true"),
        ("name", 1.5, "1.5"),
        ("created_at", "1700000000", 1_700_000_000),
        ("created_at", " 1700000000 ", 1_700_000_000),
        ("created_at", 1_700_000_000.0, 1_700_000_000),
        ("created_at", 1_700_000_000.9, 1_700_000_000),
        ("created_at", "2025-06-25T10:57:57Z", 1_750_849_077),
        ("created_at", "2025-06-25T12:57:57+02:00", 1_750_849_077),
        ("created_at", "2025-06-25T10:57:57", 1_750_849_077),
        ("created_at", "2025-06-25", 1_750_809_600),
        ("created_at", "yesterday", None),
        ("created_at", "", None),
        ("created_at", True, None),
        ("created_at", [1], None),
        ("created_at", "9999-12-31T23:59:59-23:59", 253_402_387_139),
        ("has_hard_bounced", "true", True),
        ("has_hard_bounced", 0, False),
        ("has_hard_bounced", "perhaps", None),
        ("has_hard_bounced", 2, None),
        ("custom_attributes", None, {}),
        ("custom_attributes", [], {}),
        ("custom_attributes", "none", {}),
        ("tags", "none", None),
        ("tags", {"data": None}, {"data": []}),
        ("tags", {"data": {}}, {"data": []}),
        ("tags", {"data": {"type": "list", "data": [{"id": "1"}]}}, {"data": [{"id": "1"}]}),
        ("tags", [{"id": 1}], {"data": [{"id": "1"}]}),
        ("tags", {"data": [None, {"id": "1"}, 7]}, {"data": [{"id": "1"}]}),
        ("tags", {"total_count": "12"}, {"total_count": 12, "data": []}),
        ("location", {"city": 7}, {"city": "7"}),
        ("avatar", 3, "3"),
        ("avatar", ["http://a"], None),
    ],
)
def test_value_of_another_kind_is_turned_or_left_out(field: str, sent: Any, kept: Any) -> None:
    contact = read({"id": "c1", "phone": "+1", field: sent}, Contact)

    known = msgspec.convert(
        {"id": "c1", "phone": "+1"} | ({} if kept is None else {field: kept}), Contact
    )
    assert contact == known
    assert {one.resource for one in drift()} <= {"Contact", "AddressableList", "ContactLocation"}
    assert sum(one.count for one in drift()) >= 1


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (7, 7.0),
        ("2.5", 2.5),
        ("1e999", None),
        ("x", None),
        (True, None),
        ([], None),
        (10**400, None),
    ],
)
def test_fraction_is_read_from_any_number(sent: Any, kept: float | None) -> None:
    scorecard = read({"score": sent}, Scorecard)

    assert scorecard.score == kept
    assert len(drift()) == (sent != 7)


@pytest.mark.parametrize("sent", [[], {}, 1.5, None])
def test_truth_is_not_guessed(sent: Any) -> None:
    assert read({"id": "1", "open": sent}, Conversation).open is None


@pytest.mark.parametrize(
    ("sent", "kept"), [(2.0**60, "1.152921504606847e+18"), (7.0, "7"), (False, "false"), ([], None)]
)
def test_text_is_written_as_json_writes_it(sent: Any, kept: str | None) -> None:
    assert read({"id": "1", "name": sent}, Tag).name == kept


def test_integers_beyond_64_bits_are_read() -> None:
    assert read({"id": "1", "created_at": 2**70}, Contact).created_at == 2**70
    assert read({"id": 2**70, "created_at": 2**70}, Contact).id == str(2**70)


def test_year_9999_in_a_zone_behind_is_no_error() -> None:
    assert read({"id": "c1", "created_at": "0001-01-01T00:00:00+14:00"}, Contact).id == "c1"


@pytest.mark.parametrize("model", [Contact, Conversation, Ticket])
def test_id_of_an_owner_or_assignee_is_compared_as_text(model: Any) -> None:
    field = "owner_id" if model is Contact else "admin_assignee_id"
    admin = read({"id": "814860"}, Admin)

    for sent in (814860, "814860", 814860.0):
        assert getattr(read({"id": "1", field: sent}, model), field) == admin.id
    for nobody in (0, "0", None):
        assert getattr(read({"id": "1", field: nobody}, model), field) is None
    assert drift() == ()


def test_list_of_ids_is_read_as_text_whatever_was_sent() -> None:
    admin = read({"id": "1", "team_ids": [814865, "814866"]}, Admin)

    assert admin.team_ids == ["814865", "814866"]
    assert drift() == ()


def test_times_of_calls_come_in_both_forms_without_drift() -> None:
    call = read(
        {"id": "1", "initiated_at": "2025-06-25T10:57:57Z", "ended_at": 5, "answered_at": ""}, Call
    )

    assert (call.initiated_at, call.ended_at, call.answered_at) == (1_750_849_077, 5, None)
    assert drift() == ()
