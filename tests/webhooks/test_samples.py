"""A made-up notification for every topic, as `webhooks send` delivers it."""

from __future__ import annotations

import pytest

from intercom_async.codec import drift, reset_drift
from intercom_async.webhooks import TOPICS, items
from intercom_async.webhooks.parsing import parse_body
from intercom_async.webhooks.samples import sample


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_topic_has_a_sample_that_needs_no_repair(topic: str) -> None:
    reset_drift()
    event = parse_body(sample(topic))
    assert type(event.item) is TOPICS[topic]
    assert event.item != TOPICS[topic]()
    assert drift() == ()
    if topic == "ping":  # which has no id, as Intercom sends it
        assert event.id is None
    else:
        assert event.key != parse_body(sample(topic)).key


def test_a_sample_is_small() -> None:
    sizes = {topic: len(sample(topic)) for topic in TOPICS}
    assert max(sizes.values()) < 20_000


def test_a_sample_has_what_a_handler_reads() -> None:
    item = parse_body(sample("conversation.user.created")).item
    assert isinstance(item, items.Conversation)
    assert item.id == "1"
    assert item.text == "<p>Hello from a sample</p>"
    assert item.contacts
    assert item.conversation_parts[0].part_type == "comment"


def test_an_item_may_be_given_and_a_topic_may_be_new() -> None:
    assert parse_body(sample("brand.new")).item == {}
    given = parse_body(sample("ticket.created", item={"id": "7"}, app_id="ws9"))
    assert (given.item.id, given.app_id) == ("7", "ws9")  # type: ignore[union-attr] # it is a ticket
