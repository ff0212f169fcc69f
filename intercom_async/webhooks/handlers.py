"""Handlers by topic, and running them."""

from __future__ import annotations

import difflib
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import msgspec

from intercom_async.clock import CLOCK, Clock
from intercom_async.errors import ConfigError
from intercom_async.receivers.place import place_of
from .notification import Notification
from .ordering import Sequencer
from .topics import TOPICS, item_type

T = TypeVar("T")
Handler = Callable[[Notification[T]], Awaitable[object]]
OnError = Callable[[Notification[Any], Exception], object]

EVERY_TOPIC = "*"

_LOG = logging.getLogger("intercom_async.webhooks")


class Registration(msgspec.Struct, frozen=True):
    """A handler with its terms."""

    handler: Handler[Any]
    topics: frozenset[str]
    sequencer: Sequencer | None = None

    @property
    def name(self) -> str:
        """The handler's name, for logs."""
        return getattr(self.handler, "__qualname__", type(self.handler).__qualname__)

    def wants(self, topic: str) -> bool:
        """Say whether it handles a topic."""
        return topic in self.topics or EVERY_TOPIC in self.topics


class Handlers:
    """The handlers of an app by topic.

    Args:
        on_error: A function, sync or async, that is called with each notification whose handler
            failed, and the error.
        clock: Another clock, for tests.
    """

    def __init__(self, on_error: OnError | None = None, *, clock: Clock = CLOCK) -> None:
        self._registered: list[Registration] = []
        self._on_error = on_error
        self._clock = clock

    def add(self, handler: Handler[Any], topics: tuple[str, ...], hold_s: float | None) -> None:
        """Register a handler.

        Raises:
            ConfigError: It is not an async function.
        """
        if not is_async(handler):
            raise ConfigError("a handler must be an async function: async def handle(event): …")
        sequencer = None if hold_s is None else Sequencer(hold_s, clock=self._clock)
        self._registered.append(Registration(handler, frozenset(topics), sequencer))

    def wanting(self, topic: str) -> Iterator[Registration]:
        """Return the handlers of a topic in the order of their registration."""
        return (one for one in self._registered if one.wants(topic))

    def topics(self) -> frozenset[str]:
        """Return every topic that a handler was registered for."""
        return frozenset(topic for one in self._registered for topic in one.topics)

    async def report(self, one: Registration, event: Notification[Any], error: Exception) -> None:
        """Log that a handler failed: which one, on what topic, and where; never with what."""
        _LOG.error(
            "handler %s failed on %s with %s in %s",
            one.name,
            event.topic,
            type(error).__qualname__,
            place_of(error) or "its call",
        )
        if self._on_error is not None:
            try:
                answer = self._on_error(event, error)
                if inspect.isawaitable(answer):
                    await answer
            except Exception as failure:  # noqa: BLE001 (a reporter must not stop the others)
                _LOG.error("on_error failed with %s", type(failure).__qualname__)


def check_topics(topics: tuple[str, ...]) -> None:
    """Log a warning for each topic that is not known, with the nearest one that is.

    Raises:
        ConfigError: There is no topic, or one is no text.
    """
    if not topics or not all(isinstance(topic, str) and topic for topic in topics):
        raise ConfigError(
            "on() takes topics, such as 'conversation.user.created', or '*' for every one"
        )
    for topic in topics:
        if topic == EVERY_TOPIC or item_type(topic) is not None:
            continue
        near = difflib.get_close_matches(topic, TOPICS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        _LOG.warning("%s is no topic that this version knows%s", topic, hint)


def is_async(handler: object) -> bool:
    """Say whether calling this gives a coroutine."""
    call = getattr(type(handler), "__call__", None)  # noqa: B004 (the method itself is looked at)
    return inspect.iscoroutinefunction(inspect.unwrap(handler)) or inspect.iscoroutinefunction(call)  # type: ignore[arg-type] # any object may be asked
