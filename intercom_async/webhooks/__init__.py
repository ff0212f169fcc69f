"""Webhooks: verified, typed, deduplicated, and handed to your code.

    webhooks = Webhooks(secret=CLIENT_SECRET)

    @webhooks.on("conversation.user.created", "conversation.user.replied")
    async def answer(event: Notification[Conversation]) -> None: ...

    app.add_middleware(webhooks.middleware("/intercom"))          # any ASGI framework
    aiohttp_app.add_routes(webhooks.aiohttp("/intercom"))

From an HTTP request to a handler::

    receivers ──► endpoint ──► parsing ──► intake ──► queue, or background ──► handlers
                  401 400 413  shapes,     seen                                 ordering
                               items

`items` are what notifications are about, `topics` which topic has which item, `catch_up` what to do
after an outage.
"""

from .handlers import EVERY_TOPIC, Handler
from .items import AnyItem
from .notification import CAUGHT_UP, Notification
from .observer import Delivery, Handling, WebhookObserver
from .redis_seen import RedisSeen
from .seen import Claim, MemorySeen, Seen
from .topics import TOPICS
from .webhooks import Webhooks, WebhookStatistics

__all__ = [
    "CAUGHT_UP",
    "EVERY_TOPIC",
    "TOPICS",
    "AnyItem",
    "Claim",
    "Delivery",
    "Handler",
    "Handling",
    "MemorySeen",
    "Notification",
    "RedisSeen",
    "Seen",
    "WebhookObserver",
    "WebhookStatistics",
    "Webhooks",
]
