"""From the body of a webhook request to a `Notification`."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from intercom_async.codec import decode
from intercom_async.codec.coercion import UNFIT, is_object, read_either
from intercom_async.errors import DecodeError
from intercom_async.models.base import Id, LooseTimestamp, Model
from .items import AnyItem, Item
from .notification import Notification
from .shapes import shape_item
from .topics import item_type

CALL = "webhook"
"""What a body that cannot be read is called in errors."""


class Envelope(Model, frozen=True, kw_only=True):
    """A notification before its item is read."""

    topic: str
    id: Id | None = None
    app_id: Id | None = None
    created_at: LooseTimestamp | None = None
    first_sent_at: LooseTimestamp | None = None
    delivery_attempts: int | None = None
    delivery_status: str | None = None
    data: Any = None


def parse_body(body: bytes) -> Notification[AnyItem]:
    """Read the body of a webhook request whose signature was checked.

    Raises:
        DecodeError: The body is not a notification.
    """
    read = read_body(body)
    if isinstance(read, Notification):
        return read
    # Reports that show the locals of frames must not show what a notification says.
    body = b""
    try:
        raise read
    finally:
        del read  # The error holds this frame.


def read_body(body: bytes) -> Notification[AnyItem] | DecodeError:
    """Return a notification, or the error to raise, whose traceback must not hold the body."""
    try:
        envelope = decode(body, Envelope, call=CALL)
    except DecodeError as error:
        return error.with_traceback(None)
    value = envelope.data.get("item") if is_object(envelope.data) else None
    item = _read_item(value, envelope.topic)
    if isinstance(item, DecodeError):
        return item
    return Notification(
        topic=envelope.topic,
        item=item,
        key=envelope.id or _fingerprint(envelope, value),
        id=envelope.id,
        app_id=envelope.app_id,
        created_at=envelope.created_at,
        first_sent_at=envelope.first_sent_at,
        delivery_attempts=envelope.delivery_attempts or 1,
        delivery_status=envelope.delivery_status,
        raw=body,
    )


def _read_item(value: Any, topic: str) -> AnyItem | DecodeError:
    """Read an item into the type of its topic; an unknown topic's stays as it is."""
    kind = item_type(topic)
    if kind is None:
        known: AnyItem = value
        return known
    if not is_object(value):
        return DecodeError("the notification has no item", call=CALL, path="$.data.item")
    shaped = shape_item(value, kind, topic)
    item: Any
    try:
        item = msgspec.convert(shaped, kind, dec_hook=read_either)
    except msgspec.ValidationError:
        item = _repair(shaped, kind)
    read: AnyItem | DecodeError = item
    return read


def _repair(value: dict[str, Any], kind: type[Item]) -> Any:
    from intercom_async.codec.repair import repaired  # noqa: PLC0415 (few notifications need it)

    item, path = repaired(value, kind)
    return DecodeError("the item cannot be read", call=CALL, path=path) if item is UNFIT else item


def _fingerprint(envelope: Envelope, item: Any) -> str:
    """Return a key for a notification without an id, the same for each of its deliveries."""
    parts = [envelope.app_id, envelope.topic, envelope.created_at, item]
    encoded = msgspec.json.encode(parts, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()
