"""Events: what contacts did, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, Unpack

from intercom_async.clock import CLOCK
from intercom_async.codec import encode
from intercom_async.errors import ConfigError, ResponseError
from intercom_async.fields import EventFields, EventOwner, Moment
from intercom_async.models import Event, EventPage, EventSummary
from intercom_async.request.operation import Paging
from intercom_async.workflows.bulk import BulkOptions
from intercom_async.workflows.concurrency import Source
from intercom_async.workflows.counted_run import CountedRun
from ._base import EndpointBuilder, Id, Pager, Resource, fill, sends
from ._validation import check_dict, given, needed, take_one, to_id, to_ids

API = EndpointBuilder("/events", "data-events")


class Events(Resource):
    """Data events of contacts."""

    # An event is known by contact, name and moment: sent twice, it is counted once.
    CREATE = API.idempotent_post("", NoneType, "createdataevent", body=EventFields)
    LIST = API.get("", EventPage[Event], "lisdataevents", paging=Paging.LINK, body=EventOwner)
    CREATE_SUMMARY = API.post("/summaries", NoneType, "dataeventsummaries")

    async def create(self, **fields: Unpack[EventFields]) -> None:
        """Record an event of a contact.

        Raises:
            ConfigError: No contact is named.
        """
        event = self._checked(fields)
        if "created_at" not in event:
            event["created_at"] = int(CLOCK.unix())
        await self._send(self.CREATE, json=event)

    def create_many(
        self,
        events: Source[EventFields],
        *,
        on_refused: Callable[[EventFields, ResponseError], None] | None = None,
        **options: Unpack[BulkOptions],
    ) -> CountedRun[EventFields]:
        """Send events concurrently: awaited, return how many were accepted, else iterate over.

        An event without `created_at` gets the time at which it is sent; one contact's events
        of one name in one second are one event, so set `created_at` where that matters.

        Args:
            events: Each as `create` takes it; read no faster than they can be sent.
            on_refused: Called, when the run is awaited, with each event that the API refuses;
                without it the first refused event ends the run.
            options: As `BulkOptions` says.

        Raises:
            ConfigError: An event names no contact, or has no name.
            TypeError: An event has a key that is none of an event's.
        """
        rate = self._sender.statistics
        return CountedRun(
            events,
            lambda event: self.create(**event),
            check=self._check_event,
            rate_per_s=lambda: rate().rate_per_s,
            on_refused=on_refused,
            **options,
        )

    def list(self, *, per_page: int | None = None, **contact: Unpack[EventOwner]) -> Pager[Event]:
        """List the events of a contact in the last 90 days, newest first; give one key."""
        key = take_one("the contact", self.LIST.fields(contact), **_KEYS)
        return self._list(self.LIST, query={"type": "user", **key}, per_page=per_page)

    @sends(LIST)
    async def summarize(self, **contact: Unpack[EventOwner]) -> EventPage[EventSummary]:
        """Return count, first and last time of each event of a contact; older events count too."""
        key = take_one("the contact", self.LIST.fields(contact), **_KEYS)
        call = fill(self.LIST, (), {"type": "user", "summary": True, **key})
        return await self._fetch(call.into(EventPage[EventSummary]))

    async def create_summary(
        self, *, user_id: Id, event_name: str, count: int, first: Moment, last: Moment
    ) -> None:
        """Record the number of past events of a contact, by your own key."""
        summary = needed(event_name=event_name, count=count, first=first, last=last)
        await self._send(
            self.CREATE_SUMMARY, user_id=to_id("user_id", user_id), event_summaries=summary
        )

    def _checked(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return an event as it is sent, without a time if it has none."""
        event = given(**self.CREATE.fields(fields))
        keys = {key: event[key] for key in ("user_id", "email", "id") if key in event}
        if not keys:
            raise ConfigError("an event needs its contact: give user_id, email or id")
        event.update(to_ids(**keys))
        return event

    def _check_event(self, event: Mapping[str, Any]) -> None:
        if not check_dict("each of events", event).get("event_name"):
            raise ConfigError("an event needs its event_name")
        encode(fill(self.CREATE, (), {}, json=self._checked(event)).json)


_KEYS = {name: name for name in ("user_id", "email", "intercom_user_id")}
