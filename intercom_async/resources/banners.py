"""Banners, for surfaces of your own beside the messenger."""

from __future__ import annotations

from intercom_async.models import Banner, BannerDismissal

from .base import Id, Page, Pager, Resource, Rows

API = Rows("/contacts/{id}/banners", "banners", since="2.16", reserved=("find_by_external_id",))


class Banners(Resource):
    """The banners of a contact."""

    # To ask is to show: every answer counts as an impression of each banner in it.
    LIST = API.get("", Page[Banner], "listcontactbanners", repeat="unsafe")
    DISMISS = API.ensure("/{view_id}/dismiss", BannerDismissal, "dismisscontactbanner")

    def list(self, contact_id: Id) -> Pager[Banner]:
        """List the banners that a contact is to see now, and count them as shown."""
        return self._list(self.LIST, contact_id)

    async def dismiss(self, *, contact_id: Id, view_id: Id) -> BannerDismissal:
        """Put a banner, by its `view_id`, away for a contact, in the messenger too."""
        return await self._send(self.DISMISS, contact_id, view_id)
