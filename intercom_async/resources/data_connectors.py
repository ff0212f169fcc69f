"""Data connectors: requests that Intercom makes to other services."""

from __future__ import annotations

from typing import Literal, Unpack

from intercom_async.fields import ConnectorFields, ConnectorOptions, ExecutionFilters
from intercom_async.models import ConnectorExecution, DataConnector, DeletedObject

from .base import Id, Page, Pager, Resource, Rows

API = Rows("/data_connectors", "data-connectors", since="2.16")


class DataConnectors(Resource):
    """Data connectors and what became of their requests."""

    LIST = API.cursor("", Page[DataConnector], "listdataconnectors")
    CREATE = API.post("", DataConnector, "createdataconnector", body=ConnectorOptions)
    GET = API.get("/{id}", DataConnector, "retrievedataconnector")
    UPDATE = API.patch("/{id}", DataConnector, "updatedataconnector", body=ConnectorFields)
    DELETE = API.delete("/{id}", DeletedObject, "deletedataconnector")
    LIST_EXECUTIONS = API.cursor(
        "/{data_connector_id}/execution_results",
        Page[ConnectorExecution],
        "listdataconnectorexecutionresults",
        body=ExecutionFilters,
    )
    GET_EXECUTION = API.get(
        "/{data_connector_id}/execution_results/{id}",
        ConnectorExecution,
        "showdataconnectorexecutionresult",
    )

    def list(self, *, per_page: int | None = None) -> Pager[DataConnector]:
        """List all connectors, the last changed first, at most 50 a page."""
        return self._list(self.LIST, per_page=per_page)

    async def create(self, *, name: str, **fields: Unpack[ConnectorOptions]) -> DataConnector:
        """Create a connector and return it; it is a draft until `update` sets it live."""
        return await self._send(self.CREATE, fields=fields, name=name)

    async def get(
        self, connector_id: Id, *, state_version: Literal["draft", "live"] | str | None = None
    ) -> DataConnector:
        """Return one connector in full, as it is live unless its draft is asked for."""
        return await self._send(self.GET, connector_id, state_version=state_version)

    async def update(self, connector_id: Id, **fields: Unpack[ConnectorFields]) -> DataConnector:
        """Change the given fields, always by PATCH, and return the whole connector."""
        return await self._send(self.UPDATE, connector_id, fields=fields)

    async def delete(self, connector_id: Id) -> DeletedObject:
        """Delete a connector.

        Raises:
            ConflictError: It is live, or something uses it.
        """
        return await self._send(self.DELETE, connector_id)

    def list_executions(
        self, connector_id: Id, **filters: Unpack[ExecutionFilters]
    ) -> Pager[ConnectorExecution]:
        """List what became of a connector's requests, of the last hour if no time is given."""
        return self._list(self.LIST_EXECUTIONS, connector_id, fields=filters)

    async def get_execution(self, *, connector_id: Id, execution_id: Id) -> ConnectorExecution:
        """Return what became of one request, with what was asked and answered."""
        return await self._send(self.GET_EXECUTION, connector_id, execution_id)
