"""From the many shapes of a notification's item to the one that its type declares.

Pure functions over decoded JSON. They change a value's place, never its meaning: a list comes out
of the object around it, an id from under another name, and fields of API version 1.x go to where
today's are. Values of the wrong kind are left to the codec, which repairs and counts them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, get_args, get_origin, get_type_hints

from intercom_async.codec.coercion import is_array, is_object, to_list
from intercom_async.models.base import Model
from .items import (
    Contact,
    ContactTag,
    Conversation,
    ConversationContact,
    ConversationRating,
    Deleted,
    Item,
    Ticket,
    TicketContact,
)

Json = dict[str, Any]

_OLD_ROLES = ("user", "lead", "visitor")
"""Types that contacts had in API version 1.x."""


def shape(value: Json, kind: type[Model]) -> Json:
    """Return an object in the shape that a struct declares.

    Values that are null are left out: a field that is null and one that is missing mean the same.
    """
    rearrange = _REARRANGE.get(kind)
    found = {name: entry for name, entry in value.items() if entry is not None}
    if rearrange is not None:
        found = rearrange(found)
    # Exact types, and no calls: this runs for every struct in every notification. What an exact
    # `list` or `dict` holds is unknown to pyright, although it was `Any`.
    for name, inner, is_list in _nested(kind):
        entry = found.get(name)
        if entry is None:
            continue
        if is_list and type(entry) is dict:
            entry = found[name] = _entries(entry)
        if inner is None:
            continue
        if type(entry) is list:
            found[name] = [
                shape(one, inner) if type(one) is dict else one  # pyright: ignore[reportUnknownArgumentType]
                for one in entry  # pyright: ignore[reportUnknownVariableType]
            ]
        elif type(entry) is dict:
            found[name] = shape(entry, inner)  # pyright: ignore[reportUnknownArgumentType]
    return found


def identify(value: Json, kind: str) -> Json:
    """Return an object whose id is under ``id``: deletions say ``conversation_id``."""
    if value.get("id") is None and value.get(f"{kind}_id") is not None:
        return {**value, "id": value[f"{kind}_id"]}
    return value


def _entries(value: Any) -> Any:
    """Take a list out of the object around it, such as ``{"type": "tag.list", "tags": []}``."""
    if not is_object(value):
        return value
    found = to_list({name: entry for name, entry in value.items() if name != "type"})
    return found if is_array(found) else value


@lru_cache(maxsize=128)
def _nested(kind: type[Model]) -> tuple[tuple[str, type[Model] | None, bool], ...]:
    """Return the fields that hold structs or lists: the struct inside, and whether it is a list."""
    found: dict[str, tuple[type[Model] | None, bool]] = {}
    for name, hint in get_type_hints(kind).items():
        members = get_args(hint) if get_origin(hint) not in (list, dict) else (hint,)
        for member in members or (hint,):
            is_list = get_origin(member) is list
            inner = get_args(member)[0] if is_list else member
            is_struct = isinstance(inner, type) and issubclass(inner, Model)
            if is_struct or is_list:
                found[name] = (inner if is_struct else None, is_list)
    return tuple((name, *place) for name, place in found.items())


def _contact(value: Json) -> Json:
    """Read users and leads of API version 1.x as contacts."""
    if value.get("type") in _OLD_ROLES:
        value.setdefault("role", value["type"])
    if "user_id" in value:
        value.setdefault("external_id", value["user_id"])
    place = value.get("location_data")
    if is_object(place):
        value.setdefault(
            "location",
            {
                "country": place.get("country_name"),
                "country_code": place.get("country_code"),
                "region": place.get("region_name"),
                "city": place.get("city_name"),
                "continent_code": place.get("continent_code"),
            },
        )
    return value


def _contact_tag(value: Json) -> Json:
    for name in ("user", "lead"):
        if name in value:
            value.setdefault("contact", value[name])
    return value


def _conversation(value: Json) -> Json:
    """Read a conversation of API version 1.x, or one as a database row, as today's."""
    row = value.get("model")
    if is_object(row):
        # `conversation.contact.attached` carries the row of the conversation and its parts.
        value = {**{name: entry for name, entry in row.items() if entry is not None}, **value}
        if "parts" in value:
            value.setdefault("conversation_parts", value["parts"])
    message = value.get("conversation_message")
    if is_object(message):
        value.setdefault("source", message)
    user = value.get("user")
    if is_object(user):
        value.setdefault("contacts", [_contact({k: v for k, v in user.items() if v is not None})])
    assignee = value.get("assignee")
    if is_object(assignee):
        field = {"admin": "admin_assignee_id", "team": "team_assignee_id"}.get(
            str(assignee.get("type"))
        )
        if field is not None:
            value.setdefault(field, assignee.get("id"))
    if value.get("conversation_rating") == {}:
        del value["conversation_rating"]
    return value


def _rating(value: Json) -> Json:
    """Read the contact of an older rating, which stood under ``customer``."""
    if "customer" in value:
        value.setdefault("contact", value["customer"])
    return value


def _ticket(value: Json) -> Json:
    """Read the ticket inside ``ticket.closed``, and the flat one of ``ticket.contact.attached``."""
    inner = value.get("ticket")
    if is_object(inner) and "id" not in value:
        value = {name: entry for name, entry in inner.items() if entry is not None}
    for name, field in (("ticket_type", "name"), ("ticket_state", "category")):
        if isinstance(value.get(name), str):
            value[name] = {field: value[name]}
    state = value.get("state")
    if isinstance(state, str):
        value.setdefault(
            "ticket_state",
            {
                "category": state,
                "internal_label": value.get("ticket_custom_state_admin_label"),
                "external_label": value.get("ticket_custom_state_user_label"),
            },
        )
    attributes = value.get("custom_attributes")
    if is_object(attributes):
        value.setdefault(
            "ticket_attributes",
            {
                name: entry.get("value") if is_object(entry) else entry
                for name, entry in attributes.items()
            },
        )
    return value


_REARRANGE: dict[type[Model], Callable[[Json], Json]] = {
    Contact: _contact,
    ContactTag: _contact_tag,
    Conversation: _conversation,
    ConversationRating: _rating,
    Ticket: _ticket,
}

_KIND_OF: dict[type[Item], str] = {Conversation: "conversation", Ticket: "ticket"}


def shape_item(value: Json, kind: type[Item], topic: str) -> Json:
    """Return a notification's item in the shape of its type."""
    if kind is Deleted or kind in _KIND_OF:
        value = identify(
            value, _KIND_OF.get(kind) or str(value.get("type") or topic.split(".", maxsplit=1)[0])
        )
    if kind in (ConversationContact, TicketContact):
        # A bare conversation or ticket where the pair is announced: keep it in its place.
        name = "conversation" if kind is ConversationContact else "ticket"
        if name not in value and "contact" not in value:
            value = {name: value}
    return shape(value, kind)
