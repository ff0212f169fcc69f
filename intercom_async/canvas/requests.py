"""What Intercom asks of a Canvas Kit app, as tolerant structs: any field may be missing."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

from intercom_async.codec import decode
from intercom_async.codec.coercion import UNFIT, is_object, read_either
from intercom_async.errors import DecodeError
from intercom_async.models.base import Id, JsonObject, Model
from intercom_async.webhooks.items import Admin, Contact, Conversation
from intercom_async.webhooks.shapes import shape

T = TypeVar("T", bound="CanvasRequest")


class Context(Model, frozen=True, kw_only=True):
    """Where the app is shown, and how the Messenger looks there."""

    conversation_id: Id | None = None
    location: Literal["conversation", "home", "message", "operator"] | str | None = None
    locale: str | None = None
    messenger_action_colour: str | None = None
    messenger_background_colour: str | None = None
    referrer: str | None = None


class ShownCanvas(Model, frozen=True, kw_only=True):
    """The canvas that was shown when the request was made."""

    content: JsonObject = {}
    stored_data: JsonObject = {}
    content_url: str | None = None


class CanvasRequest(Model, frozen=True, kw_only=True):
    """What all requests have."""

    workspace_id: Id | None = None
    workspace_region: str | None = None
    context: Context | None = None
    admin: Admin | None = None
    """The teammate, in the inbox."""
    contact: Contact | None = None
    """Whom it is about: the contact shown in the inbox, or the one who uses the Messenger."""
    conversation: Conversation | None = None
    """In the inbox."""
    current_canvas: ShownCanvas | None = None

    @property
    def stored_data(self) -> JsonObject:
        """What the shown canvas was made with."""
        return self.current_canvas.stored_data if self.current_canvas else {}


class InitializeRequest(CanvasRequest, frozen=True, kw_only=True):
    """The app is shown for the first time."""

    card_creation_options: JsonObject = {}
    """What the configuration resulted in."""


class ConfigureRequest(CanvasRequest, frozen=True, kw_only=True):
    """A teammate configures the app before it is shown."""

    component_id: str | None = None
    """None in the first request."""
    input_values: JsonObject = {}


class SubmitRequest(CanvasRequest, frozen=True, kw_only=True):
    """A person used a component with a submit action."""

    component_id: str = ""
    input_values: JsonObject = {}
    """Values by the ids of their components."""


class LiveCanvasRequest(CanvasRequest, frozen=True, kw_only=True):
    """A live canvas is shown."""


class SheetRequest(CanvasRequest, frozen=True, kw_only=True):
    """A sheet is opened; `contact` was decrypted, which proves that Intercom sent it."""

    component_id: str | None = None
    input_values: JsonObject = {}


class SubmitSheetRequest(CanvasRequest, frozen=True, kw_only=True):
    """The page of a sheet was submitted."""

    sheet_values: JsonObject = {}
    """What the page gave to ``submitSheet``."""


def read_json(body: bytes) -> JsonObject:
    """Read a body that must be an object.

    Raises:
        DecodeError: It is none.
    """
    anything: Any = Any
    value: Any = decode(body, anything, call="canvas")
    if not is_object(value):
        raise DecodeError("the body is not an object", call="canvas", path="$")
    return value


def read_request(value: JsonObject, kind: type[T]) -> T:
    """Read a request into its type; what has another name in older versions goes to its field.

    Raises:
        DecodeError: It cannot be read.
    """
    found = dict(value)
    for field, names in _OTHER_NAMES.items():
        for name in names:
            if found.get(field) is None and found.get(name) is not None:
                found[field] = found[name]
    shown = found.get("current_canvas")
    if is_object(shown) and is_object(shown.get("current_canvas")):
        found["current_canvas"] = shown["current_canvas"]
    shaped = shape(found, kind)
    try:
        return msgspec.convert(shaped, kind, dec_hook=read_either)
    except msgspec.ValidationError:
        return _repair(shaped, kind)


def _repair(value: JsonObject, kind: type[T]) -> T:
    from intercom_async.codec.repair import repaired  # noqa: PLC0415 (few requests need it)

    read, path = repaired(value, kind)
    if read is UNFIT:
        raise DecodeError("the request cannot be read", call="canvas", path=path)
    result: T = read
    return result


_OTHER_NAMES = {
    "workspace_id": ("app_id",),
    "contact": ("customer", "user"),
    "current_canvas": ("canvas",),
}
"""Names by which a field goes in some requests and versions."""
