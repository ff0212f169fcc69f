"""What the real API was seen to send against its own description, value by value.

Each test names where it was reported; all are public threads.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from intercom_async.codec import decode, drift, reset_drift
from intercom_async.models import (
    Admin,
    Article,
    AttachedTags,
    AwayStatusReason,
    Collection,
    Company,
    Contact,
    Conversation,
    ConversationPage,
    ConversationPart,
    DataAttribute,
    DeletedObject,
    Event,
    EventPage,
    Me,
    Message,
    Model,
    Page,
    Tag,
    Ticket,
    TicketType,
)

OPENAPI = "https://github.com/intercom/Intercom-OpenAPI"


@pytest.fixture(autouse=True)
def _no_drift() -> None:
    reset_drift()


def read(value: Any, model: Any) -> Any:
    return decode(json.dumps(value).encode(), model)


def test_assignees_and_closers_are_numbers() -> None:
    """Intercom-OpenAPI issue 115, pull requests 453 and 459."""
    conversation = read(
        {
            "id": "1",
            "admin_assignee_id": 814860,
            "team_assignee_id": 5017691,
            "statistics": {"last_closed_by_id": 814860},
        },
        Conversation,
    )

    assert conversation.admin_assignee_id == "814860"
    assert conversation.team_assignee_id == "5017691"
    assert conversation.statistics.last_closed_by_id == "814860"
    assert drift() == ()


def test_nobody_is_zero_rather_than_null() -> None:
    """Intercom-OpenAPI pull request 458."""
    conversation = read({"id": "1", "admin_assignee_id": 0, "team_assignee_id": 0}, Conversation)
    ticket = read({"id": "1", "admin_assignee_id": "0", "team_assignee_id": None}, Ticket)

    assert not conversation.admin_assignee_id
    assert (ticket.admin_assignee_id, ticket.team_assignee_id) == (None, None)
    assert drift() == ()


def test_part_is_assigned_to_an_object_that_may_have_no_id() -> None:
    """Intercom-OpenAPI pull requests 635 and 643."""
    part = read({"id": "9", "assigned_to": {"type": "nobody_admin", "id": None}}, ConversationPart)

    assert (part.assigned_to.type, part.assigned_to.id) == ("nobody_admin", None)
    assert read({"id": "9", "assigned_to": None}, ConversationPart).assigned_to is None


@pytest.mark.parametrize("key", ["conversations", "data"])
def test_conversations_are_listed_under_either_name(key: str) -> None:
    """Intercom-OpenAPI issue 166."""
    page = read({"type": "conversation.list", key: [{"id": "1"}]}, ConversationPage[Conversation])

    assert [row.id for row in page.items] == ["1"]


def test_times_of_contacts_came_as_text() -> None:
    """intercom-java issue 344."""
    contact = read({"id": "1", "ios_last_seen_at": "2025-06-25T10:57:57Z"}, Contact)

    assert contact.ios_last_seen_at == 1_750_849_077


def test_sign_up_in_milliseconds_is_kept_as_sent() -> None:
    """intercom-java issue 345."""
    contact = read({"id": "1", "signed_up_at": 1_750_849_077_000}, Contact)

    assert contact.signed_up_at == 1_750_849_077_000
    assert drift() == ()


def test_custom_attributes_hold_any_kind_of_value() -> None:
    """intercom-php issue 400."""
    values = {"paid": True, "score": 1.5, "plan": None, "seen": 7, "list": [1], "object": {"a": 1}}
    for model in (Contact, Conversation, Company):
        assert read({"id": "1", "custom_attributes": values}, model).custom_attributes == values
    assert drift() == ()


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (Tag, {"type": "tag", "id": "1", "name": "vip"}),
        (Company, {"type": "company", "id": "1", "company_id": "a", "app_id": "x"}),
        (Admin, {"type": "admin", "id": "1", "email": "a@example.com"}),
        (Collection, {"id": "1", "name": "a"}),
        (DataAttribute, {"type": "data_attribute", "name": "email", "model": "contact"}),
    ],
)
def test_fields_called_required_may_be_missing(model: Any, body: Any) -> None:
    """Intercom-OpenAPI pull request 274 and issue 118."""
    read(body, model)

    assert drift() == ()


def test_all_fields_of_a_contact_but_its_id_may_be_null() -> None:
    """Intercom-OpenAPI commit bdfe250."""
    names = [name for name in Contact.__struct_fields__ if name not in ("id", "custom_attributes")]

    assert read({"id": "1", **dict.fromkeys(names)}, Contact) == Contact(id="1")
    assert drift() == ()


def test_reasons_for_being_away_come_as_a_bare_array_or_wrapped() -> None:
    """Intercom-OpenAPI pull request 569."""
    rows = [{"type": "away_status_reason", "id": "1", "label": "Lunch"}]

    for body in (rows, {"type": "list", "data": rows}):
        assert read(body, Page[AwayStatusReason]).items[0].label == "Lunch"


def test_event_metadata_holds_numbers_and_objects() -> None:
    """Intercom-OpenAPI pull request 586."""
    metadata = {"price": {"currency": "eur", "amount": 1999}, "seats": 3}
    body = {"type": "event.list", "events": [{"event_name": "bought", "metadata": metadata}]}

    assert read(body, EventPage[Event]).items[0].metadata == metadata
    assert drift() == ()


@pytest.mark.parametrize("key", ["data", "ticket_type_attributes"])
def test_attributes_of_a_ticket_type_stand_under_either_name(key: str) -> None:
    """intercom-node issue 499."""
    body = {"id": "1", "ticket_type_attributes": {"type": "list", key: [{"id": "7"}]}}

    assert [one.id for one in read(body, TicketType).ticket_type_attributes.entries] == ["7"]
    assert drift() == ()


@pytest.mark.parametrize("key", ["data", "tags"])
def test_tags_of_a_contact_are_listed_under_either_name(key: str) -> None:
    """intercom-node issues 407 and 447."""
    assert read({"type": "list", key: [{"id": "1"}]}, Page[Tag]).items == [Tag(id="1")]


@pytest.mark.parametrize("key", ["data", "companies"])
def test_companies_of_a_contact_are_listed_under_either_name(key: str) -> None:
    body = {"type": "list", key: [{"id": "1"}], "pages": {"type": "pages", "next": None}}

    assert read(body, Page[Company]).items == [Company(id="1")]


def test_contact_has_companies() -> None:
    """intercom-node issue 457."""
    company = {"id": "c", "type": "company", "url": "/companies/c"}
    body = {"id": "1", "companies": {"data": [company]}}

    assert read(body, Contact).companies.data[0].url == "/companies/c"


def test_source_has_open_kinds_and_nulls() -> None:
    """Intercom-OpenAPI pull request 506."""
    source = {
        "type": "carrier_pigeon",
        "id": None,
        "delivered_as": "x",
        "subject": None,
        "body": None,
    }

    assert read({"id": "1", "source": source}, Conversation).source.type == "carrier_pigeon"
    assert drift() == ()


def test_part_without_body_is_read() -> None:
    """botpress pull request 12703."""
    assert read({"id": "1", "part_type": "assignment", "body": None}, ConversationPart).body is None
    assert drift() == ()


def test_nested_tags_of_an_unknown_type_are_read() -> None:
    """intercom-java issue 311."""
    tags = read({"type": "tag.list.v2", "tags": [{"type": "label", "id": "1"}]}, AttachedTags)

    assert tags.tags[0].type == "label"
    assert drift() == ()


def test_objects_without_type_are_read() -> None:
    """python-intercom issue 242."""
    conversation = read(
        {"id": "1", "contacts": {"contacts": [{"id": "2"}]}, "tags": {"tags": []}}, Conversation
    )

    assert conversation.contacts.contacts[0].id == "2"
    assert drift() == ()


@pytest.mark.parametrize("avatar", ["https://a/b.png", None, {"type": "avatar", "image_url": None}])
@pytest.mark.parametrize("model", [Admin, Me, Contact])
def test_avatar_is_an_object_an_address_or_null(model: Any, avatar: Any) -> None:
    """Intercom-OpenAPI pull request 199, intercom-java issue 298."""
    read({"id": "1", "avatar": avatar}, model)

    assert drift() == ()


def test_message_knows_its_conversation() -> None:
    """intercom-node issues 142 and 423."""
    message = read({"type": "user_message", "id": "403918", "conversation_id": "499"}, Message)

    assert (message.id, message.conversation_id) == ("403918", "499")


@pytest.mark.parametrize("name", ["type", "object"])
def test_deleted_objects_say_their_kind_in_either_field(name: str) -> None:
    assert read({"id": "1", name: "conversation", "deleted": True}, DeletedObject).deleted is True
    assert drift() == ()


@pytest.mark.parametrize(
    "field",
    [
        "statistics",
        "sla_applied",
        "conversation_rating",
        "first_contact_reply",
        "ai_agent",
        "linked_objects",
        "source",
        "company",
    ],
)
def test_objects_inside_a_conversation_may_be_null(field: str) -> None:
    assert getattr(read({"id": "1", field: None}, Conversation), field) is None
    assert drift() == ()


def test_plan_and_pages_may_be_null_or_empty() -> None:
    assert read({"id": "1", "plan": None}, Company).plan is None
    assert read({"id": "1", "plan": {}}, Company).plan.name is None
    assert read({"data": [], "pages": None}, Page[Tag]).pages is None
    assert read({"data": [], "pages": {}}, Page[Tag]).pages.next is None
    assert drift() == ()


def test_reason_for_being_away_is_a_string_where_a_number_is_described() -> None:
    for sent in (12345, "12345"):
        admin = read({"id": "1", "away_status_reason_id": sent}, Admin)
        assert admin.away_status_reason_id == "12345"
    assert drift() == ()


def test_part_ids_are_read_as_text_from_numbers() -> None:
    assert read({"id": 3}, ConversationPart).id == "3"
    assert drift() == ()


OBSERVED: dict[str, tuple[type[Model], dict[str, Any]]] = {
    "teammates": (
        Conversation,
        {"teammates": {"type": "admin.list", "admins": [{"type": "admin", "id": "7"}]}},
    ),
    "notes of a company": (
        Company,
        {
            "notes": {
                "type": "note.list",
                "data": [{"type": "note", "id": "7"}],
                "url": "/companies/1/notes",
                "total_count": 12,
                "has_more": True,
            }
        },
    ),
    "consent": (Contact, {"sms_consent": False, "unsubscribed_from_sms": True}),
    "content": (Article, {"content_id": "17681165"}),
    "channel": (Ticket, {"channel": "messenger", "company_id": "67570a87"}),
    "translations": (ConversationPart, {"translations": {"de": "Hallo"}}),
    "whole percentages": (
        Article,
        {"statistics": {"happy_reaction_percentage": 50, "sad_reaction_percentage": 0}},
    ),
}
"""Pieces of answers of live workspaces that the descriptions leave out or spell otherwise."""


@pytest.mark.parametrize("name", OBSERVED)
def test_what_live_answers_have_is_there_and_no_drift(name: str) -> None:
    model, body = OBSERVED[name]
    reset_drift()

    found = read({"id": "1", **body}, model)

    assert holds(msgspec.to_builtins(found), body)
    assert drift() == ()


def holds(value: Any, expected: Any) -> bool:
    """Return whether a value has everything that another one has, and maybe more."""
    if isinstance(expected, dict):
        return all(key in value and holds(value[key], expected[key]) for key in expected)  # pyright: ignore[reportUnknownVariableType] (any dict)
    if isinstance(expected, list):
        return len(value) == len(expected) and all(map(holds, value, expected))  # pyright: ignore[reportUnknownArgumentType] (any list)
    return bool(value == expected)


def test_a_whole_number_is_no_drift_where_a_fraction_may_be() -> None:
    class Rated(msgspec.Struct):
        share: float | None
        name: str

    reset_drift()
    found = read([{"share": 50, "name": 7}], list[Rated])

    assert (found[0].share, found[0].name) == (50.0, "7")
    assert [(one.field, one.found) for one in drift()] == [("name", "int")]
