"""How the lists without code of their own are cut into pages, and what a missing row is called."""

from __future__ import annotations

from typing import Literal, NamedTuple


class ListRule(NamedTuple):
    """One list's paging."""

    kind: Literal["none", "numbered", "cursor", "top", "next_cursor"] = "none"
    default: int = 50
    high: int = 150
    key: str | None = None


LIST_RULES: dict[str, ListRule] = {
    "/ai/content_import_sources": ListRule("numbered", 50),
    "/ai/external_pages": ListRule("numbered", 50),
    "/help_center/collections": ListRule("numbered", 20),
    "/internal_articles": ListRule("numbered", 25),
    "/news/news_items": ListRule("numbered", 10),
    "/news/newsfeeds": ListRule("numbered", 10),
    "/news/newsfeeds/{}/items": ListRule("numbered", 20),
    "/folders": ListRule("numbered", 50, 150),
    "/macros": ListRule("cursor", 50, 150),
    "/data_connectors": ListRule("cursor", 20, 50),
    "/data_connectors/{}/execution_results": ListRule("cursor", 10, 30),
    "/messages/status": ListRule("cursor", 50, 100, "events"),
    "/conversations/{}/side_conversations": ListRule("numbered", 25, 50, "side_conversations"),
    "/articles/{}/versions": ListRule("numbered", 25),
    "/help_center/help_centers/{}/redirects": ListRule("numbered", 50),
    "/content/search": ListRule("numbered", 10, 50),
    "/audiences": ListRule("top", 50, 50),
    "/content_snippets": ListRule("top", 50),
    "/contacts/{}/merge_history": ListRule("next_cursor", 50, 150),
}

NOT_FOUND_CODES: dict[str, tuple[str, str]] = {
    "/secure_mode_secrets": (
        "identity_verification_secret_not_found",
        "Identity verification secret not found",
    ),
    "/content_snippets": ("content_snippet_not_found", "Content snippet not found"),
    "/data_connectors": ("data_connector_not_found", "Data connector not found"),
    "/data_connectors/{}/execution_results": (
        "execution_result_not_found",
        "Execution result not found",
    ),
    "/conversations/attributes": (
        "conversation_attribute_not_found",
        "Conversation attribute not found",
    ),
    "/internal_articles": ("not_found", "Resource Not Found"),
}
