"""Kinds of messages that contacts can choose or refuse."""

from __future__ import annotations

from intercom_async.models import SubscriptionType

from .base import Page, Pager, Resource, Rows

API = Rows("/subscription_types", "subscription-types")


class SubscriptionTypes(Resource):
    """Kinds of messages; what a contact decided about them is at `contacts.subscriptions`."""

    LIST = API.get("", Page[SubscriptionType], "listsubscriptiontypes")

    def list(self) -> Pager[SubscriptionType]:
        """List all kinds; one answer holds them all."""
        return self._list(self.LIST)
