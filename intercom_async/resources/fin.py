"""Fin: conversations from elsewhere, external content and data connectors."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Any, Literal, Unpack

from intercom_async.errors import ConfigError
from intercom_async.fields import (
    AgentInput,
    ConnectorFields,
    ConnectorOptions,
    ExecutionFilters,
    ExternalPageChanges,
    FinAsk,
    FinReply,
    FinRun,
    FinScore,
    FinStart,
    FinUser,
    NewExternalPage,
    NewSource,
    SourceChanges,
)
from intercom_async.models import (
    ConnectorExecution,
    ContentImportSource,
    DataConnector,
    DeletedObject,
    ExternalPage,
    FinCapabilities,
    FinRating,
    FinTurn,
)
from ._base import EndpointBuilder, Id, Page, Pager, Resource
from ._request_bodies import fin_message, fin_run, fin_start
from ._validation import check_several, given, needed, to_ids

API = EndpointBuilder("/fin", "fin-agent")
PREVIEW = API.since("Preview")
PROCEDURES = EndpointBuilder("/procedures", "procedures", since="Preview")
SOURCES = EndpointBuilder("/ai/content_import_sources", "ai-content")
PAGES = EndpointBuilder("/ai/external_pages", "ai-content")
CONNECTORS = EndpointBuilder("/data_connectors", "data-connectors", since="2.16")


class Fin(Resource):
    """Conversations with Fin under ids of your own; access is agreed with Intercom."""

    CAPABILITIES = PREVIEW.post(
        "/capabilities", FinCapabilities, "listfincapabilities", repeat="safe"
    )
    ASK = PREVIEW.post("/ask", FinTurn, "askfin", body=FinAsk)
    RUN_PROCEDURE = PREVIEW.post(
        "/procedures/{procedure_id}/run", FinTurn, "runfinprocedure", body=FinRun
    )
    ESCALATE = PREVIEW.post("/escalate", FinTurn, "escalatefinconversation")
    # A step that has its input refuses another one (409).
    COLLECT_AGENT_INPUT = PROCEDURES.idempotent_post(
        "/{conversation_id}/collect_agent_input", dict[str, Any], "collectprocedureagentinput"
    )
    START = API.post("/start", FinTurn, "startfinconversation", body=FinStart)
    REPLY = API.post("/reply", FinTurn, "replytofin", body=FinReply)
    # The same rating again changes nothing.
    RATE = API.idempotent_post("/csat", FinRating, "submitfincsat")

    async def capabilities(self, user: FinUser) -> FinCapabilities:
        """Return what Fin can do for a user."""
        return await self._send(self.CAPABILITIES, json=needed(user=user))

    async def ask(self, conversation_id: str, **fields: Unpack[FinAsk]) -> FinTurn:
        """Ask Fin one question under your own id; the answer arrives by webhook or stream."""
        body = fin_start(conversation_id, self.ASK.fields(fields))
        return await self._send(self.ASK, json=body)

    async def run_procedure(
        self, procedure_id: Id, *, conversation_id: str, user: FinUser, **fields: Unpack[FinRun]
    ) -> FinTurn:
        """Run a procedure in a new conversation and return where it stands."""
        body = fin_run(conversation_id, {**needed(user=user), **self.RUN_PROCEDURE.fields(fields)})
        return await self._send(self.RUN_PROCEDURE, procedure_id, json=body)

    async def escalate(
        self,
        conversation_id: str | None = None,
        *,
        user: FinUser | None = None,
        message: str | None = None,
        context: str | None = None,
    ) -> FinTurn:
        """Escalate a conversation, or a user without one, to a teammate; give exactly one.

        Args:
            message: The first message in the name of the user, who sees it.
            context: A note for the teammate, which the user does not see.
        """
        if (conversation_id is None) == (user is None):
            raise ConfigError("escalate takes one of conversation_id and user")
        whose = to_ids(**given(conversation_id=conversation_id))
        json = {**whose, **given(user=user, message=message, context=context)}
        return await self._send(self.ESCALATE, json=json)

    async def collect_agent_input(
        self, conversation_id: Id, *, step_id: Id, attribute_values: Sequence[AgentInput]
    ) -> None:
        """Provide the input that a procedure has asked for by webhook.

        Raises:
            ConflictError: It has that already.
        """
        values = check_several("attribute_values", attribute_values, least=1)
        json = {**to_ids(step_id=step_id), "attribute_values": values}
        await self._send(self.COLLECT_AGENT_INPUT, conversation_id, json=json)

    async def start(self, conversation_id: str, **fields: Unpack[FinStart]) -> FinTurn:
        """Start Fin in a conversation and return its state."""
        body = fin_start(conversation_id, self.START.fields(fields))
        return await self._send(self.START, json=body)

    async def reply(self, conversation_id: str, **fields: Unpack[FinReply]) -> FinTurn:
        """Answer Fin when it waits for a reply, and return the state of the conversation."""
        body = self.REPLY.fields(fields)
        message = fin_message("message", body.pop("message"))
        key = to_ids(conversation_id=conversation_id)
        return await self._send(self.REPLY, json=key, message=message, **body)

    async def rate(
        self, conversation_id: str, *, rating: FinScore, remark: str | None = None
    ) -> FinRating:
        """Submit a user's rating of a conversation and return the confirmation.

        Another rating takes the place of this one until a remark has been made; then it is final.
        """
        key = to_ids(conversation_id=conversation_id)
        return await self._send(self.RATE, json=key, rating=rating, remark=remark)


class AiContent(Resource):
    """External pages and their sources; lists have 50 a page by default."""

    LIST_SOURCES = SOURCES.pages("", Page[ContentImportSource], "listcontentimportsources")
    CREATE_SOURCE = SOURCES.post(
        "", ContentImportSource, "createcontentimportsource", body=NewSource
    )
    GET_SOURCE = SOURCES.get("/{source_id}", ContentImportSource, "getcontentimportsource")
    UPDATE_SOURCE = SOURCES.put(
        "/{source_id}", ContentImportSource, "updatecontentimportsource", body=SourceChanges
    )
    DELETE_SOURCE = SOURCES.delete("/{source_id}", NoneType, "deletecontentimportsource")
    LIST_PAGES = PAGES.pages("", Page[ExternalPage], "listexternalpages")
    # A page is known by its source and its external id: sent twice, there is one.
    CREATE_PAGE = PAGES.idempotent_post(
        "", ExternalPage, "createexternalpage", body=NewExternalPage
    )
    GET_PAGE = PAGES.get("/{page_id}", ExternalPage, "getexternalpage")
    UPDATE_PAGE = PAGES.put(
        "/{page_id}", ExternalPage, "updateexternalpage", body=ExternalPageChanges
    )
    DELETE_PAGE = PAGES.delete("/{page_id}", ExternalPage, "deleteexternalpage")

    def list_sources(self, *, per_page: int | None = None) -> Pager[ContentImportSource]:
        """List all sources."""
        return self._list(self.LIST_SOURCES, per_page=per_page)

    async def create_source(self, **fields: Unpack[NewSource]) -> ContentImportSource:
        """Create a source and return it."""
        source = given(**{"sync_behavior": "api", **fields})
        return await self._send(self.CREATE_SOURCE, fields=source)

    async def get_source(self, source_id: Id) -> ContentImportSource:
        """Return one source."""
        return await self._send(self.GET_SOURCE, source_id)

    async def update_source(
        self, source_id: Id, **fields: Unpack[SourceChanges]
    ) -> ContentImportSource:
        """Update a source and return it; `url` and `sync_behavior` are always required."""
        return await self._send(self.UPDATE_SOURCE, source_id, fields=given(**fields))

    async def delete_source(self, source_id: Id) -> None:
        """Delete a source and every page that came from it."""
        await self._send(self.DELETE_SOURCE, source_id)

    def list_pages(self, *, per_page: int | None = None) -> Pager[ExternalPage]:
        """List all external pages."""
        return self._list(self.LIST_PAGES, per_page=per_page)

    async def create_page(self, **fields: Unpack[NewExternalPage]) -> ExternalPage:
        """Create a page, or overwrite the one with this source and external id, and return it."""
        page = given(**{"locale": "en", **fields})
        return await self._send(self.CREATE_PAGE, fields=page)

    async def get_page(self, page_id: Id) -> ExternalPage:
        """Return one external page."""
        return await self._send(self.GET_PAGE, page_id)

    async def update_page(self, page_id: Id, **fields: Unpack[ExternalPageChanges]) -> ExternalPage:
        """Replace a page and return it; its required fields are always required."""
        page = given(**{"locale": "en", **fields})
        return await self._send(self.UPDATE_PAGE, page_id, fields=page)

    async def delete_page(self, page_id: Id) -> ExternalPage:
        """Delete a page, so that Fin no longer answers from it, and return it."""
        return await self._send(self.DELETE_PAGE, page_id)


class DataConnectors(Resource):
    """Data connectors and the results of their requests."""

    LIST = CONNECTORS.cursor("", Page[DataConnector], "listdataconnectors")
    CREATE = CONNECTORS.post("", DataConnector, "createdataconnector", body=ConnectorOptions)
    GET = CONNECTORS.get("/{id}", DataConnector, "retrievedataconnector")
    UPDATE = CONNECTORS.patch("/{id}", DataConnector, "updatedataconnector", body=ConnectorFields)
    DELETE = CONNECTORS.delete("/{id}", DeletedObject, "deletedataconnector")
    LIST_EXECUTIONS = CONNECTORS.cursor(
        "/{data_connector_id}/execution_results",
        Page[ConnectorExecution],
        "listdataconnectorexecutionresults",
        body=ExecutionFilters,
    )
    GET_EXECUTION = CONNECTORS.get(
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
        """Return one connector, its live version by default."""
        return await self._send(self.GET, connector_id, state_version=state_version)

    async def update(self, connector_id: Id, **fields: Unpack[ConnectorFields]) -> DataConnector:
        """Change the given fields, always by PATCH, and return the whole connector.

        Raises:
            ConflictError: It is to be a draft, and something uses it.
        """
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
        """List the results of a connector's requests; by default of the last hour."""
        return self._list(self.LIST_EXECUTIONS, connector_id, fields=filters)

    async def get_execution(self, *, connector_id: Id, execution_id: Id) -> ConnectorExecution:
        """Return the result of one request, with request and response."""
        return await self._send(self.GET_EXECUTION, connector_id, execution_id)
