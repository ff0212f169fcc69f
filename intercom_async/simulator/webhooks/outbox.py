"""Subscriptions, and what is on its way to them: when each delivery is due and how it went.

Pure state: `due` says what to send now, `record` what was answered. The rules are those of the
reference: any 2xx is success, 410 ends a subscription, 429 throttles it and drops what would be
more than two hours late, and any other answer is followed by one more attempt a minute later.
https://developers.intercom.com/docs/references/preview/webhooks/webhook-models
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import re
from collections import deque
from typing import Any

import msgspec

from intercom_async.simulator.rows import encode_json
from intercom_async.simulator.seed.draw import mix

ADDRESS = re.compile(r"https?://[^/?#\s]+[^\s]*")
TIMEOUT_S = 5.0
"""Seconds that an answer may take."""
ATTEMPTS = 2
"""Deliveries of a notification that is answered with an error, the first one included."""
THROTTLE_S = 60.0
"""Seconds of the first delay after a 429; it doubles with each further one."""
MAX_THROTTLE_S = 7_200.0
"""Seconds of a delay after a 429 from which a notification is dropped instead."""
PAUSE_AFTER = 1_000
"""Errors in a row after which a subscription is paused."""
PAUSE_S = 900.0
"""Seconds for which a subscription is paused."""
KEPT = 10_000
"""Deliveries that are kept for the list."""


class DeliveryFaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong on the way; each rate is a share between 0 and 1.

    Raises:
        ValueError: A rate is no share, or a time is negative.
    """

    duplicate: float = 0.0
    """Delivered twice."""
    disorder: float = 0.0
    """Held back until after the next one."""
    wrong_signature: float = 0.0
    late_s: float = 0.0
    """Seconds by which everything is late."""
    suspended: bool = False
    """Nothing is delivered, and nothing of it comes later."""

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        for name in ("duplicate", "disorder", "wrong_signature"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be between 0 and 1")
        if not self.late_s >= 0:
            raise ValueError("late_s must not be negative")


class Subscription(msgspec.Struct, kw_only=True):
    """An address and what it is told."""

    id: str
    url: str
    topics: list[str] = []
    """Empty: everything."""
    secret: str = ""
    retry_s: float = 60.0
    """Seconds until the second attempt."""
    faults: DeliveryFaults = DeliveryFaults()
    is_active: bool = True
    """False once the address has answered 410."""
    errors: int = 0
    """Failed attempts in a row."""
    paused_until: float = 0.0


class Delivery(msgspec.Struct, kw_only=True):
    """One notification on its way to one address."""

    id: str
    subscription_id: str
    url: str
    topic: str
    notification_id: str | None
    body: str
    due_at: float
    attempts: int = 0
    throttle_s: float = 0.0
    statuses: list[int | None] = []
    """What was answered; None where nothing was."""
    state: str = "pending"
    """``pending``, ``delivered``, ``failed`` or ``dropped``."""
    has_wrong_signature: bool = False


class Attempt(msgspec.Struct, kw_only=True):
    """One request to make."""

    delivery: Delivery
    url: str
    body: bytes
    signature: str


class Outbox:
    """What is sent to an app.

    Args:
        app_id: The workspace, as notifications name it.
        secret: Signs what is sent to subscriptions without a secret of their own.
        seed: Decides which deliveries meet a fault.
    """

    def __init__(self, *, app_id: str, secret: str, seed: int) -> None:
        self._app_id = app_id
        self._secret = secret
        self._seed = seed
        self._subscriptions: dict[str, Subscription] = {}
        self._deliveries: deque[Delivery] = deque(maxlen=KEPT)
        self._pending: list[Delivery] = []
        self._made = 0

    def __bool__(self) -> bool:
        """Whether anybody has subscribed."""
        return bool(self._subscriptions)

    def clear(self) -> None:
        """Forget subscriptions and deliveries."""
        self._subscriptions.clear()
        self._deliveries.clear()
        self._pending.clear()

    # Subscriptions --------------------------------------------------------------------------

    def subscribe(
        self,
        url: str,
        *,
        topics: list[str] | None = None,
        secret: str | None = None,
        retry_s: float = 60.0,
        faults: DeliveryFaults | None = None,
    ) -> Subscription:
        """Add an address; ValueError where it is none."""
        if not ADDRESS.fullmatch(url):
            raise ValueError("url must be an address that begins with http:// or https://")
        self._made += 1
        made = Subscription(
            id=f"sub_{self._made}",
            url=url,
            topics=list(topics or ()),
            secret=secret or self._secret,
            retry_s=retry_s,
            faults=faults or DeliveryFaults(),
        )
        self._subscriptions[made.id] = made
        return made

    def unsubscribe(self, subscription_id: str) -> bool:
        """Remove an address and what is on its way to it."""
        self._pending = [one for one in self._pending if one.subscription_id != subscription_id]
        return self._subscriptions.pop(subscription_id, None) is not None

    def subscriptions(self) -> list[Subscription]:
        """Return all addresses, the oldest first."""
        return list(self._subscriptions.values())

    # Deliveries -----------------------------------------------------------------------------

    def deliveries(self) -> list[Delivery]:
        """Return what was sent or is on its way, the oldest first."""
        return list(self._deliveries)

    def newest(self, count: int) -> list[Delivery]:
        """Return the newest deliveries, the newest first."""
        return [*itertools.islice(reversed(self._deliveries), count)]

    def notify(self, topic: str, item: Any, now: float) -> None:
        """Tell every address that has subscribed to a topic."""
        for one in self._subscriptions.values():
            wants = not one.topics or topic in one.topics or topic == "ping"
            if wants and one.is_active and not one.faults.suspended and now >= one.paused_until:
                self._post(one, topic, item, now)

    def resend(self, delivery_id: str, now: float) -> Delivery:
        """Deliver once more what was sent before; ValueError where there is no such delivery."""
        found = next((one for one in self._deliveries if one.id == delivery_id), None)
        if found is None or found.subscription_id not in self._subscriptions:
            raise ValueError("no such delivery")
        return self._put(msgspec.structs.replace(found, attempts=0, statuses=[]), now)

    def due(self, now: float) -> list[Attempt]:
        """Take out what is to be sent now."""
        ready = sorted((one for one in self._pending if one.due_at <= now), key=lambda d: d.due_at)
        self._pending = [one for one in self._pending if one.due_at > now]
        return [self._attempt(one, now) for one in ready]

    def next_at(self) -> float | None:
        """Return when the next delivery is due; None where nothing is on its way."""
        return min((one.due_at for one in self._pending), default=None)

    def record(self, delivery: Delivery, status: int | None, now: float) -> None:
        """Note what an attempt was answered, and decide what follows."""
        delivery.statuses.append(status)
        subscription = self._subscriptions.get(delivery.subscription_id)
        if status is not None and 200 <= status < 300:  # noqa: PLR2004 (success)
            delivery.state = "delivered"
            if subscription is not None:
                subscription.errors = 0
            return
        if subscription is None:
            delivery.state = "failed"
            return
        self._count_error(subscription, status, now)
        if status == 429:  # noqa: PLR2004 (too many requests)
            self._throttle(delivery, now)
        elif delivery.attempts >= ATTEMPTS or status == 410:  # noqa: PLR2004 (gone)
            delivery.state = "failed"
        else:
            delivery.due_at = now + subscription.retry_s
            self._pending.append(delivery)

    # ----------------------------------------------------------------------------------------

    def _post(self, subscription: Subscription, topic: str, item: Any, now: float) -> None:
        self._made += 1
        faults = subscription.faults
        notification_id = None if topic == "ping" else f"notif_{self._uuid()}"
        body = {
            "type": "notification_event",
            "app_id": self._app_id,
            "data": {"type": "notification_event_data", "item": item},
            "links": {},
            "id": notification_id,
            "topic": topic,
            "delivery_status": "pending",
            "delivery_attempts": 1,
            "delivered_at": 0,
            "first_sent_at": int(now),
            "created_at": int(now),
            "self": None,
        }
        made = Delivery(
            id="",
            subscription_id=subscription.id,
            url=subscription.url,
            topic=topic,
            notification_id=notification_id,
            body=encode_json(body).decode(),
            due_at=now,
            has_wrong_signature=self._strikes(faults.wrong_signature, 3),
        )
        # Held back by a little, so that whatever comes next is delivered first.
        delay_s = faults.late_s + (0.05 if self._strikes(faults.disorder, 2) else 0.0)
        self._put(made, now + delay_s)
        if self._strikes(faults.duplicate, 1):
            self._put(msgspec.structs.replace(made), now + delay_s)

    def _put(self, delivery: Delivery, due_at: float) -> Delivery:
        self._made += 1
        delivery.id = f"delivery_{self._made}"
        delivery.due_at = due_at
        delivery.state = "pending"
        delivery.statuses = []
        self._deliveries.append(delivery)
        self._pending.append(delivery)
        return delivery

    def _attempt(self, delivery: Delivery, now: float) -> Attempt:
        delivery.attempts += 1
        body: Any = msgspec.json.decode(delivery.body)
        body["delivery_attempts"] = delivery.attempts
        if delivery.attempts > 1:
            body["delivery_status"] = "retry"
        else:
            body["first_sent_at"] = int(now)
        encoded = encode_json(body)
        delivery.body = encoded.decode()
        subscription = self._subscriptions.get(delivery.subscription_id)
        secret = subscription.secret if subscription is not None else self._secret
        key = b"wrong" if delivery.has_wrong_signature else secret.encode()
        signature = f"sha1={hmac.digest(key, encoded, 'sha1').hex()}"
        return Attempt(delivery=delivery, url=delivery.url, body=encoded, signature=signature)

    def _count_error(self, subscription: Subscription, status: int | None, now: float) -> None:
        if status == 410:  # noqa: PLR2004 (gone)
            subscription.is_active = False
        subscription.errors += 1
        if subscription.errors > PAUSE_AFTER:
            subscription.paused_until = now + PAUSE_S
            subscription.errors = 0

    def _throttle(self, delivery: Delivery, now: float) -> None:
        delivery.throttle_s = min(MAX_THROTTLE_S, delivery.throttle_s * 2 or THROTTLE_S)
        if delivery.throttle_s >= MAX_THROTTLE_S:
            delivery.state = "dropped"
            return
        delivery.due_at = now + delivery.throttle_s
        self._pending.append(delivery)

    def _strikes(self, rate: float, kind: int) -> bool:
        return rate > 0 and mix(self._seed, self._made, kind) / 2**64 < rate

    def _uuid(self) -> str:
        digest = hashlib.sha256(f"{self._seed}:{self._made}".encode()).hexdigest()
        return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
