"""Tags: made, renamed and applied to many by one call."""

from __future__ import annotations

from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import Row
from intercom_async.simulator.store.links import without_tag
from intercom_async.simulator.store.present import public
from intercom_async.simulator.versions import is_since
from .call import Call
from .checks import contact_of, contact_to_change, first_where, list_of, text_of
from .contact_lists import attach, tag_of
from .paging import whole_list
from .registry import Routes

routes: Routes = Routes()


@routes("GET /tags")
def list_tags(call: Call) -> Any:
    """Answer all tags."""
    return whole_list(public(tag) for tag in call.workspace.tags)


@routes("GET /tags/{tag_id}")
def show(call: Call) -> Any:
    """Answer one tag."""
    return public(tag_of(call, call.id("tag_id")))


@routes("POST /tags")
def create_or_apply(call: Call) -> Any:
    """Make a tag or find it by name, rename it by id, and attach it to companies or users."""
    fields = call.fields
    name = text_of(fields, "name")
    if not name:
        raise bad_parameter("invalid tag parameters")
    companies = [_company(call, one) for one in list_of(fields, "companies")]
    contacts = [_contact(call, one) for one in list_of(fields, "users")]
    tag = _made(call, text_of(fields, "id"), name)
    for is_off, row in companies:
        if row is not None:
            _set(call.workspace.companies.change(row["id"]), tag, is_off=is_off)
    for is_off, row in contacts:
        if row is not None:
            _set(contact_to_change(call, row["id"]), tag, is_off=is_off)
    return public(tag)


@routes("DELETE /tags/{tag_id}")
def delete(call: Call) -> Any:
    """Delete a tag; 400 where a segment is made of it."""
    tag = tag_of(call, call.id("tag_id"))
    segment = first_where(call.workspace.segments, _tag_id=tag["id"])
    if segment is not None:
        raise ApiError(
            400,
            "tag_has_dependent_objects",
            f"The tag is part of the segment {segment['name']}",
        )
    workspace = call.workspace
    workspace.tags.remove(tag["id"])
    workspace.links.deleted()
    without_tag(workspace.articles, tag["id"])
    for kind in ("internal_articles", "content_snippets"):
        pieces = workspace.records.collection(f"/{kind}").values()
        without_tag((one.fields for one in pieces), tag["id"])
    return {"id": tag["id"], "object": "tag", "deleted": True}


def _made(call: Call, tag_id: str | None, name: str) -> Row:
    tags = call.workspace.tags
    if tag_id is not None:
        tag = tags.find(tag_id)
        if tag is None:
            raise not_found()
        tag["name"] = name
        return tag
    wanted = name.lower()
    known = next((tag for tag in tags if tag["name"].lower() == wanted), None)
    return known or tags.add({"type": "tag", "name": name})


def _set(row: Row, tag: Row, *, is_off: bool) -> None:
    if is_off:
        row["_tags"] = [one for one in row["_tags"] if one["id"] != tag["id"]]
    else:
        attach(row["_tags"], tag)


def _company(call: Call, reference: Any) -> tuple[bool, Row | None]:
    """Find a company by either id; from 2.16 on a missing one is passed over."""
    given = _reference(reference)
    table = call.workspace.companies
    row = None
    if given.get("id"):
        row = table.find(str(given["id"]))
    elif given.get("company_id"):
        row = table.unique("company_id", str(given["company_id"]))
    if row is None and not is_since(call.version, "2.16"):
        raise not_found("Company Not Found", "company_not_found")
    return bool(given.get("untag")), row


def _contact(call: Call, reference: Any) -> tuple[bool, Row | None]:
    given = _reference(reference)
    try:
        row = contact_of(call, str(given.get("id")))
    except ApiError:
        if not is_since(call.version, "2.16"):
            raise
        row = None
    return bool(given.get("untag")), row


def _reference(value: Any) -> Row:
    if not isinstance(value, dict):
        raise bad_parameter("invalid tag parameters")
    return value  # pyright: ignore[reportUnknownVariableType]
