"""Where package and description differ on purpose, and why. Nothing else may differ."""

from __future__ import annotations

ALL = frozenset({"*"})
"""All optional arguments at once."""

_REPLY = frozenset({"body"})
_ADMIN_REPLY = _REPLY | {
    "message_type",
    "type",
    "admin_id",
    "attachment_urls",
    "attachment_files",
    "reply_options",
    "created_at",
    "skip_notifications",
}
_REPLIES = (
    _REPLY | {"admin_id"},
    _ADMIN_REPLY,
    _REPLY | {"contact_id"},
    _REPLY | {"intercom_user_id"},
    _REPLY | {"email"},
    _REPLY | {"user_id"},
)

_ONE_KEY = tuple(frozenset({key}) for key in ("user_id", "email", "intercom_user_id"))
_NEW_TICKET = frozenset(
    {
        "ticket_attributes",
        "conversation_to_link_id",
        "company_id",
        "created_at",
        "admin_assignee_id",
        "team_assignee_id",
        "skip_notifications",
    }
)
_NEW_TICKETS = (
    frozenset({"contact_id"}),
    frozenset({"external_id"}),
    frozenset({"email"}) | _NEW_TICKET,
)
_COMPANIES = (frozenset({"ids"}), frozenset({"company_ids"}))

CHOICES: dict[str, tuple[frozenset[str], ...]] = {
    "Conversations.reply": (*_REPLIES, _ADMIN_REPLY | {"skip_unsnooze"}),
    "Ecommerce.upload_catalog": (frozenset({"catalog"}), ALL),
    "Fin.escalate": (
        frozenset({"conversation_id", "context"}),
        frozenset({"user", "message"}),
    ),
    "Conversations.attach_contact": (
        frozenset({"contact_id"}),
        frozenset({"user_id"}),
        frozenset({"email"}),
    ),
    "Conversations.create_part": (
        frozenset({"type", "assignee_id", "body"}),
        frozenset({"type", "assignee_id", "snoozed_until"}),
    ),
    "Contacts.create": (frozenset({"email"}), ALL),
    "Content.update_tags": (ALL,),
    "CustomObjects.list": (
        frozenset({"references_contact_id"}),
        frozenset({"references_conversation_id", "per_page"}),
    ),
    "Events.create": (
        frozenset({"user_id"}),
        frozenset({"email"}),
        frozenset({"id"}),
        ALL,
    ),
    "Events.list": (*_ONE_KEY, _ONE_KEY[0] | {"per_page"}),
    "Events.summarize": _ONE_KEY,
    "Tags.tag_companies": _COMPANIES,
    "Tags.untag_companies": _COMPANIES,
    "Tickets.create": _NEW_TICKETS,
    "Tickets.enqueue": _NEW_TICKETS,
    "Tickets.reply": (*_REPLIES, _ADMIN_REPLY | {"cross_post"}),
    "Visitors.update": (
        frozenset({"visitor_id"}),
        frozenset({"user_id", "name", "custom_attributes"}),
    ),
}
"""Which optional arguments go together, for methods whose arguments exclude each other."""

COMPOSED: dict[str, str] = {
    "Events.create_many": "creates one after the other",
    "DataExports.rows": "creates, waits and downloads",
    "DataExports.wait": "gets again and again",
    "Jobs.wait": "gets again and again",
    "ReportingExports.wait": "gets again and again",
    "Tickets.hydrate": "gets one after the other",
    "Conversations.hydrate": "gets one after the other",
}
"""Methods that send what others of the same resource send."""

FUSED: dict[str, str] = {
    "Content.BULK_ACTION": "a method for each action",
    "Messages.CREATE": "a method for each channel",
    "Conversations.REDACT": "a method for each kind of text",
}
"""Endpoints without a method of their name."""

PAGER = "the pager goes on by itself; resume() takes up a list"
CONSTANT = "has one value only, which the package sends or leaves out"

NOT_GIVEN: dict[str, dict[str, str]] = {
    "*": {
        "page": PAGER,
        "starting_after": PAGER,
        "scroll_param": PAGER,
        "cursor": PAGER,
        "pagination": PAGER,
    },
    "GET /events": {"filter": "its keys are sent, of which there is one"},
    "PUT /ip_allowlist": {"type": CONSTANT},
    "POST /contacts/{contact_id}/notes": {"contact_id": "the path says it"},
    "GET /download/reporting_data/{job_identifier}": {"job_identifier": "the path says it"},
}
"""Parameters of the descriptions that no method sends, by operation."""

_SORTED = "works, though not described (Intercom-OpenAPI issue 114)"

UNDESCRIBED: dict[str, dict[str, str]] = {
    "*": {"per_page": "works for all lists with pages, though some descriptions leave it out"},
    "GET /events": dict.fromkeys(("user_id", "email", "intercom_user_id"), "a key of the filter"),
    "POST /messages": dict.fromkeys(
        ("components", "locale"), "fills the template of a WhatsApp message, as in an example"
    ),
    "GET /conversations": {"order": _SORTED, "sort": _SORTED},
    "POST /conversations/search": {"sort": _SORTED},
    "POST /tickets/search": {"sort": _SORTED},
}
"""Parameters that methods send though the descriptions lack them, by operation."""

PLACEHOLDERS: dict[str, str] = {}
"""Endpoints whose placeholders have other names than in the descriptions."""

ITEM_KEYS: dict[str, str] = {
    "GET /contacts/{contact_id}/companies": "under data, as in the description's own example",
    "GET /contacts/deleted": "described by a page of the reference only",
}
"""Lists whose endpoints stand elsewhere than the descriptions say."""

PAGING: dict[str, str] = {}
"""Lists that go on otherwise than the parameters in their description say, and how that is
known."""

MODELS: dict[str, str] = {
    "GET /custom_object_instances/{custom_object_type_identifier}": "a list from 2.16 on, one "
    "object before",
    "GET /events": "described as the summary that another parameter asks for",
}
"""Answers that are read into something else than what their schema is compared with, and why."""

_CUSTOM = {
    "$.custom_attributes.": "described as text alone; numbers and truth values work, as in the "
    "description's own example",
}

_TOKEN = "the token names the app; not known to be needed beside it"

_OVERLAP = {
    "is valid under each of": "kinds of bodies are described as if none could be another one, too",
}

GONE: dict[str, str] = {
    "GET /ip_allowlist": "Preview's description has none of it; nothing says that it was removed",
    "PUT /ip_allowlist": "as above",
    "GET /contacts/deleted": "a page of the reference has it in 2.17 and Preview",
}
"""Operations that a later description lacks, and why they are asked for all the same."""

REFUSED: dict[str, dict[str, str]] = {
    "*": {"is not one of ['preview']": "some operations describe the version in lower case"},
    "POST /ecommerce/connectors/{id}/catalog": {
        "$.part_number: '1' is not of type": "a form has texts alone",
    },
    "GET /custom_object_instances/{custom_object_type_identifier}": {
        "Missing required query parameter: external_id": "a list from 2.16 on, one object before",
    },
    "GET /download/reporting_data/{job_identifier}": {
        "Missing required query parameter: app_id": _TOKEN,
        "Missing required query parameter: job_identifier": "the path says it",
    },
    "GET /events": {
        "Missing required query parameter: filter": "its keys are sent, of which there is one",
    },
    "GET /export/reporting_data/{job_identifier}": {
        "Missing required query parameter: app_id": _TOKEN,
        "Missing required query parameter: client_id": _TOKEN,
    },
    "POST /companies": _CUSTOM,
    "POST /conversations": {
        "$.from.id: ": "described as a UUID; contacts have ids of 24 hexadecimal digits",
    },
    "POST /messages": {"$.message_type: 'whatsapp' is not one of": "from 2.16 on"},
    "POST /phone_call_redirects": _CUSTOM,
    "POST /tags": _OVERLAP,
    "PUT /companies/{company_id}": _CUSTOM,
    "PUT /conversations/{conversation_id}": _CUSTOM,
    "PUT /data_attributes/{data_attribute_id}": _OVERLAP,
    "PUT /visitors": _CUSTOM,
}
"""What the server made from the descriptions has against requests that the API takes, and why it
takes them, by operation and by words of the refusal."""
