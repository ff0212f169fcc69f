"""What a workspace has set up, mostly to be read."""

from __future__ import annotations

from collections.abc import Sequence

from intercom_async.fields import Moment
from intercom_async.models import (
    Brand,
    EmailSetting,
    IpAllowlist as IpAllowlistModel,
    Macro,
    Segment,
    SegmentPage,
    SubscriptionType,
    WorkflowExport,
)

from .base import Id, Page, Pager, Resource, Rows
from .values import given

BRANDS = Rows("/brands", "brands", since="2.15")
EMAILS = Rows("/emails", "emails", since="2.15")
IP_ALLOWLIST = Rows("/ip_allowlist", "ip-allowlist")
MACROS = Rows("/macros", "macros", since="2.16")
SEGMENTS = Rows("/segments", "segments")
SUBSCRIPTIONS = Rows("/subscription_types", "subscription-types")
WORKFLOWS = Rows("/export/workflows", "workflows", since="2.15")


class Brands(Resource):
    """Brands."""

    LIST = BRANDS.get("", Page[Brand], "listbrands")
    GET = BRANDS.get("/{id}", Brand, "retrievebrand")

    def list(self) -> Pager[Brand]:
        """List all brands, the default one too, in one answer."""
        return self._list(self.LIST)

    async def get(self, brand_id: Id) -> Brand:
        """Return one brand."""
        return await self._send(self.GET, brand_id)


class Emails(Resource):
    """Settings of sender addresses."""

    LIST = EMAILS.get("", Page[EmailSetting], "listemails")
    GET = EMAILS.get("/{id}", EmailSetting, "retrieveemail")

    def list(self) -> Pager[EmailSetting]:
        """List the settings of all addresses, in one answer."""
        return self._list(self.LIST)

    async def get(self, email_id: Id) -> EmailSetting:
        """Return the settings of one address."""
        return await self._send(self.GET, email_id)


class IpAllowlist(Resource):
    """The list of allowed addresses, and whether it is enforced."""

    GET = IP_ALLOWLIST.get("", IpAllowlistModel, "getipallowlist")
    UPDATE = IP_ALLOWLIST.put("", IpAllowlistModel, "updateipallowlist")

    async def get(self) -> IpAllowlistModel:
        """Return the list."""
        return await self._send(self.GET)

    async def update(
        self, *, enabled: bool | None = None, ip_allowlist: Sequence[str] | None = None
    ) -> IpAllowlistModel:
        """Change the list, or whether other addresses are shut out, and return it.

        Args:
            ip_allowlist: The whole list: single addresses, and ranges in CIDR notation.

        Raises:
            UnprocessableError: It would shut out the caller.
        """
        json = given(enabled=enabled, ip_allowlist=ip_allowlist)
        return await self._send(self.UPDATE, json=json)


class Macros(Resource):
    """Macros, as far as the token's teammate may see them; others are not found."""

    GET = MACROS.get("/{id}", Macro, "getmacro")
    LIST = MACROS.cursor("", Page[Macro], "listmacros")

    async def get(self, macro_id: Id) -> Macro:
        """Return one macro."""
        return await self._send(self.GET, macro_id)

    def list(
        self, *, updated_since: Moment | None = None, per_page: int | None = None
    ) -> Pager[Macro]:
        """List macros, the last changed first, at most 150 a page; 50 if left out."""
        return self._list(self.LIST, updated_since=updated_since, per_page=per_page)


class Segments(Resource):
    """Segments; to know who is in one, ask `contacts.segments` or `companies.find`."""

    LIST = SEGMENTS.get("", SegmentPage[Segment], "listsegments")
    GET = SEGMENTS.get("/{segment_id}", Segment, "retrievesegment")

    def list(self, *, include_count: bool | None = None) -> Pager[Segment]:
        """List all segments, if asked with how many are in each; one answer holds them all."""
        return self._list(self.LIST, include_count=include_count)

    async def get(self, segment_id: Id) -> Segment:
        """Return one segment."""
        return await self._send(self.GET, segment_id)


class SubscriptionTypes(Resource):
    """Kinds of messages; what a contact decided about them is at `contacts.subscriptions`."""

    LIST = SUBSCRIPTIONS.get("", Page[SubscriptionType], "listsubscriptiontypes")

    def list(self) -> Pager[SubscriptionType]:
        """List all kinds; one answer holds them all."""
        return self._list(self.LIST)


class Workflows(Resource):
    """Workflows."""

    EXPORT = WORKFLOWS.get("/{id}", WorkflowExport, "exportworkflow")

    async def export(self, workflow_id: Id) -> WorkflowExport:
        """Return all that makes up a workflow: steps, targeting, attributes.

        Raises:
            ForbiddenError: The workspace's plan does not have this.
        """
        return await self._send(self.EXPORT, workflow_id)
