"""Fields of data connectors, and what their requests are listed by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from .common import Id, Moment


class ConnectorHeaderFields(TypedDict):
    """A header to be sent along."""

    name: str
    value: str


class ConnectorInputFields(TypedDict, total=False):
    """A value that a request is made with."""

    name: str
    type: Literal["string", "integer", "decimal", "boolean"] | str
    description: str
    required: bool
    default_value: str


class ConnectorOptions(TypedDict, total=False):
    """What a connector may have beside its name."""

    description: str
    http_method: Literal["get", "post", "put", "delete", "patch"] | str
    url: str
    """May have placeholders for inputs, such as ``{{order_id}}``, as `body` may."""
    body: str
    direct_fin_usage: bool
    """Whether Fin uses it by itself; otherwise workflows only do."""
    audiences: Sequence[Literal["leads", "users", "visitors"] | str]
    headers: Sequence[ConnectorHeaderFields]
    data_inputs: Sequence[ConnectorInputFields]
    """All of them: those that were there before are replaced."""
    customer_authentication: bool
    """Whether people must prove who they are before it runs."""
    bypass_authentication: bool
    validate_missing_attributes: bool
    mock_response: Mapping[str, Any]
    """An answer to learn the fields from."""
    token_ids: Sequence[Id]
    """What it signs in with; an empty list takes all away."""


class ConnectorFields(ConnectorOptions, total=False):
    """Writable fields of a connector; a key left out keeps its value."""

    name: str
    state: Literal["draft", "live"] | str


class ExecutionFilters(TypedDict, total=False):
    """Which of a connector's requests are listed."""

    start_ts: Moment | None
    """Beginning of the span; both ends left out mean the last hour."""
    end_ts: Moment | None
    """End of the span."""
    success: bool | None
    """Only those that went well, or badly."""
    error_type: str | None
    """Only those that failed in this way, such as ``3rd_party_error``."""
    include_bodies: bool | None
    """Whether to send what was asked and answered."""
    per_page: int | None
    """At most 30; ten if left out."""
