"""Settings of a workspace: brands, macros, segments, office hours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from intercom_async.fields import (
    ExceptionFields,
    IntervalFields,
    Moment,
    NewException,
    ScheduleFields,
)
from intercom_async.models import (
    Brand,
    DeletedObject,
    EmailSetting,
    IpAllowlist as IpAllowlistModel,
    Macro,
    OfficeHoursException,
    OfficeHoursSchedule,
    Segment,
    SegmentPage,
    SubscriptionType,
    WorkflowExport,
)
from ._base import EndpointBuilder, Id, Page, Pager, Resource
from ._request_bodies import check_day
from ._validation import given

BRANDS = EndpointBuilder("/brands", "brands", since="2.15")
EMAILS = EndpointBuilder("/emails", "emails", since="2.15")
IP_ALLOWLIST = EndpointBuilder("/ip_allowlist", "ip-allowlist")
MACROS = EndpointBuilder("/macros", "macros", since="2.16")
SEGMENTS = EndpointBuilder("/segments", "segments")
SUBSCRIPTIONS = EndpointBuilder("/subscription_types", "subscription-types")
WORKFLOWS = EndpointBuilder("/export/workflows", "workflows", since="2.15")
OFFICE_HOURS = EndpointBuilder("/office_hours_schedules", "office-hours", since="2.16")
DAYS = EndpointBuilder(
    "/office_hours_schedules/{office_hours_schedule_id}/office_hours_exceptions",
    "office-hours",
    since="2.16",
)


class Brands(Resource):
    """Brands of a workspace, each with a help center and a sender address."""

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
        """Change the list, or whether it is enforced, and return it.

        Args:
            ip_allowlist: The whole list: single addresses, and ranges in CIDR notation.

        Raises:
            UnprocessableError: It would shut out the caller.
        """
        json = given(enabled=enabled, ip_allowlist=ip_allowlist)
        return await self._send(self.UPDATE, json=json)


class Macros(Resource):
    """Macros that the token's teammate may see; others are not found."""

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
    """Segments; see `contacts.segments` and `companies.find` for their members."""

    LIST = SEGMENTS.get("", SegmentPage[Segment], "listsegments")
    GET = SEGMENTS.get("/{segment_id}", Segment, "retrievesegment")

    def list(self, *, include_count: bool | None = None) -> Pager[Segment]:
        """List all segments, if asked with how many are in each; one answer holds them all."""
        return self._list(self.LIST, include_count=include_count)

    async def get(self, segment_id: Id) -> Segment:
        """Return one segment."""
        return await self._send(self.GET, segment_id)


class SubscriptionTypes(Resource):
    """Subscription types; a contact's choices are listed by `contacts.subscriptions`."""

    LIST = SUBSCRIPTIONS.get("", Page[SubscriptionType], "listsubscriptiontypes")

    def list(self) -> Pager[SubscriptionType]:
        """List all kinds; one answer holds them all."""
        return self._list(self.LIST)


class Workflows(Resource):
    """Workflows, by id; the API has no list of them."""

    EXPORT = WORKFLOWS.get("/{id}", WorkflowExport, "exportworkflow")

    async def export(self, workflow_id: Id) -> WorkflowExport:
        """Return a whole workflow: steps, targeting, attributes.

        Raises:
            ForbiddenError: The workspace's plan does not have this.
        """
        return await self._send(self.EXPORT, workflow_id)


class OfficeHours(Resource):
    """Schedules of office hours and their exceptions."""

    GET_EXCEPTION = DAYS.get("/{id}", OfficeHoursException, "getofficehoursexception")
    UPDATE_EXCEPTION = DAYS.update(
        "/{id}", OfficeHoursException, "updateofficehoursexception", body=ExceptionFields
    )
    DELETE_EXCEPTION = DAYS.delete("/{id}", DeletedObject, "deleteofficehoursexception")
    LIST_EXCEPTIONS = DAYS.get("", Page[OfficeHoursException], "listofficehoursexceptions")
    CREATE_EXCEPTION = DAYS.post(
        "", OfficeHoursException, "createofficehoursexception", body=NewException
    )
    GET = OFFICE_HOURS.get("/{id}", OfficeHoursSchedule, "getofficehoursschedule")
    UPDATE = OFFICE_HOURS.update(
        "/{id}", OfficeHoursSchedule, "updateofficehoursschedule", body=ScheduleFields
    )
    DELETE = OFFICE_HOURS.delete("/{id}", DeletedObject, "deleteofficehoursschedule")
    LIST = OFFICE_HOURS.get("", Page[OfficeHoursSchedule], "listofficehoursschedules")
    CREATE = OFFICE_HOURS.post("", OfficeHoursSchedule, "createofficehoursschedule")

    async def get_exception(self, *, schedule_id: Id, exception_id: Id) -> OfficeHoursException:
        """Return one exception."""
        return await self._send(self.GET_EXCEPTION, schedule_id, exception_id)

    async def update_exception(
        self, *, schedule_id: Id, exception_id: Id, **fields: Unpack[ExceptionFields]
    ) -> OfficeHoursException:
        """Change the given fields and return the whole exception."""
        check_day(fields)
        return await self._send(self.UPDATE_EXCEPTION, schedule_id, exception_id, fields=fields)

    async def delete_exception(self, *, schedule_id: Id, exception_id: Id) -> DeletedObject:
        """Delete an exception; the usual hours apply on that day."""
        return await self._send(self.DELETE_EXCEPTION, schedule_id, exception_id)

    def list_exceptions(self, schedule_id: Id) -> Pager[OfficeHoursException]:
        """List all exceptions of a schedule, in one answer."""
        return self._list(self.LIST_EXCEPTIONS, schedule_id)

    async def create_exception(
        self, schedule_id: Id, **fields: Unpack[NewException]
    ) -> OfficeHoursException:
        """Close a day or give it hours of its own, and return the exception."""
        check_day(fields)
        return await self._send(self.CREATE_EXCEPTION, schedule_id, fields=fields)

    async def get(self, schedule_id: Id) -> OfficeHoursSchedule:
        """Return one schedule."""
        return await self._send(self.GET, schedule_id)

    async def update(
        self, schedule_id: Id, **fields: Unpack[ScheduleFields]
    ) -> OfficeHoursSchedule:
        """Change the given fields and return the whole schedule."""
        return await self._send(self.UPDATE, schedule_id, fields=fields)

    async def delete(self, schedule_id: Id) -> DeletedObject:
        """Delete a schedule."""
        return await self._send(self.DELETE, schedule_id)

    def list(self) -> Pager[OfficeHoursSchedule]:
        """List all schedules, in one answer."""
        return self._list(self.LIST)

    async def create(
        self, *, name: str, time_zone_name: str, time_intervals: Sequence[IntervalFields]
    ) -> OfficeHoursSchedule:
        """Create a schedule, by the IANA name of its time zone, and return it."""
        return await self._send(
            self.CREATE, name=name, time_zone_name=time_zone_name, time_intervals=time_intervals
        )
