"""Visitors: people who are not known yet."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.contacts import blank_contact
from intercom_async.simulator.seed.draw import mix
from .call import Call
from .checks import object_of, text_of
from .contacts import add_contact
from .registry import Routes

routes: Routes = Routes()

PREFIX = "visitor-"
"""A user id that begins like this is a visitor's: the messenger makes visitors, not the API."""


@routes("GET /visitors")
def show(call: Call) -> Any:
    """Answer a visitor by user id."""
    return _shown(_visitor(call, dict(call.query)))


@routes("PUT /visitors", "PATCH /visitors")
def update(call: Call) -> Any:
    """Change a visitor; who is meant stands in the body."""
    visitor = _visitor(call, call.fields)
    if "name" in call.fields:
        visitor["name"] = text_of(call.fields, "name")
    visitor["custom_attributes"] = visitor["custom_attributes"] | object_of(
        call.fields, "custom_attributes"
    )
    visitor["updated_at"] = call.now_at
    return _shown(visitor)


@routes("POST /visitors/convert")
def convert(call: Call) -> Any:
    """Make a contact of a visitor, or join it to one that is there."""
    fields, workspace = call.fields, call.workspace
    kind = text_of(fields, "type")
    if kind not in ("user", "lead"):
        raise bad_parameter("type must be user or lead", field="type")
    visitor = _visitor(call, object_of(fields, "visitor"))
    wanted = object_of(fields, "user")
    workspace.visitors.pop(visitor["user_id"], None)
    known = _known(call, wanted)
    if known is not None:
        return workspace.contacts.present(known, call.version)
    row: Row = blank_contact() | {
        "workspace_id": workspace.id_code,
        "role": kind,
        "email": text_of(wanted, "email"),
        "external_id": text_of(wanted, "user_id"),
        "name": visitor["name"],
        "created_at": call.now_at,
        "updated_at": call.now_at,
        "signed_up_at": call.now_at if kind == "user" else None,
    }
    return workspace.contacts.present(add_contact(call, row), call.version)


def _known(call: Call, wanted: Row) -> Row | None:
    table = call.workspace.contacts
    if wanted.get("id"):
        return table.find(str(wanted["id"]))
    for key, field in (("user_id", "external_id"), ("email", "email")):
        row = table.unique(field, str(wanted[key])) if wanted.get(key) else None
        if row is not None:
            return row
    return None


def _visitor(call: Call, given: Row) -> Row:
    """Return the visitor of a user id or id; 404 for one that the messenger has not made."""
    visitors = call.workspace.visitors
    user_id, visitor_id = text_of(given, "user_id"), text_of(given, "id")
    for known in visitors.values():
        if user_id == known["user_id"] or (visitor_id and visitor_id == known["id"]):
            return known
    if user_id is None or not user_id.startswith(PREFIX):
        raise not_found("Visitor Not Found")
    bits = mix(call.workspace.seed, len(visitors), int.from_bytes(user_id.encode()[-8:]))
    at = call.workspace.until
    visitors[user_id] = visitor = _blank(call, user_id, f"{bits:024x}", at)
    return visitor


def _blank(call: Call, user_id: str, visitor_id: str, at: int) -> Row:
    unknown = "phone name pseudonym owner_id referrer utm_campaign utm_content utm_medium"
    return {
        "type": "visitor",
        "id": visitor_id,
        "user_id": user_id,
        "anonymous": True,
        "email": "",
        **dict.fromkeys(f"{unknown} utm_source utm_term do_not_track".split()),
        "avatar": {"type": "avatar", "image_url": None},
        "app_id": call.workspace.id_code,
        "companies": {"type": "company.list", "companies": []},
        "location_data": {},
        "created_at": at,
        "remote_created_at": at,
        "signed_up_at": at,
        "updated_at": at,
        "session_count": 0,
        "social_profiles": {"type": "social_profile.list", "social_profiles": []},
        "unsubscribed_from_emails": False,
        "marked_email_as_spam": False,
        "has_hard_bounced": False,
        "tags": {"type": "tag.list", "tags": []},
        "segments": {"type": "segment.list", "segments": []},
        "custom_attributes": {},
    }


def _shown(visitor: Row) -> Row:
    return dict(visitor)
