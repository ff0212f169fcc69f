"""The webhook address: from an HTTP request to a notification that was accepted."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

from intercom_async.errors import DecodeError, SignatureError
from intercom_async.receivers import BodyError, Headers, HttpReply, HttpRequest
from intercom_async.receivers.base import method_not_allowed, text_reply
from .intake import Intake, Outcome
from .notification import Notification, delay_of
from .observer import Delivery, WebhookObserver, tell
from .topics import PING

SIGNATURE_HEADER = "X-Hub-Signature"
_SIGNATURE_KEY = SIGNATURE_HEADER.lower()
MAX_BODY_BYTES = 1024 * 1024
"""Largest body accepted, in bytes, unless the app says otherwise."""

_LOG = logging.getLogger("intercom_async.webhooks")

Parse = Callable[[bytes, Headers], Notification[Any]]

_REPLIES = {
    outcome: text_reply(503 if outcome is Outcome.BUSY else 200, outcome.value)
    for outcome in Outcome
}


class WebhookEndpoint:
    """Answers Intercom.

    ==========================  =====================================================
    HEAD                        200: Intercom checks the address
    any other verb but POST     405
    no or a wrong signature     401; a body without a signature is not read
    a body too large, too slow  413, 408
    no notification             400
    ``ping``                    200, and no handler is called
    accepted now or before      200
    not accepted in time        503: Intercom delivers again after a minute
    ==========================  =====================================================

    Args:
        parse: Checks and reads a body.
        intake: Takes the notification.
        max_body_bytes: Largest body to accept.
        counts: Where answers are counted, by outcome.
        observer: Hears of each request.
    """

    def __init__(
        self,
        parse: Parse,
        intake: Intake,
        *,
        max_body_bytes: int,
        counts: Counter[str],
        observer: WebhookObserver | None = None,
    ) -> None:
        self._observer = observer
        self._parse = parse
        self._intake = intake
        self._max_body_bytes = max_body_bytes
        self._counts = counts

    async def __call__(self, request: HttpRequest) -> HttpReply:
        """Answer one request."""
        if request.method == "HEAD":
            return HttpReply(200)
        if request.method != "POST":
            return method_not_allowed("HEAD", "POST")
        self._counts["received"] += 1
        try:
            event = await self._read(request)
        except (SignatureError, BodyError, DecodeError) as error:
            return self._refuse(error)
        if event.topic == PING:
            self._tell(event, PING)
            return HttpReply(200)
        outcome = await self._intake.accept(event)
        self._counts[outcome.value] += 1
        self._tell(event, outcome.value)
        return _REPLIES[outcome]

    async def _read(self, request: HttpRequest) -> Notification[Any]:
        signature = request.headers.get(_SIGNATURE_KEY)
        if signature is None:
            raise SignatureError(f"the request has no {SIGNATURE_HEADER} header")
        body = await request.read(self._max_body_bytes)
        return self._parse(body, {SIGNATURE_HEADER: signature})

    def _refuse(self, error: SignatureError | BodyError | DecodeError) -> HttpReply:
        if isinstance(error, SignatureError):
            status, reason = 401, "unsigned"
        else:
            status, reason = error.status if isinstance(error, BodyError) else 400, "unreadable"
        self._counts[reason] += 1
        self._tell(None, reason)
        _LOG.warning("webhook request answered %d: %s", status, error)
        return text_reply(status, reason)

    def _tell(self, event: Notification[Any] | None, outcome: str) -> None:
        if self._observer is None:
            return
        delivery = Delivery(
            topic=None if event is None else event.topic,
            outcome=outcome,
            attempt=1 if event is None else event.delivery_attempts,
            delay_s=None if event is None else delay_of(event),
        )
        tell(self._observer, delivery)
