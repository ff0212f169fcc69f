"""Data connectors: requests that Intercom makes to other services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Unpack

from intercom_async.models import ConnectorExecution, DataConnector, DeletedObject, Page
from intercom_async.operation import Operation, Paging
from intercom_async.pager import Pager

from .base import Id, Moment, Resource, check_per_page
from .values import to_parameter


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


class DataConnectorOptions(TypedDict, total=False):
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


class DataConnectorFields(DataConnectorOptions, total=False):
    """Writable fields of a connector; a key left out keeps its value."""

    name: str
    state: Literal["draft", "live"] | str


class DataConnectors(Resource):
    """Data connectors and what became of their requests."""

    LIST = Operation(
        "GET", "/data_connectors", Page[DataConnector], paging=Paging.CURSOR_QUERY, since="2.16"
    )
    CREATE = Operation(
        "POST", "/data_connectors", DataConnector, since="2.16", body=DataConnectorOptions
    )
    GET = Operation("GET", "/data_connectors/{id}", DataConnector, since="2.16")
    UPDATE = Operation(
        "PATCH",
        "/data_connectors/{id}",
        DataConnector,
        repeat="idempotent",
        since="2.16",
        body=DataConnectorFields,
    )
    DELETE = Operation("DELETE", "/data_connectors/{id}", DeletedObject, since="2.16")
    LIST_EXECUTIONS = Operation(
        "GET",
        "/data_connectors/{data_connector_id}/execution_results",
        Page[ConnectorExecution],
        paging=Paging.CURSOR_QUERY,
        since="2.16",
    )
    GET_EXECUTION = Operation(
        "GET",
        "/data_connectors/{data_connector_id}/execution_results/{id}",
        ConnectorExecution,
        since="2.16",
    )

    def list(self, *, per_page: int | None = None) -> Pager[DataConnector]:
        """List all connectors, the last changed first, at most 50 a page.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-connectors/listdataconnectors
        """
        return self._list(self.LIST, query={"per_page": check_per_page(per_page)})

    async def create(self, *, name: str, **fields: Unpack[DataConnectorOptions]) -> DataConnector:
        """Create a connector and return it; it is a draft until `update` sets it live.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-connectors/createdataconnector
        """
        return await self._send(self.CREATE, json={"name": name, **self.CREATE.fields(fields)})

    async def get(
        self, connector_id: Id, *, state_version: Literal["draft", "live"] | str | None = None
    ) -> DataConnector:
        """Return one connector in full, as it is live unless its draft is asked for.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-connectors/retrievedataconnector
        """
        return await self._send(self.GET, query={"state_version": state_version}, id=connector_id)

    async def update(
        self, connector_id: Id, **fields: Unpack[DataConnectorFields]
    ) -> DataConnector:
        """Change the given fields, always by PATCH, and return the whole connector.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-connectors/updatedataconnector
        """
        return await self._send(self.UPDATE, fields=fields, id=connector_id)

    async def delete(self, connector_id: Id) -> DeletedObject:
        """Delete a connector.

        Raises:
            ConflictError: It is live, or something uses it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-connectors/deletedataconnector
        """
        return await self._send(self.DELETE, id=connector_id)

    def list_executions(
        self,
        connector_id: Id,
        *,
        start_ts: Moment | None = None,
        end_ts: Moment | None = None,
        success: bool | None = None,
        error_type: str | None = None,
        include_bodies: bool | None = None,
        per_page: int | None = None,
    ) -> Pager[ConnectorExecution]:
        """List what became of a connector's requests, those of the last hour if no time is given.

        Args:
            connector_id: The connector.
            start_ts: From when on.
            end_ts: Until when.
            success: Only those that went well, or badly.
            error_type: Only those that failed in this way, such as ``3rd_party_error``.
            include_bodies: Whether to send what was asked and answered.
            per_page: At most 30; ten if left out.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-connectors/listdataconnectorexecutionresults
        """
        query = {
            "start_ts": to_parameter("start_ts", start_ts),
            "end_ts": to_parameter("end_ts", end_ts),
            "success": success,
            "error_type": error_type,
            "include_bodies": include_bodies,
            "per_page": check_per_page(per_page),
        }
        return self._list(self.LIST_EXECUTIONS, query=query, data_connector_id=connector_id)

    async def get_execution(self, *, connector_id: Id, execution_id: Id) -> ConnectorExecution:
        """Return what became of one request, with what was asked and answered.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/data-connectors/showdataconnectorexecutionresult
        """
        return await self._send(self.GET_EXECUTION, data_connector_id=connector_id, id=execution_id)
