"""States that tickets can be in."""

from __future__ import annotations

from intercom_async.models import Page, TicketState
from intercom_async.pager import Pager

from .base import Resource
from .rows import Rows

api = Rows("/ticket_states", "ticket-states")


class TicketStates(Resource):
    """States of tickets."""

    LIST = api.get("", Page[TicketState], "listticketstates")

    def list(self) -> Pager[TicketState]:
        """List all states, with the ticket types that have them, in one answer."""
        return self._list(self.LIST)
