"""Events: what contacts did, and when."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from types import NoneType
from typing import Unpack

from intercom_async.clock import CLOCK
from intercom_async.errors import ConfigError, ResponseError, ServerError
from intercom_async.fields import EventFields, EventOwner, Moment
from intercom_async.models import Event, EventPage, EventSummary
from intercom_async.request.operation import Paging
from intercom_async.workflows.concurrency import Source, check_concurrency, check_source, fan_out
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
        """Note that a contact did something.

        Raises:
            ConfigError: No contact is named.
        """
        event = given(**self.CREATE.fields(fields))
        keys = {key: event[key] for key in ("user_id", "email", "id") if key in event}
        if not keys:
            raise ConfigError("an event needs its contact: give user_id, email or id")
        event.update(to_ids(**keys))
        if "created_at" not in event:
            event["created_at"] = int(CLOCK.unix())
        await self._send(self.CREATE, json=event)

    async def create_many(
        self,
        events: Source[EventFields],
        *,
        concurrency: int = 16,
        on_refused: Callable[[EventFields, ResponseError], None] | None = None,
    ) -> int:
        """Send a stream of events concurrently and return how many were accepted.

        An event without `created_at` gets the time at which it is sent; one contact's events
        of one name in one second are one event, so set `created_at` where that matters.

        Args:
            events: Each as `create` takes it; read no faster than they can be sent.
            concurrency: Events sent concurrently.
            on_refused: Called with each event that the API refuses; without it the first one
                refused ends everything.

        Raises:
            ConfigError: An event names no contact, or has no name.
            TypeError: An event has a key that is none of an event's.
        """

        async def create(event: EventFields) -> int:
            if not check_dict("each of events", event).get("event_name"):
                raise ConfigError("an event needs its event_name")
            try:
                await self.create(**event)
            except ResponseError as error:
                if on_refused is None or isinstance(error, ServerError):
                    raise
                on_refused(event, error)
                return 0
            return 1

        check_concurrency(concurrency)
        results = fan_out(check_source(events), create, concurrency=concurrency)
        async with aclosing(results):
            return sum([taken async for taken in results])

    def list(self, *, per_page: int | None = None, **contact: Unpack[EventOwner]) -> Pager[Event]:
        """List what a contact, named by one key, did in the last 90 days, the latest first."""
        key = take_one("the contact", self.LIST.fields(contact), **_KEYS)
        return self._list(self.LIST, query={"type": "user", **key}, per_page=per_page)

    @sends(LIST)
    async def summarize(self, **contact: Unpack[EventOwner]) -> EventPage[EventSummary]:
        """Return how often a contact did what, and when first and last; older events count too."""
        key = take_one("the contact", self.LIST.fields(contact), **_KEYS)
        call = fill(self.LIST, (), {"type": "user", "summary": True, **key})
        return await self._fetch(call.into(EventPage[EventSummary]))

    async def create_summary(
        self, *, user_id: Id, event_name: str, count: int, first: Moment, last: Moment
    ) -> None:
        """Note how often a contact, by your own key, did something before events were sent."""
        summary = needed(event_name=event_name, count=count, first=first, last=last)
        await self._send(
            self.CREATE_SUMMARY, user_id=to_id("user_id", user_id), event_summaries=summary
        )


_KEYS = {name: name for name in ("user_id", "email", "intercom_user_id")}
