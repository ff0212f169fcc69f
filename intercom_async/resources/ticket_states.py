"""States that tickets can be in."""

from __future__ import annotations

from intercom_async.models import Page, TicketState
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Resource


class TicketStates(Resource):
    """States of tickets."""

    LIST = Operation("GET", "/ticket_states", Page[TicketState])

    def list(self) -> Pager[TicketState]:
        """List all states, with the ticket types that have them, in one answer.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/ticket-states/listticketstates
        """
        return self._list(self.LIST)
