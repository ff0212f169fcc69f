"""What may become of a contact: merged, archived, blocked; its segments and subscriptions."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.store.conditions import Leaf
from intercom_async.simulator.store.present import public
from intercom_async.simulator.store.query import compile_filter
from intercom_async.simulator.store.runs import Order
from intercom_async.simulator.versions import is_since
from .call import Call
from .checks import contact_of, contact_to_change, needed_text
from .companies import in_segment
from .contacts import FIELDS, listed, status_of
from .paging import whole_list
from .registry import Routes

routes: Routes = Routes()

JOINED = ("_tags", "_notes", "_companies", "_opted_in", "_opted_out")


@routes("POST /contacts/merge")
def merge(call: Call) -> Any:
    """Merge a contact into another one, which stays."""
    source = contact_of(call, needed_text(call.fields, "from"))
    target = contact_of(call, needed_text(call.fields, "into"))
    if source["id"] == target["id"]:
        raise bad_parameter("A contact cannot be merged into itself")
    if is_since(call.version, "2.16"):
        _check_duplicates(call, source, target)
    elif source["role"] != "lead":
        raise bad_parameter("Only leads can be merged, into leads or users")
    kept = contact_to_change(call, target["id"])
    for key in JOINED:
        kept[key] = kept[key] + [one for one in source[key] if one not in kept[key]]
    for key in ("email", "phone", "name"):
        kept[key] = kept[key] or source[key]
    kept["custom_attributes"] = source["custom_attributes"] | kept["custom_attributes"]
    kept.setdefault("_merged", []).append({"id": source["id"], "merged_at": call.now_at})
    gone = contact_to_change(call, source["id"])
    gone["_merged_into"] = target["id"]
    call.workspace.history.add(
        "contact.merged",
        kept,
        call.now_at,
        merge_source_id=source["id"],
        merge_target_id=kept["id"],
    )
    return call.workspace.contacts.present(kept, call.version)


def _check_duplicates(call: Call, source: Row, target: Row) -> None:
    """Refuse two contacts that share no address and no number, unless the call skips this."""
    if call.fields.get("skip_duplicate_validation") is True:
        return
    is_same = any(source[key] and source[key] == target[key] for key in ("email", "phone"))
    if not is_same:
        raise ApiError(
            400,
            "invalid_merge",
            "The two contacts share no email and no phone; to merge them all the same, send "
            "skip_duplicate_validation",
        )


@routes("POST /contacts/merge/preview")
def preview_merge(call: Call) -> Any:
    """Answer what a merge would change, or why it is not allowed, and change nothing."""
    source = contact_of(call, needed_text(call.fields, "from"))
    target = contact_of(call, needed_text(call.fields, "into"))
    if (source["role"], target["role"]) != ("lead", "user"):
        return _blocked("invalid_merge_role_pair", "Only a lead can be merged into a user")
    try:
        _check_duplicates(call, source, target)
    except ApiError as error:
        return _blocked("no_shared_identifier", error.message)
    attributes = [
        {
            "field": key,
            "outcome": "discarded" if target[key] else "adopted",
            "from_value": source[key],
            "into_value": target[key],
            "new_into_value": target[key] or source[key],
        }
        for key in ("email", "phone", "name")
        if source[key] and source[key] != target[key]
    ]
    counts = {
        kind: {"from": len(source[f"_{kind}"]), "into": len(target[f"_{kind}"])}
        for kind in ("tags", "notes")
    }
    for kind in ("conversations", "tickets"):
        counts[kind] = {"from": 0, "into": 0}
    changes = {"attributes": attributes, "total_count": len(attributes)}
    return {
        "allowed": True,
        "summary": {"attribute_changes": changes, "reassignments": counts},
    }


def _blocked(code: str, message: str) -> Row:
    return {"allowed": False, "reasons": [{"code": code, "message": message}]}


@routes("POST /contacts/{contact_id}/archive")
def archive(call: Call) -> Any:
    """Hide a contact from lists and searches."""
    contact_of(call, call.id("contact_id"))
    row = contact_to_change(call, call.id("contact_id"))
    row["_archived"] = True
    return status_of(row, archived=True)


@routes("POST /contacts/{contact_id}/unarchive")
def unarchive(call: Call) -> Any:
    """Show an archived contact again."""
    contact_of(call, call.id("contact_id"))
    row = contact_to_change(call, call.id("contact_id"))
    row["_archived"] = False
    return status_of(row, archived=False)


@routes("POST /contacts/{contact_id}/block")
def block(call: Call) -> Any:
    """Block and archive a contact."""
    contact_of(call, call.id("contact_id"))
    row = contact_to_change(call, call.id("contact_id"))
    row["_archived"] = row["_blocked"] = True
    return status_of(row, blocked=True)


@routes("GET /contacts/{contact_id}/merge_history")
def merge_history(call: Call) -> Any:
    """Answer which contacts were merged into this one."""
    row = contact_of(call, call.id("contact_id"))
    merged: list[Row] = row.get("_merged", [])
    data = [
        {"type": "merge_history", "source_contact_id": one["id"], "merged_at": one["merged_at"]}
        for one in merged
    ]
    return {"type": "list", "data": data, "next_cursor": None, "has_more": False}


@routes("GET /contacts/{contact_id}/segments")
def list_segments(call: Call) -> Any:
    """Answer the segments that a contact is in: by its role."""
    row = contact_of(call, call.id("contact_id"))
    wanted = "user" if row["role"] == "user" else "contact"
    found = [public(one) for one in segments_of(call, "person") if one["person_type"] == wanted]
    return whole_list(found[:1])


@routes("GET /segments")
def list_all_segments(call: Call) -> Any:
    """Answer the segments of people, or of companies; with their counts where asked for."""
    kind = "company" if call.query.get("type") == "company" else "person"
    rows = [_segment(call, one) for one in segments_of(call, kind)]
    return {"type": "segment.list", "segments": rows}


def segments_of(call: Call, kind: str) -> list[Row]:
    """Return the segments of a kind: `"person"` or `"company"`."""
    return [one for one in call.workspace.segments if one["_of"] == kind]


@routes("GET /segments/{segment_id}")
def show_segment(call: Call) -> Any:
    """Answer one segment."""
    segment = call.workspace.segments.find(call.id("segment_id"))
    if segment is None:
        raise not_found()
    return _segment(call, segment)


def _segment(call: Call, segment: Row) -> Row:
    shown = public(segment)
    if call.flag("include_count"):
        shown["count"] = _count(call, segment)
    return shown


def _count(call: Call, segment: Row) -> int:
    """Return how many contacts or companies are in a segment."""
    if segment["_of"] == "company":
        table, asked = call.workspace.companies, in_segment(call, segment["id"])
    else:
        table = call.workspace.contacts
        leaf = Leaf("segment_id", "=", segment["id"])
        asked = compile_filter(leaf, table, FIELDS, call.workspace.day_of)
        asked = listed(call, asked)
    return table.page(asked, Order(), None, 1).total_count


@routes("GET /subscription_types")
def list_subscription_types(call: Call) -> Any:
    """Answer all subscription types."""
    return whole_list(call.workspace.subscription_types)


@routes("GET /contacts/{contact_id}/subscriptions")
def list_subscriptions(call: Call) -> Any:
    """Answer the types that a contact has said yes or no to; silence is in no list."""
    row = contact_of(call, call.id("contact_id"))
    types = call.workspace.subscription_types
    found = (types.find(one) for one in (*row["_opted_in"], *row["_opted_out"]))
    return whole_list(one for one in found if one is not None)


@routes("POST /contacts/{contact_id}/subscriptions")
def subscribe(call: Call) -> Any:
    """Opt a contact in or out."""
    contact_of(call, call.id("contact_id"))
    kind = _subscription_type(call, needed_text(call.fields, "id"))
    consent = needed_text(call.fields, "consent_type")
    if consent not in ("opt_in", "opt_out"):
        raise bad_parameter("consent_type must be opt_in or opt_out", field="consent_type")
    row = contact_to_change(call, call.id("contact_id"))
    _forget(row, kind["id"])
    row["_opted_in" if consent == "opt_in" else "_opted_out"].append(kind["id"])
    return kind


@routes("DELETE /contacts/{contact_id}/subscriptions/{subscription_id}")
def unsubscribe(call: Call) -> Any:
    """Take back what a contact said of a type."""
    contact_of(call, call.id("contact_id"))
    kind = _subscription_type(call, call.id("subscription_id"))
    _forget(contact_to_change(call, call.id("contact_id")), kind["id"])
    return kind


def _subscription_type(call: Call, type_id: str) -> Row:
    kind = call.workspace.subscription_types.find(type_id)
    if kind is None:
        raise not_found()
    return kind


def _forget(row: Row, type_id: str) -> None:
    for key in ("_opted_in", "_opted_out"):
        row[key] = [one for one in row[key] if one != type_id]
