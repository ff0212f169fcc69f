"""Bodies of webhook requests, made up for tests."""

from __future__ import annotations

import itertools
import json
from typing import Any

from intercom_async.webhooks import Webhooks

SECRET = "client-secret-of-a-test"
_NUMBERS = itertools.count(1)


def conversation(text: str = "<p>Hello</p>", **fields: Any) -> dict[str, Any]:
    """Make a conversation's item."""
    return {
        "type": "conversation",
        "id": "900",
        "created_at": 1_700_000_000,
        "source": {"type": "conversation", "body": text, "author": {"type": "user", "id": "c1"}},
        **fields,
    }


def notification(
    topic: str = "conversation.user.created", item: Any = None, **fields: Any
) -> bytes:
    """Make a body; each has an id of its own unless one is given."""
    return json.dumps(
        {
            "type": "notification_event",
            "app_id": "ws1",
            "topic": topic,
            "id": f"notif_{next(_NUMBERS)}",
            "created_at": 1_700_000_000,
            "delivery_attempts": 1,
            "delivery_status": "pending",
            "first_sent_at": 1_700_000_001,
            "links": {},
            "self": None,
            "data": {
                "type": "notification_event_data",
                "item": conversation() if item is None else item,
            },
            **fields,
        }
    ).encode()


def signed(webhooks: Webhooks, body: bytes) -> list[tuple[str, str]]:
    """Return the headers of a delivery."""
    return [
        ("Content-Type", "application/json"),
        ("X-Hub-Signature", webhooks.sign(body)),
    ]
