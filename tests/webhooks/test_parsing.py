"""From bodies to notifications: every topic, every known shape, and anything else."""

from __future__ import annotations

import copy
import pickle
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec import inspect

from intercom_async.codec import drift, reset_drift
from intercom_async.errors import DecodeError, SignatureError
from intercom_async.webhooks import TOPICS, Notification, Webhooks, items
from intercom_async.webhooks.parsing import parse_body
from intercom_async.webhooks.topics import item_type
from tests.support.bodies import made_up
from tests.support.notifications import SECRET, conversation, notification

ISO = "2026-01-10T08:10:14.000Z"
UNIX = 1_768_032_614


def item_of(topic: str, item: Any) -> Any:
    return parse_body(notification(topic, item)).item


def test_the_envelope_is_read() -> None:
    event = parse_body(
        notification(id="notif_x", created_at=5, first_sent_at=6, delivery_attempts=2)
    )
    assert event.topic == "conversation.user.created"
    assert (event.id, event.key, event.app_id) == ("notif_x", "notif_x", "ws1")
    assert (event.created_at, event.first_sent_at, event.delivery_attempts) == (5, 6, 2)
    assert event.delivery_status == "pending"


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_topic_has_its_item(topic: str) -> None:
    item = item_of(topic, {"type": "whatever", "id": 7})
    assert type(item) is TOPICS[topic]


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_topic_takes_an_item_in_which_everything_is_null(topic: str) -> None:
    names = [field.encode_name for field in msgspec.structs.fields(TOPICS[topic])]
    assert item_of(topic, dict.fromkeys(names)) == TOPICS[topic]()


@pytest.mark.parametrize("topic", ["order.shipped", "conversation", "", "😀", "brand.new.topic"])
@pytest.mark.parametrize("item", [{"id": 7, "x": [1]}, None, 7, "text", [], True])
def test_an_unknown_topic_is_json_and_never_an_error(topic: str, item: Any) -> None:
    body = msgspec.json.encode({"topic": topic, "data": {"item": item}})
    assert parse_body(body).item == item


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("widget.deleted", items.Deleted),
        ("content_stat.hologram", items.ContentStat),
        ("conversation.user.replied.translated", items.Conversation),
        ("ticket.contact.replied.translated", items.Ticket),
        ("conversation.admin.teleported", None),
    ],
)
def test_a_new_topic_of_a_known_family_has_its_shape(topic: str, kind: Any) -> None:
    assert item_type(topic) is kind


@pytest.mark.parametrize("kind", sorted({item.__name__ for item in TOPICS.values()}))
def test_no_item_made_of_odd_values_is_an_error(kind: str) -> None:
    struct = getattr(items, kind)
    topic = next(topic for topic, item in TOPICS.items() if item is struct)
    random, described = Random(kind), inspect.type_info(struct)
    for _ in range(60):
        item = made_up(described, random)
        if not isinstance(item, dict):
            continue
        found = parse_body(notification(topic, item))
        assert type(found.item) is struct
    reset_drift()


@given(st.binary())
def test_any_bytes_are_a_notification_or_a_decode_error(body: bytes) -> None:
    with pytest.raises(DecodeError):
        parse_body(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    topic=st.sampled_from(sorted(TOPICS)) | JSON,
    data=JSON | st.fixed_dictionaries({"item": JSON}),
    rest=st.dictionaries(
        st.sampled_from(["id", "app_id", "created_at", "delivery_attempts", "first_sent_at"]), JSON
    ),
)
def test_any_json_is_a_notification_or_a_decode_error(topic: Any, data: Any, rest: Any) -> None:
    body = msgspec.json.encode({"topic": topic, "data": data, **rest})
    try:
        event = parse_body(body)
    except DecodeError:
        return
    assert event.key
    assert event.raw == body


@pytest.mark.parametrize("item", [None, 7, "text", [], True])
def test_a_known_topic_without_an_object_is_a_decode_error(item: Any) -> None:
    with pytest.raises(DecodeError, match=r"data\.item"):
        parse_body(msgspec.json.encode({"topic": "ticket.created", "data": {"item": item}}))


# Shapes that notifications come in -----------------------------------------------------------


def test_times_are_unix_seconds_from_iso_and_from_numbers() -> None:
    contact = item_of(
        "contact.user.created", {"type": "contact", "id": "1", "created_at": ISO, "updated_at": 9}
    )
    assert (contact.created_at, contact.updated_at) == (UNIX, 9)
    company = item_of("company.created", {"id": "1", "created_at": ISO})
    assert company.created_at == UNIX


@pytest.mark.parametrize(
    "contacts", [[{"id": "c1"}], {"type": "contact.list", "contacts": [{"id": "c1"}]}]
)
@pytest.mark.parametrize("mates", [[{"id": 5}], {"type": "admin.list", "admins": [{"id": 5}]}])
def test_lists_come_with_and_without_an_object_around_them(contacts: Any, mates: Any) -> None:
    found = item_of("conversation.user.replied", conversation(contacts=contacts, teammates=mates))
    assert [one.id for one in found.contacts] == ["c1"]
    assert [one.id for one in found.teammates] == ["5"]


@pytest.mark.parametrize(
    ("topic", "item"),
    [
        ("conversation.deleted", {"type": "conversation", "conversation_id": "456"}),
        ("conversation.deleted", {"conversation_id": 456}),
        ("contact.deleted", {"type": "contact", "id": "456", "external_id": "1", "deleted": True}),
        ("company.deleted", {"type": "company", "id": "456", "deleted": True}),
        ("content_import_source.deleted", {"type": "content_import_source", "id": 456}),
        ("widget.deleted", {"widget_id": 456}),
        ("widget.deleted", {"type": "gadget", "gadget_id": "456"}),
    ],
)
def test_a_deletion_has_the_id_from_under_any_name(topic: str, item: Any) -> None:
    found = item_of(topic, item)
    assert type(found) is items.Deleted
    assert found.id == "456"


def test_nothing_that_notifications_usually_differ_in_counts_as_drift() -> None:
    reset_drift()
    item_of(
        "conversation.user.created",
        conversation(
            contacts=[{"id": 1}],
            tags={"type": "tag.list", "tags": []},
            custom_attributes=None,
            conversation_parts={"type": "x.list", "conversation_parts": [], "total_count": 0},
            created_at=ISO,
            admin_assignee_id=0,
        ),
    )
    item_of("contact.merged", {"id": "1", "created_at": ISO, "merged_from": {"id": 2}})
    assert drift() == ()


def test_an_old_conversation_is_read_into_todays_fields() -> None:
    found = item_of(
        "conversation.user.created",
        {
            "type": "conversation",
            "id": "1",
            "user": {"type": "lead", "id": "c1", "user_id": "u1", "name": None},
            "assignee": {"type": "team", "id": "8"},
            "conversation_message": {"id": "2", "body": "<p>Hi</p>", "author": {"type": "user"}},
            "conversation_rating": {},
        },
    )
    assert found.source.body == "<p>Hi</p>"
    assert found.contacts[0].external_id == "u1"
    assert found.contacts[0].role == "lead"
    assert (found.admin_assignee_id, found.team_assignee_id) == (None, "8")
    assert found.conversation_rating is None
    nobody = {"type": "conversation", "id": "1", "assignee": {"type": "nobody_admin", "id": None}}
    assert item_of("conversation.admin.closed", nobody).admin_assignee_id is None


def test_an_old_user_is_a_contact() -> None:
    found = item_of(
        "visitor.signed_up",
        {
            "type": "user",
            "id": "1",
            "user_id": "u1",
            "location_data": {"city_name": "Cork", "country_name": "Ireland"},
            "tags": {"type": "tag.list", "tags": [{"id": 1, "name": "vip"}]},
        },
    )
    assert (found.external_id, found.role) == ("u1", "user")
    assert (found.location.city, found.location.country) == ("Cork", "Ireland")
    assert found.tags[0].name == "vip"


@pytest.mark.parametrize("name", ["contact", "user", "lead"])
def test_a_tag_has_its_contact_under_any_name(name: str) -> None:
    found = item_of(
        "contact.user.tag.created",
        {"type": "contact_tag", "tag": {"id": 1, "name": "vip"}, name: {"id": "c1"}},
    )
    assert (found.tag.name, found.contact.id) == ("vip", "c1")


def test_a_closed_ticket_is_a_ticket_whether_or_not_it_is_wrapped() -> None:
    ticket = {
        "type": "ticket",
        "id": "1",
        "ticket_id": "66",
        "ticket_state": {"category": "resolved"},
    }
    for item in (ticket, {"type": "ticket", "ticket": ticket}, {"ticket": ticket}):
        found = item_of("ticket.closed", item)
        assert (found.id, found.ticket_id, found.ticket_state.category) == ("1", "66", "resolved")


def test_a_ticket_with_its_contact_and_without_types() -> None:
    found = item_of(
        "ticket.contact.attached",
        {
            "ticket": {
                "id": 215,
                "ticket_type": "Bugs",
                "state": "submitted",
                "ticket_custom_state_admin_label": "New",
                "custom_attributes": {"Root cause": {"value": "x", "type": "string"}},
            },
            "contact": {"id": "c1", "created_at": ISO},
        },
    )
    assert (found.ticket.id, found.ticket.ticket_type.name) == ("215", "Bugs")
    assert found.ticket.ticket_state.category == "submitted"
    assert found.ticket.ticket_state.internal_label == "New"
    assert found.ticket.ticket_attributes == {"Root cause": "x"}
    assert found.contact.created_at == UNIX


def test_a_conversation_as_a_database_row_with_its_contact() -> None:
    found = item_of(
        "conversation.contact.attached",
        {
            "conversation": {
                "model": {"id": 215, "read": False, "created_at": ISO},
                "parts": [{"id": 37, "body": ""}],
            },
            "contact": {"id": "c1"},
        },
    )
    assert (found.conversation.id, found.conversation.created_at) == ("215", UNIX)
    assert found.conversation.conversation_parts[0].id == "37"
    assert found.contact.id == "c1"


def test_other_known_shapes() -> None:
    activity = item_of(
        "admin.activity_log_event.created", {"id": "f98f-uuid", "metadata": {"a": 1}}
    )
    assert activity.id == "f98f-uuid"
    admin = item_of("admin.away_mode_updated", {"id": 5, "team_ids": [7, "8"]})
    assert (admin.id, admin.team_ids) == ("5", ["7", "8"])
    rating = {"rating": 5, "teammate": {"type": "workflow", "id": 3}, "customer": {"id": "c1"}}
    rated = item_of("conversation.rating.added", conversation(conversation_rating=rating))
    assert rated.conversation_rating.teammate.type == "workflow"
    assert rated.conversation_rating.contact.id == "c1"
    part = {"id": 1, "part_type": "close", "body": None}
    closed = item_of("conversation.admin.closed", conversation(conversation_parts=[part]))
    assert closed.conversation_parts[0].body is None
    assert closed.text == "<p>Hello</p>"
    stat: Any = {
        "content_stat": {"id": 1, "tags": {"data": []}},
        "created_at": ISO,
        "contact": {"id": "1"},
    }
    assert item_of("content_stat.series", stat).content_stat.id == "1"
    assert item_of("conversation.read", conversation(id=None)).id is None


# The notification itself ---------------------------------------------------------------------


def test_a_notification_without_an_id_has_the_same_key_in_every_delivery() -> None:
    def key(**changes: Any) -> str:
        fields: dict[str, Any] = {"id": None, **changes}
        return parse_body(notification(**fields)).key

    first = key()
    assert first == key(delivery_attempts=2, delivery_status="retry", first_sent_at=7)
    others = {
        key(topic="conversation.user.replied"),
        key(created_at=7),
        key(app_id="ws2"),
        key(item=conversation("<p>Other</p>")),
    }
    assert len(others | {first}) == 5


def test_a_notification_shows_nothing_of_a_person() -> None:
    event = parse_body(notification(item=conversation("<p>my secret</p>"), id="notif_77"))
    for text in (repr(event), str(event), f"{event}"):
        assert "secret" not in text
        assert "notif_77" not in text
        assert "conversation.user.created" in text


def test_a_notification_survives_pickle_and_copy() -> None:
    event = parse_body(notification())
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301 (made here)
    assert copy.deepcopy(event) == event
    assert parse_body(event.body.encode()) == event


def test_parse_checks_before_it_reads() -> None:
    webhooks = Webhooks(SECRET)
    body = notification()
    event = webhooks.parse(body, {"X-Hub-Signature": webhooks.sign(body)})
    assert isinstance(event, Notification)
    for text in (body, b"no json"):
        with pytest.raises(SignatureError):
            webhooks.parse(text, {"X-Hub-Signature": webhooks.sign(b"else")})
    with pytest.raises(DecodeError):
        webhooks.parse(b"{}", {"X-Hub-Signature": webhooks.sign(b"{}")})
