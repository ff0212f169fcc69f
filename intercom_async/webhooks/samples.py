"""Made-up notifications for every topic: to try a receiver out without an Intercom.

Items are made from their declarations, so that each field that a handler may read is there once.
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from intercom_async.clock import CLOCK, Clock
from intercom_async.models.base import AssigneeId, Id, LooseTimestamp, Model
from .topics import PING, item_type

MAX_DEPTH = 3
"""Objects within objects; what lies deeper is left out
(test_samples.py::test_a_sample_is_small)."""

_TEXTS = {
    "email": "ada@example.com",
    "phone": "+35312345678",
    "role": "user",
    "state": "open",
    "part_type": "comment",
    "delivered_as": "customer_initiated",
    "body": "<p>Hello from a sample</p>",
    "subject": "",
}
"""Values of fields whose name says what they hold."""

_KINDS = {
    "ApiRequest": "api.request.completed",
    "AdminActivity": "admin_activity_log_event",
    "ContactTag": "contact_tag",
    "ContactSubscription": "granular_subscribe",
    "DataConnectorExecution": "data_connector.execution",
    "DataEvent": "event",
    "ProcedureQuestion": "procedure.hitl_notification",
}


def sample(
    topic: str,
    *,
    item: dict[str, Any] | None = None,
    app_id: str = "abc123",
    notification_id: str | None = None,
    attempt: int = 1,
    clock: Clock = CLOCK,
) -> bytes:
    """Return the body of a notification.

    Args:
        topic: Its topic; one that is not known has an empty item.
        item: What it is about, in place of a made-up one.
        app_id: The workspace's id_code.
        notification_id: Its id, made up by default; a ping has none.
        attempt: Which delivery of it this is, from 1 up.
        clock: Another clock, for tests.
    """
    now = int(clock.unix())
    kind = item_type(topic)
    made = {} if kind is None else _struct(kind, now, topic.split(".", maxsplit=1)[0], 0)
    return msgspec.json.encode(
        {
            "type": "notification_event",
            "app_id": app_id,
            "data": {"type": "notification_event_data", "item": made if item is None else item},
            "links": {},
            "id": notification_id or new_id(topic),
            "topic": topic,
            "delivery_status": "pending" if attempt == 1 else "retry",
            "delivery_attempts": attempt,
            "delivered_at": 0,
            "first_sent_at": now,
            "created_at": now,
            "self": None,
        }
    )


def new_id(topic: str) -> str | None:
    """Return the id of a notification that is made up; a ping has none."""
    return None if topic == PING else f"notif_{secrets.token_hex(16)}"


def _struct(kind: type[Model], now: int, name: str, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for field, hint in _hints(kind).items():
        value = _value(hint, field, now, depth)
        if value is not None:
            made[field] = value
    made["type"] = _KINDS.get(kind.__name__, name)
    return made


@lru_cache(maxsize=128)
def _hints(kind: type[Model]) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, name: str, now: int, depth: int) -> Any:
    """Make up the value of a field; None leaves it out."""
    choices = get_args(hint) if get_origin(hint) not in (list, dict) else (hint,)
    kind = choices[0] if choices else hint
    if kind is LooseTimestamp:
        return now
    if kind in (Id, AssigneeId):
        return "1"
    if get_origin(kind) is list:
        inner = _value(get_args(kind)[0], name.rstrip("s"), now, depth)
        return None if inner is None else [inner]
    if isinstance(kind, type) and issubclass(kind, Model):
        return _struct(kind, now, name, depth + 1) if depth < MAX_DEPTH else None
    return _plain(kind, name)


def _plain(kind: Any, name: str) -> Any:
    if kind is bool:
        return True
    if kind in (int, float):
        return 1
    if kind is str or isinstance(kind, str):
        if name.endswith("url"):
            return "https://example.com/"
        return _TEXTS.get(name, name.replace("_", " ").capitalize())
    literals = [one for one in get_args(kind) if isinstance(one, str)]
    return literals[0] if literals else None
