"""Data connectors: requests that Intercom makes to other services."""

from __future__ import annotations

from typing import Literal, Unpack

from intercom_async.fields import DataConnectorFields, DataConnectorOptions, ExecutionFilters, Id
from intercom_async.models import ConnectorExecution, DataConnector, DeletedObject, Page
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Resource
from .rows import Rows

api = Rows("/data_connectors", "data-connectors", since="2.16")


class DataConnectors(Resource):
    """Data connectors and what became of their requests."""

    LIST = api.cursor("", Page[DataConnector], "listdataconnectors")
    CREATE = api.post("", DataConnector, "createdataconnector", body=DataConnectorOptions)
    GET = api.get("/{id}", DataConnector, "retrievedataconnector")
    UPDATE = Operation(
        "PATCH",
        "/data_connectors/{id}",
        DataConnector,
        repeat="idempotent",
        since="2.16",
        body=DataConnectorFields,
        reference="data-connectors/updatedataconnector",
    )
    DELETE = api.delete("/{id}", DeletedObject, "deletedataconnector")
    LIST_EXECUTIONS = api.cursor(
        "/{data_connector_id}/execution_results",
        Page[ConnectorExecution],
        "listdataconnectorexecutionresults",
        body=ExecutionFilters,
    )
    GET_EXECUTION = api.get(
        "/{data_connector_id}/execution_results/{id}",
        ConnectorExecution,
        "showdataconnectorexecutionresult",
    )

    def list(self, *, per_page: int | None = None) -> Pager[DataConnector]:
        """List all connectors, the last changed first, at most 50 a page."""
        return self._list(self.LIST, per_page=per_page)

    async def create(self, *, name: str, **fields: Unpack[DataConnectorOptions]) -> DataConnector:
        """Create a connector and return it; it is a draft until `update` sets it live."""
        return await self._send(self.CREATE, fields, name=name)

    async def get(
        self, connector_id: Id, *, state_version: Literal["draft", "live"] | str | None = None
    ) -> DataConnector:
        """Return one connector in full, as it is live unless its draft is asked for."""
        return await self._send(self.GET, id=connector_id, state_version=state_version)

    async def update(
        self, connector_id: Id, **fields: Unpack[DataConnectorFields]
    ) -> DataConnector:
        """Change the given fields, always by PATCH, and return the whole connector."""
        return await self._send(self.UPDATE, fields, id=connector_id)

    async def delete(self, connector_id: Id) -> DeletedObject:
        """Delete a connector.

        Raises:
            ConflictError: It is live, or something uses it.
        """
        return await self._send(self.DELETE, id=connector_id)

    def list_executions(
        self, connector_id: Id, **filters: Unpack[ExecutionFilters]
    ) -> Pager[ConnectorExecution]:
        """List what became of a connector's requests, of the last hour if no time is given."""
        return self._list(self.LIST_EXECUTIONS, filters, data_connector_id=connector_id)

    async def get_execution(self, *, connector_id: Id, execution_id: Id) -> ConnectorExecution:
        """Return what became of one request, with what was asked and answered."""
        return await self._send(self.GET_EXECUTION, data_connector_id=connector_id, id=execution_id)
