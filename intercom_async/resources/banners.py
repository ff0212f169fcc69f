"""Banners, for surfaces of your own beside the messenger."""

from __future__ import annotations

from intercom_async.fields import Id
from intercom_async.models import Banner, BannerDismissal, Page
from intercom_async.pager import Pager

from .base import Resource
from .rows import Rows

api = Rows("/contacts/{id}/banners", "banners", since="2.16")


class Banners(Resource):
    """The banners of a contact."""

    # To ask is to show: every answer counts as an impression of each banner in it.
    LIST = api.get(
        "", Page[Banner], "listcontactbanners", repeat="unsafe", reserved=("find_by_external_id",)
    )
    DISMISS = api.ensure("/{view_id}/dismiss", BannerDismissal, "dismisscontactbanner")

    def list(self, contact_id: Id) -> Pager[Banner]:
        """List the banners that a contact is to see now, and count them as shown."""
        return self._list(self.LIST, id=contact_id)

    async def dismiss(self, *, contact_id: Id, view_id: Id) -> BannerDismissal:
        """Put a banner, by its `view_id`, away for a contact, in the messenger too."""
        return await self._send(self.DISMISS, id=contact_id, view_id=view_id)
