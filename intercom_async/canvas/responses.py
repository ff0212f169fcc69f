"""What a handler answers: a canvas, and what may go with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from intercom_async.errors import ConfigError
from .components import AnyComponent, Component, List, check_url

MAX_PART_BYTES = 64 * 1024
"""Largest `content` and largest `stored_data` that Intercom takes, in bytes of JSON.
https://developers.intercom.com/docs/references/canvas-kit/responseobjects/canvas"""


class _Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """The components of a canvas from top to bottom."""

    components: list[AnyComponent]


class Canvas(msgspec.Struct, frozen=True, omit_defaults=True):
    """A screen of the app.

    Raises:
        ConfigError: It has neither components nor `content_url` or both, two components have one
            id, a value is of the wrong kind, or a part is larger than 64 KiB.
    """

    components: Sequence[Component] = ()
    """From top to bottom."""
    stored_data: Mapping[str, Any] | None = None
    """Comes back in the next request as it was; a person who looks for it can read it."""
    content_url: str | None = None
    """Makes it a live canvas, in place of components: Intercom asks this address each time somebody
    views the app."""

    def __post_init__(self) -> None:
        """Refuse what Intercom would not show."""
        if (not self.components) == (self.content_url is None):
            raise ConfigError("a canvas has either components or a content_url")
        if self.content_url is not None:
            check_url("Canvas.content_url", self.content_url)
        _encode("the components of a canvas", {"components": list(self.components)}, _Content)
        _encode("stored_data", dict(self.stored_data or {}), dict)
        ids = list(_ids(self.components))
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ConfigError(f"components must have different ids; twice: {', '.join(twice)}")

    def to_json(self) -> dict[str, Any]:
        """Return the canvas object of Canvas Kit."""
        found: dict[str, Any] = {}
        if self.content_url is None:
            found["content"] = {"components": msgspec.to_builtins(list(self.components))}
        else:
            found["content_url"] = self.content_url
        if self.stored_data:
            found["stored_data"] = dict(self.stored_data)
        return found


class Submitted(msgspec.Struct, frozen=True):
    """The answer to a submit that does more than to show a canvas."""

    canvas: Canvas
    """Shown in place of the present one."""
    is_completed: bool = False
    """Tell Intercom that the app has served its purpose."""
    card_creation_options: Mapping[str, Any] | None = None
    """Insert an app into the reply that a teammate writes: Intercom sends these to the initialize
    handler."""


class Results(msgspec.Struct, frozen=True):
    """The end of a configuration."""

    results: Mapping[str, Any]
    """Come to the initialize handler as `card_creation_options`."""


def canvas_reply(answer: object) -> bytes:
    """Encode the answer of an initialize, submit, configure or sheet handler.

    Raises:
        ConfigError: It is none.
    """
    if isinstance(answer, Canvas):
        return msgspec.json.encode({"canvas": answer.to_json()})
    if isinstance(answer, Results):
        return msgspec.json.encode({"results": dict(answer.results)})
    if not isinstance(answer, Submitted):
        raise ConfigError(f"a canvas handler must return a Canvas, not {type(answer).__name__}")
    reply: dict[str, Any] = {"canvas": answer.canvas.to_json()}
    if answer.card_creation_options:
        reply["card_creation_options"] = dict(answer.card_creation_options)
    if answer.is_completed:
        reply["event"] = {"type": "completed"}
    return msgspec.json.encode(reply)


def content_reply(answer: object) -> bytes:
    """Encode the answer of a live canvas handler: the content alone.

    Raises:
        ConfigError: It is not a canvas with components.
    """
    if not isinstance(answer, Canvas) or answer.content_url is not None:
        raise ConfigError("a live canvas handler must return a Canvas with components")
    return msgspec.json.encode({"content": answer.to_json()["content"]})


def _encode(name: str, value: object, kind: type[Any]) -> None:
    """Refuse a part that is too large, or has values that its declaration does not allow."""
    try:
        encoded = msgspec.json.encode(value)
        msgspec.json.decode(encoded, type=kind)
    except ConfigError:
        raise
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{name} cannot be sent: {error}") from None
    if len(encoded) > MAX_PART_BYTES:
        raise ConfigError(
            f"{name} must be at most {MAX_PART_BYTES} bytes of JSON, not {len(encoded)}"
        )


def _ids(components: Sequence[Component]) -> Iterator[str]:
    for component in components:
        own = getattr(component, "id", None)
        if own is not None:
            yield own
        if isinstance(component, List):
            yield from (item.id for item in component.items)
