"""Office hours: when teammates are there, and the days on which that differs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

from intercom_async.errors import ConfigError
from intercom_async.fields import ExceptionFields, IntervalFields, NewException, ScheduleFields
from intercom_async.models import DeletedObject, OfficeHoursException, OfficeHoursSchedule

from .base import Id, Page, Pager, Resource, Rows

API = Rows("/office_hours_schedules", "office-hours", since="2.16")
DAYS = Rows(
    "/office_hours_schedules/{office_hours_schedule_id}/office_hours_exceptions",
    "office-hours",
    since="2.16",
)


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
    GET = API.get("/{id}", OfficeHoursSchedule, "getofficehoursschedule")
    UPDATE = API.update(
        "/{id}", OfficeHoursSchedule, "updateofficehoursschedule", body=ScheduleFields
    )
    DELETE = API.delete("/{id}", DeletedObject, "deleteofficehoursschedule")
    LIST = API.get("", Page[OfficeHoursSchedule], "listofficehoursschedules")
    CREATE = API.post("", OfficeHoursSchedule, "createofficehoursschedule")

    async def get_exception(self, *, schedule_id: Id, exception_id: Id) -> OfficeHoursException:
        """Return one exception."""
        return await self._send(self.GET_EXCEPTION, schedule_id, exception_id)

    async def update_exception(
        self, *, schedule_id: Id, exception_id: Id, **fields: Unpack[ExceptionFields]
    ) -> OfficeHoursException:
        """Change the given fields and return the whole exception."""
        _check_day(fields)
        return await self._send(self.UPDATE_EXCEPTION, schedule_id, exception_id, fields=fields)

    async def delete_exception(self, *, schedule_id: Id, exception_id: Id) -> DeletedObject:
        """Delete an exception: on that day the usual hours hold again."""
        return await self._send(self.DELETE_EXCEPTION, schedule_id, exception_id)

    def list_exceptions(self, schedule_id: Id) -> Pager[OfficeHoursException]:
        """List all exceptions of a schedule, in one answer."""
        return self._list(self.LIST_EXCEPTIONS, schedule_id)

    async def create_exception(
        self, schedule_id: Id, **fields: Unpack[NewException]
    ) -> OfficeHoursException:
        """Close a day or give it hours of its own, and return the exception."""
        _check_day(fields)
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


def _check_day(fields: NewException | ExceptionFields) -> None:
    """Make sure that a day is one.

    Raises:
        ConfigError: It has a time, which would be sent as UNIX seconds.
    """
    if isinstance(fields.get("exception_date"), datetime):
        raise ConfigError("exception_date is a day, not a moment; give a date, such as .date()")
