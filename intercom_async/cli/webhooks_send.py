"""``webhooks send``: send a signed notification to a receiver under test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any

import aiohttp
from cyclopts import Parameter

from intercom_async.codec.coercion import is_object
from intercom_async.errors import ConfigError, ConnectError
from intercom_async.webhooks import Webhooks
from intercom_async.webhooks.samples import new_id, sample
from intercom_async.webhooks.topics import TOPICS
from .console import say
from .options import check_address, whole
from .request_body import read_json

SECRET_VARIABLE = "INTERCOM_CLIENT_SECRET"  # noqa: S105 (the name of a variable, not a secret)
TIMEOUT_S = 5.0
"""Seconds that Intercom waits for an answer."""
FIRST_FAILURE = 300
"""Statuses from here on tell Intercom that a notification was not taken."""

MAX_TIMES = 1_000
"""Deliveries of one notification at most; `benchmarks/webhooks.py` loads a receiver."""


async def send(
    topic: str,
    /,
    *,
    to: str,
    secret: Annotated[str | None, Parameter(env_var=SECRET_VARIABLE)] = None,
    item: Annotated[str | None, Parameter(name=["--item", "-d"], allow_leading_hyphen=True)] = None,
    app_id: str = "abc123",
    id: str | None = None,  # noqa: A002 (the option's name)
    times: Annotated[int, whole(least=1, most=MAX_TIMES)] = 1,
) -> int:
    """Send a sample notification, signed as by Intercom, and print the response status.

    Parameters
    ----------
    topic:
        Topic, such as conversation.user.created.
    to:
        URL of the receiver.
    secret:
        Client secret of the app. Prefer the environment variable.
    item:
        The notification's item as JSON; @FILE reads a file, - reads stdin. A sample by default.
    app_id:
        Workspace id (id_code).
    id:
        Id of the notification. A receiver takes an id that it has accepted as a duplicate. Random
        by default.
    times:
        Number of deliveries of this notification, as Intercom repeats them. A receiver should
        handle it once.
    """
    check_topics([topic])
    check_address("--to", to)
    if not secret:
        raise ConfigError(f"no client secret: set {SECRET_VARIABLE} or pass --secret")
    given: Any = None if item is None else read_json(item)
    if given is not None and not is_object(given):
        raise ConfigError("the item must be a JSON object")
    webhooks, name = Webhooks(secret), id or new_id(topic)
    failures = 0
    for attempt in range(1, times + 1):
        body = sample(topic, item=given, app_id=app_id, notification_id=name, attempt=attempt)
        status = await deliver(to, body, webhooks.sign(body))
        say(f"{topic}: {status}" if times == 1 else f"{topic} (attempt {attempt}): {status}")
        failures += status >= FIRST_FAILURE
    return min(failures, 1)


def check_topics(topics: Iterable[str]) -> None:
    """Refuse what cannot be a topic, and warn of unknown ones: new ones appear without notice.

    Raises:
        ConfigError: One has another form than ``conversation.user.created``.
    """
    unknown = [topic for topic in topics if topic not in TOPICS]
    for topic in unknown:
        if not re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", topic):
            raise ConfigError(
                f"there is no topic {topic!r}; they are named as conversation.user.created is"
            )
    for topic in unknown:
        say(f"warning: {topic} is not a known topic")


async def deliver(url: str, body: bytes, signature: str) -> int:
    """Deliver a notification as Intercom does, and return the status.

    Raises:
        ConfigError: The address is none.
        ConnectError: Nobody answers there within 5 s.
    """
    headers = {"Content-Type": "application/json", "X-Hub-Signature": signature}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError):
        raise ConfigError("--to is no address, such as http://localhost:8000/intercom") from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ConnectError(f"no answer within {TIMEOUT_S:g} s ({type(error).__name__})") from None
