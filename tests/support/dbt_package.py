"""What Fivetran's dbt package for Intercom reads, by table and column."""

from __future__ import annotations

_HISTORY = {
    "_fivetran_start": "TIMESTAMP",
    "_fivetran_end": "TIMESTAMP",
    "_fivetran_active": "BOOLEAN",
}
_DATED = {"created_at": "TIMESTAMP", "updated_at": "TIMESTAMP"}
_NOW = {"_fivetran_deleted": "BOOLEAN", "_fivetran_synced": "TIMESTAMP"}


def _text(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "VARCHAR")


DBT: dict[str, dict[str, str]] = {
    "admin": _NOW | _text("id", "name", "job_title"),
    "tag": _NOW | _text("id", "name"),
    "team": _NOW | _text("id", "name"),
    "team_admin": _NOW | _text("team_id", "admin_id"),
    "article_history": _HISTORY | _DATED | {"_fivetran_synced": "TIMESTAMP"}
    | _text("id", "collection_id", "section_id", "author_id", "title", "description", "body", "url",
            "type", "state", "parent_type", "default_locale", "workspace_id", "statistics_type")
    | {f"statistics_{name}": "BIGINT" for name in ("views", "conversations", "reactions")}
    | {f"statistics_{name}_reaction_percentage": "DOUBLE" for name in ("happy", "neutral", "sad")},
    "collection_history": _HISTORY | _DATED | {"_fivetran_synced": "TIMESTAMP", "order": "BIGINT"}
    | _text("id", "help_center_id", "parent_id", "name", "description", "url", "icon", "type",
            "default_locale", "workspace_id"),
    "help_center_history": _HISTORY | _DATED
    | {"_fivetran_synced": "TIMESTAMP", "website_turned_on": "BOOLEAN"}
    | _text("id", "display_name", "identifier", "workspace_id"),
    "company_history": _HISTORY | _DATED
    | dict.fromkeys(("user_count", "session_count", "monthly_spend"), "BIGINT")
    | _text("id", "name", "website", "industry", "plan_id", "plan_name"),
    "contact_history": _HISTORY | _DATED | {"unsubscribed_from_emails": "BOOLEAN"}
    | dict.fromkeys(("signed_up_at", "last_replied_at", "last_email_clicked_at",
                     "last_email_opened_at", "last_contacted_at"), "TIMESTAMP")
    | _text("id", "admin_id", "name", "role", "email"),
    "conversation_history": _HISTORY | _DATED
    | {"read": "BOOLEAN", "conversation_rating_value": "BIGINT"}
    | dict.fromkeys(("first_contact_reply_created_at", "waiting_since", "snoozed_until"),
                    "TIMESTAMP")
    | _text("id", "assignee_id", "assignee_type", "conversation_rating_remark",
            "first_contact_reply_type", "source_author_id", "source_author_type", "source_body",
            "source_delivered_as", "source_type", "source_subject", "state", "sla_name",
            "sla_status"),
    "conversation_part_history": _HISTORY | _DATED | {"conversation_updated_at": "TIMESTAMP"}
    | _text("id", "part_type", "body", "conversation_id", "author_id", "author_type",
            "assigned_to_id", "assigned_to_type"),
    "company_tag_history": _HISTORY | {"company_updated_at": "TIMESTAMP"}
    | _text("company_id", "tag_id"),
    "contact_tag_history": _HISTORY | {"contact_updated_at": "TIMESTAMP"}
    | _text("contact_id", "tag_id"),
    "contact_company_history": _HISTORY | {"contact_updated_at": "TIMESTAMP"}
    | _text("contact_id", "company_id"),
    "conversation_tag_history": _HISTORY | {"conversation_updated_at": "TIMESTAMP"}
    | _text("conversation_id", "tag_id"),
    "conversation_contact_history": _HISTORY | {"conversation_updated_at": "TIMESTAMP"}
    | _text("conversation_id", "contact_id"),
}  # fmt: skip
"""What the dbt package for Intercom (1.6, May 2026) reads: it takes NULL for what is not there."""
