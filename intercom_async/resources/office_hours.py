"""Office hours: when teammates are there, and the days on which that differs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, TypedDict, Unpack

from intercom_async.errors import ConfigError
from intercom_async.models import (
    DeletedObject,
    OfficeHoursException,
    OfficeHoursSchedule,
    Page,
)
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Id, Resource

_SCHEDULES = "/office_hours_schedules"
_EXCEPTIONS = "/office_hours_schedules/{office_hours_schedule_id}/office_hours_exceptions"


class IntervalFields(TypedDict, total=False):
    """A time at which teammates are there, in quarters of an hour."""

    start_minute: int
    """Minutes after Monday's midnight, 0 to 10,080; in an exception after that day's, to 1,440."""
    end_minute: int


class ScheduleFields(TypedDict, total=False):
    """Writable fields of a schedule; a key left out keeps its value."""

    name: str
    time_zone_name: str
    """An IANA name, such as ``Europe/Dublin``."""
    time_intervals: Sequence[IntervalFields]


class ExceptionOptions(TypedDict, total=False):
    """What an exception may have beside its day and kind."""

    name: str
    time_intervals: Sequence[IntervalFields] | None
    """Required where the kind is ``custom_hours``."""
    recurring_annually: bool


class ExceptionFields(ExceptionOptions, total=False):
    """Writable fields of an exception; a key left out keeps its value."""

    exception_date: date | str
    """A day without a time."""
    exception_type: Literal["closed", "custom_hours"] | str


class OfficeHours(Resource):
    """Schedules of office hours and their exceptions."""

    GET_EXCEPTION = Operation("GET", f"{_EXCEPTIONS}/{{id}}", OfficeHoursException, since="2.16")
    UPDATE_EXCEPTION = Operation(
        "PUT",
        f"{_EXCEPTIONS}/{{id}}",
        OfficeHoursException,
        since="2.16",
        body=ExceptionFields,
        updates=True,
    )
    DELETE_EXCEPTION = Operation("DELETE", f"{_EXCEPTIONS}/{{id}}", DeletedObject, since="2.16")
    LIST_EXCEPTIONS = Operation("GET", _EXCEPTIONS, Page[OfficeHoursException], since="2.16")
    CREATE_EXCEPTION = Operation(
        "POST", _EXCEPTIONS, OfficeHoursException, since="2.16", body=ExceptionOptions
    )
    GET = Operation("GET", f"{_SCHEDULES}/{{id}}", OfficeHoursSchedule, since="2.16")
    UPDATE = Operation(
        "PUT",
        f"{_SCHEDULES}/{{id}}",
        OfficeHoursSchedule,
        since="2.16",
        body=ScheduleFields,
        updates=True,
    )
    DELETE = Operation("DELETE", f"{_SCHEDULES}/{{id}}", DeletedObject, since="2.16")
    LIST = Operation("GET", _SCHEDULES, Page[OfficeHoursSchedule], since="2.16")
    CREATE = Operation("POST", _SCHEDULES, OfficeHoursSchedule, since="2.16")

    async def get_exception(self, *, schedule_id: Id, exception_id: Id) -> OfficeHoursException:
        """Return one exception.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/office-hours/getofficehoursexception
        """
        return await self._send(
            self.GET_EXCEPTION, office_hours_schedule_id=schedule_id, id=exception_id
        )

    async def update_exception(
        self, *, schedule_id: Id, exception_id: Id, **fields: Unpack[ExceptionFields]
    ) -> OfficeHoursException:
        """Change the given fields and return the whole exception.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/office-hours/updateofficehoursexception
        """
        if "exception_date" in fields:
            _check_day(fields["exception_date"])
        return await self._send(
            self.UPDATE_EXCEPTION,
            fields=fields,
            office_hours_schedule_id=schedule_id,
            id=exception_id,
        )

    async def delete_exception(self, *, schedule_id: Id, exception_id: Id) -> DeletedObject:
        """Delete an exception: on that day the usual hours hold again.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/office-hours/deleteofficehoursexception
        """
        return await self._send(
            self.DELETE_EXCEPTION, office_hours_schedule_id=schedule_id, id=exception_id
        )

    def list_exceptions(self, schedule_id: Id) -> Pager[OfficeHoursException]:
        """List all exceptions of a schedule, in one answer.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/office-hours/listofficehoursexceptions
        """
        return self._list(self.LIST_EXCEPTIONS, office_hours_schedule_id=schedule_id)

    async def create_exception(
        self,
        schedule_id: Id,
        *,
        exception_date: date | str,
        exception_type: Literal["closed", "custom_hours"] | str,
        **fields: Unpack[ExceptionOptions],
    ) -> OfficeHoursException:
        """Close a day or give it hours of its own, and return the exception.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/office-hours/createofficehoursexception
        """
        json: dict[str, Any] = {
            "exception_date": _check_day(exception_date),
            "exception_type": exception_type,
            **self.CREATE_EXCEPTION.fields(fields),
        }
        return await self._send(
            self.CREATE_EXCEPTION, json=json, office_hours_schedule_id=schedule_id
        )

    async def get(self, schedule_id: Id) -> OfficeHoursSchedule:
        """Return one schedule.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/office-hours/getofficehoursschedule
        """
        return await self._send(self.GET, id=schedule_id)

    async def update(
        self, schedule_id: Id, **fields: Unpack[ScheduleFields]
    ) -> OfficeHoursSchedule:
        """Change the given fields and return the whole schedule.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/office-hours/updateofficehoursschedule
        """
        return await self._send(self.UPDATE, fields=fields, id=schedule_id)

    async def delete(self, schedule_id: Id) -> DeletedObject:
        """Delete a schedule.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/office-hours/deleteofficehoursschedule
        """
        return await self._send(self.DELETE, id=schedule_id)

    def list(self) -> Pager[OfficeHoursSchedule]:
        """List all schedules, in one answer.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/office-hours/listofficehoursschedules
        """
        return self._list(self.LIST)

    async def create(
        self, *, name: str, time_zone_name: str, time_intervals: Sequence[IntervalFields]
    ) -> OfficeHoursSchedule:
        """Create a schedule and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/office-hours/createofficehoursschedule
        """
        json = {
            "name": name,
            "time_zone_name": time_zone_name,
            "time_intervals": time_intervals,
        }
        return await self._send(self.CREATE, json=json)


def _check_day(day: date | str) -> date | str:
    """Return a day.

    Raises:
        ConfigError: It has a time, which would be sent as UNIX seconds.
    """
    if isinstance(day, datetime):
        raise ConfigError("exception_date is a day, not a moment; give a date, such as .date()")
    return day
