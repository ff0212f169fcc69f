"""Bodies that are not written as the keywords of their methods say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from intercom_async.codec.plain import parameter_text, plain, plain_id as check_id
from intercom_async.errors import ConfigError
from intercom_async.fields.common import Id
from intercom_async.fields.content import TagChange
from intercom_async.moments import to_unix
from intercom_async.request.form_data import FormData, FormFile
from intercom_async.workflows.attachments import read_attachments
from ._validation import (
    check_dict,
    check_given,
    check_ids,
    check_named,
    check_several,
    check_texts,
    checked,
    given,
    take_one,
    to_id,
    to_id_list,
    to_ids,
    to_numbers,
    with_iso,
    with_text,
)

if TYPE_CHECKING:
    from intercom_async.fields import (
        ContentReference,
        ExceptionFields,
        FinMessage,
        NewException,
        PersonKey,
    )


async def reply_body(fields: dict[str, Any]) -> dict[str, Any]:
    """Write the body of a reply.

    Raises:
        ConfigError: Nobody or more than one replies, or a contact writes anything but a comment.
    """
    documented = fields.pop("intercom_user_id", None)
    if documented is not None:
        if fields.get("contact_id") is not None:
            raise ConfigError("contact_id and intercom_user_id are the same; give one of them")
        fields["contact_id"] = documented
    author = take_one(
        "a reply's author",
        fields,
        admin_id="admin_id",
        contact_id="intercom_user_id",
        email="email",
        user_id="user_id",
    )
    message_type = fields.pop("message_type", "comment")
    if "admin_id" not in author and message_type != "comment":
        raise ConfigError(f"contacts write comments; a {message_type} needs admin_id")
    kind = "admin" if "admin_id" in author else "user"
    given_kind = plain(fields.pop("type", None))
    if given_kind not in (None, kind):
        raise ConfigError(f"type {given_kind!r} does not go with {next(iter(author))}")
    sources = fields.get("attachment_files")
    if sources is not None:
        several = check_several("attachment_files", sources, most=10)
        fields["attachment_files"] = await read_attachments(several)
    return {"message_type": message_type, "type": kind, **author, **given(**fields)}


def with_commas(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write what can be chosen from a list as the API wants it."""
    items = fields.get("list_items")
    if items is None or isinstance(items, str):
        return fields
    return {**fields, "list_items": ",".join(check_texts("list_items", items))}


def check_day(fields: NewException | ExceptionFields) -> None:
    """Make sure that a day is one.

    Raises:
        ConfigError: It has a time, which would be sent as UNIX seconds.
    """
    if isinstance(fields.get("exception_date"), datetime):
        raise ConfigError("exception_date is a day, not a moment; give a date, such as .date()")


def fin_message(name: str, message: FinMessage) -> dict[str, Any]:
    """Write a message's moments as Fin wants them; what is no dict is refused."""
    precise = check_dict(name, message).get("timestamp_ms")
    names = ("timestamp",) if isinstance(precise, str) else ("timestamp", "timestamp_ms")
    return with_iso(message, *names)


def fin_start(conversation_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Write what hands a conversation to Fin; of what was said before it takes ten messages."""
    context = fin_context(fields)
    return {
        **to_ids(conversation_id=conversation_id),
        **context,
        **fields,
        "message": fin_message("message", fields["message"]),
    }


def fin_run(conversation_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Write what runs a procedure of Fin."""
    said = fields.pop("message", None)
    message = {} if said is None else {"message": fin_message("message", said)}
    context = fin_context(fields)
    return {**to_ids(conversation_id=conversation_id), **context, **given(**fields), **message}


def fin_context(fields: dict[str, Any]) -> dict[str, Any]:
    """Take what Fin is to know of a conversation out of the fields; messages are ten at most."""
    said, attributes = fields.pop("history", None), fields.pop("attributes", None)
    history = None
    if said is not None:
        several = check_several("history", said, most=10)
        history = [fin_message("history", each) for each in several]
    about = given(history=history, attributes=attributes)
    return {"conversation_metadata": about} if about else {}


def content_ids(content: Sequence[ContentReference]) -> Sequence[ContentReference]:
    """Return pieces of content as they are.

    Raises:
        ConfigError: They are too many at once or none, or one has no id.
    """
    check_several("content", content, least=1, most=1000)
    check_named("content", content)
    return content


def tag_change(tags: TagChange) -> dict[str, Any]:
    """Return what tags to put on and to take off.

    Raises:
        ConfigError: They are too many at once or none.
    """
    changes = checked(TagChange, tags)
    ids = {str(plain(each)) for several in changes.values() for each in several}
    check_several("add_tag_ids with remove_tag_ids", ids, least=1, most=100)
    return changes


def company_keys(ids: Sequence[Id], company_ids: Sequence[Id]) -> list[dict[str, str]]:
    """Name companies by either of their keys."""
    by_id = [{"id": each} for each in to_id_list("ids", ids)]
    by_company_id = [{"company_id": each} for each in to_id_list("company_ids", company_ids)]
    if not by_id and not by_company_id:
        raise ConfigError("no company is named: give ids or company_ids")
    return by_id + by_company_id


def person_key(name: str, person: PersonKey) -> dict[str, Any]:
    """Write the keys of a person as text.

    Raises:
        ConfigError: There are none, or one is no id.
    """
    keys = given(**check_dict(name, person))
    if not keys:
        raise ConfigError(f"{name} needs one of id, user_id, email")
    return {key: str(check_id(f"{name}: {key}", value)) for key, value in keys.items()}


def new_ticket(ticket_type_id: Id, fields: dict[str, Any]) -> dict[str, Any]:
    """Write the body that creates a ticket."""
    names = {"contact_id": "id", "external_id": "external_id", "email": "email"}
    contact = take_one("a ticket's contact", fields, **names)
    assignees = ("admin_assignee_id", "team_assignee_id")
    assignment = to_ids(**{name: fields.pop(name) for name in assignees if name in fields})
    return {
        "ticket_type_id": to_id("ticket_type_id", ticket_type_id),
        "contacts": [contact],
        **({"assignment": assignment} if assignment else {}),
        **fields,
    }


def check_components(components: Sequence[Mapping[str, Any]]) -> None:
    """Check that the components of a template are objects that name their type.

    Raises:
        ConfigError: They are not.
    """
    is_list = isinstance(components, Sequence) and not isinstance(components, str)
    if not is_list or not all(isinstance(e, Mapping) and e.get("type") for e in components):
        raise ConfigError("components must be a list of objects, each with a type, such as 'BODY'")


def split_query(fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split what is sent as query parameters from the fields of a contact's body."""
    return fields, {"include_merge_history": fields.pop("include_merge_history", None)}


def catalog_form(catalog: bytes | None, part: dict[str, Any]) -> FormData:
    """Write the form of a catalog, or of a part of one.

    Raises:
        ConfigError: There is nothing to upload, or `catalog` is no bytes.
    """
    finalize = part.get("finalize")
    if catalog is None and not finalize:
        raise ConfigError("catalog is needed, unless finalize=True ends an upload in parts")
    if catalog is not None and not isinstance(catalog, bytes | bytearray):
        raise ConfigError(f"catalog must be bytes, not {type(catalog).__name__}")
    check_given(part)
    fields: dict[str, str | FormFile] = {
        name: parameter_text(plain(value)) for name, value in part.items() if value is not None
    }
    if catalog is not None:
        fields["catalog"] = FormFile("catalog.json", "application/json", bytes(catalog))
    try:
        return FormData(fields)
    except UnicodeEncodeError:
        raise ConfigError("import_job_id has half a surrogate pair in it") from None


_MOMENTS = ("signed_up_at", "last_seen_at", "remote_created_at")
"""Fields of the items of a bulk job that are moments."""

MAX_BULK_ITEMS = 100
"""Items that one request of a bulk job takes (422 beyond)
(test_refusals.py::test_no_more_and_no_fewer_than_the_api_takes_at_once)."""


def bulk_body(
    name: str, kind: Any, items: Sequence[Mapping[str, Any]], job_id: Id | None
) -> dict[str, Any]:
    """Write the body of one request of a bulk job, a new one unless `job_id` names another.

    Raises:
        ConfigError: The items are none or too many, or one cannot be sent.
        TypeError: One has a field that the API does not know, or lacks one that it needs.
    """
    job = {} if job_id is None else {"job": {"id": to_id("job_id", job_id)}}
    several = check_several(name, items, least=1, most=MAX_BULK_ITEMS)
    return {name: [bulk_item(name, kind, item) for item in several], **job}


def bulk_item(name: str, kind: Any, item: Mapping[str, Any]) -> dict[str, Any]:
    """Write one item of a bulk job; what cannot be sent is refused as `bulk_body` does."""
    try:
        found = checked(kind, check_dict(f"each of {name}", item))
        tags = {
            name.removesuffix("_tag_ids"): [
                {"id": tag} for tag in to_id_list(name, found.pop(name))
            ]
            for name in ("add_tag_ids", "remove_tag_ids")
            if name in found
        }
        memberships = [dict(each) for each in found.pop("companies", ())]
        check_named("companies", memberships)
        check_ids(**given(company_id=found.get("company_id")))
        ids = {key: found[key] for key in ("id", "owner_id", "external_id") if key in found}
        moments = {key: to_unix(key, found[key]) for key in found if key in _MOMENTS}
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from None
    return {
        **found,
        **to_ids(**ids),
        **moments,
        **({"companies": [with_text(each) for each in memberships]} if memberships else {}),
        **({"tags": tags} if tags else {}),
    }


def bulk_keys(name: str, ids_name: str, ids: Sequence[Id], job_id: Id | None) -> dict[str, Any]:
    """Write the body of one request of a bulk job that names its objects by id."""
    job = {} if job_id is None else {"job": {"id": to_id("job_id", job_id)}}
    keys = to_id_list(ids_name, ids, least=1, most=MAX_BULK_ITEMS)
    return {name: [{"id": key} for key in keys], **job}


def to_choices(options: Sequence[str]) -> list[dict[str, str]]:
    """Write the options of an attribute, two at least."""
    return [{"value": option} for option in check_texts("options", options, least=2)]


def team_members(admin_ids: Sequence[Id], levels: Mapping[str, Sequence[Id]]) -> dict[str, Any]:
    """Write who is in a team, and who of them is asked first."""
    level = {name: to_numbers(name, ids) for name, ids in levels.items()}
    members = {"admin_ids": to_numbers("admin_ids", admin_ids)}
    return {**members, **({"admin_priority_level": level} if level else {})}
