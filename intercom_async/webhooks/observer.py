"""Observer of webhooks: the seam for traces and metrics.

    class Late(WebhookObserver):
        def received(self, delivery: Delivery) -> None:
            if delivery.delay_s is not None and delivery.delay_s > 60:
                print("late:", delivery.topic)

    Webhooks(secret, observer=Late())

`received` is called for each request, `handling` around each call of a handler, also in the worker
of a queue. An exception of an observer is logged once and goes no further. Nothing that it is given
holds an item, a body or an id.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import msgspec

_LOG = logging.getLogger("intercom_async.webhooks")


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and what became of it."""

    topic: str | None
    """Topic of the notification; None where it could not be read."""
    outcome: str
    """``accepted``, ``duplicate``, ``busy``, ``ping``, ``unsigned`` or ``unreadable``."""
    attempt: int
    """Which delivery of the notification it is, from 1."""
    delay_s: float | None
    """Seconds from what happened to its arrival, by this machine's clock; None if unknown."""


class Handling(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a handler."""

    topic: str
    handler: str
    """Qualified name of the function."""
    delay_s: float | None
    """Seconds from what happened to the call, by this machine's clock; None if unknown."""


class WebhookObserver:
    """Override what is to be observed; everything else does nothing.

    It is called in the event loop and must not block.
    """

    def received(self, delivery: Delivery) -> None:
        """A request was answered."""

    def handling(self, call: Handling) -> AbstractContextManager[object]:
        """Return what is entered while a handler runs; its error passes through."""
        del call
        return nullcontext()


@contextmanager
def handling(observer: WebhookObserver, call: Handling) -> Generator[None]:
    """Enter an observer's context; keep what goes wrong in it from the handler."""
    failed: Exception | None = None
    try:
        context = observer.handling(call)
        context.__enter__()
    except Exception as error:  # noqa: BLE001 (an observer must not break a handler)
        _failed(observer, error)
        yield
        return
    try:
        yield
    except Exception as error:
        failed = error
        raise
    finally:
        try:
            told = (None, None, None) if failed is None else (type(failed), failed, None)
            context.__exit__(*told)
        except Exception as error:  # noqa: BLE001 (as above)
            _failed(observer, error)


def tell(observer: WebhookObserver, delivery: Delivery) -> None:
    """Tell an observer of a request."""
    try:
        observer.received(delivery)
    except Exception as error:  # noqa: BLE001 (an observer must not refuse a delivery)
        _failed(observer, error)


def _failed(observer: WebhookObserver, error: Exception) -> None:
    kind = type(observer)
    if kind not in _told:
        _told.add(kind)
        _LOG.error("%s failed with %s", kind.__qualname__, type(error).__qualname__)


_told: set[type] = set()
"""Kinds of observers whose failure was logged."""
