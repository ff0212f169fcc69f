"""Connectors: requests that Intercom makes to other services."""

from __future__ import annotations

from typing import Any, Literal

from .base import Id, Model


class ConnectorHeader(Model, frozen=True, kw_only=True):
    """A header that is sent along."""

    name: str | None = None
    value: str | None = None


class ConnectorInput(Model, frozen=True, kw_only=True):
    """A value that a request is made with."""

    name: str | None = None
    type: Literal["string", "integer", "decimal", "boolean"] | str | None = None
    description: str | None = None
    required: bool | None = None
    default_value: Any = None


class ConnectorResponseField(Model, frozen=True, kw_only=True):
    """A field of the answer."""

    path: str | None = None
    type: Literal["unknown", "string", "integer", "decimal", "datetime", "boolean"] | str | None = (
        None
    )
    example_value: Any = None
    redacted: bool | None = None


class ConnectorAttributeMapping(Model, frozen=True, kw_only=True):
    """A field of the answer, and the attribute that it fills."""

    response_attribute_path: str | None = None
    intercom_attribute_identifier: str | None = None
    mapping_type: Literal["primitive_mapping", "context_mapping"] | str | None = None


class ConnectorReferenceMapping(Model, frozen=True, kw_only=True):
    """The attribute by which the object to be filled is found."""

    intercom_object_type: Literal["conversation", "user"] | str | None = None
    intercom_attribute_identifier: str | None = None


class ConnectorObjectMapping(Model, frozen=True, kw_only=True):
    """An object of the answer, and the one in Intercom that it fills."""

    response_object_path: str | None = None
    intercom_object_type: Literal["conversation", "user"] | str | None = None
    attribute_mappings: list[ConnectorAttributeMapping] = []
    reference_mappings: list[ConnectorReferenceMapping] = []


class DataConnector(Model, frozen=True, kw_only=True):
    """A request that Intercom can make to another service.

    Lists leave out how it is made. Times are ISO 8601.
    """

    id: str
    type: str | None = None
    name: str | None = None
    description: str | None = None
    state: Literal["draft", "live"] | str | None = None
    http_method: Literal["get", "post", "put", "delete", "patch"] | str | None = None
    direct_fin_usage: bool | None = None
    created_by_admin_id: str | None = None
    updated_by_admin_id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    execution_results_url: str | None = None
    url: str | None = None
    body: str | None = None
    headers: list[ConnectorHeader] | None = None
    audiences: list[Literal["users", "leads", "visitors"] | str] | None = None
    execution_type: Literal["server_side", "client_side"] | str | None = None
    configuration_response_type: (
        Literal["test_response_type", "mock_response_type"] | str | None
    ) = None
    data_transformation_type: (
        Literal["full_access", "redacted_access", "code_block_transformation"] | str | None
    ) = None
    client_function_name: str | None = None
    client_function_timeout_ms: int | None = None
    data_inputs: list[ConnectorInput] | None = None
    response_fields: list[ConnectorResponseField] | None = None
    object_mappings: list[ConnectorObjectMapping] | None = None
    token_ids: list[Id] | None = None
    customer_authentication: bool | None = None
    bypass_authentication: bool | None = None
    validate_missing_attributes: bool | None = None


class ConnectorExecution(Model, frozen=True, kw_only=True):
    """One use of a connector; its moments are texts in ISO 8601.

    Bodies and the address are there if it is read by itself; lists have bodies if asked for them.
    """

    id: str
    type: str | None = None
    data_connector_id: str | None = None
    success: bool | None = None
    http_status: int | None = None
    http_method: Literal["get", "post", "put", "delete", "patch"] | str | None = None
    error_type: (
        Literal[
            "request_configuration_error",
            "faraday_error",
            "3rd_party_error",
            "response_mapping_error",
            "token_refresh_error",
            "fin_action_response_formatting_error",
            "fin_action_identity_verification_error",
            "email_verification_error",
            "non_fin_standalone_action_identity_verification_error",
            "request_validation_error",
            "client_side_action_error",
        ]
        | str
        | None
    ) = None
    error_message: str | None = None
    execution_time_ms: int | None = None
    source_type: (
        Literal[
            "custom_bot",
            "inbound_custom_bot",
            "button_custom_bot",
            "answer",
            "workflow",
            "saved_reply",
            "triggerable_custom_bot",
            "inbox",
            "fin",
        ]
        | str
        | None
    ) = None
    source_id: Id | None = None
    conversation_id: str | None = None
    created_at: str | None = None
    request_url: str | None = None
    request_body: str | None = None
    response_body: str | None = None
    raw_response_body: str | None = None
