"""States that tickets can be in."""

from __future__ import annotations

from intercom_async.models import TicketState

from .base import Page, Pager, Resource, Rows

API = Rows("/ticket_states", "ticket-states")


class TicketStates(Resource):
    """States of tickets."""

    LIST = API.get("", Page[TicketState], "listticketstates")

    def list(self) -> Pager[TicketState]:
        """List all states, with the ticket types that have them, in one answer."""
        return self._list(self.LIST)
