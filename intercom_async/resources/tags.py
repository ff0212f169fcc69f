"""Tags."""

from __future__ import annotations

from collections.abc import Sequence

from intercom_async.errors import ConfigError
from intercom_async.models import Page, Tag
from intercom_async.operation import Operation
from intercom_async.pager import Pager

from .base import Id, Resource


class Tags(Resource):
    """Labels for contacts, companies, conversations and tickets.

    Names are compared without regard to case. One thing at a time is tagged where it is:
    `contacts.attach_tag`, `conversations.attach_tag`, `tickets.attach_tag`.
    """

    LIST = Operation("GET", "/tags", Page[Tag])
    CREATE = Operation("POST", "/tags", Tag, repeat="idempotent")
    GET = Operation("GET", "/tags/{tag_id}", Tag)
    DELETE = Operation("DELETE", "/tags/{tag_id}", type(None))

    def list(self) -> Pager[Tag]:
        """List all tags; one answer holds them all.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/listtags
        """
        return self._list(self.LIST)

    async def create(self, *, name: str) -> Tag:
        """Create a tag and return it; a name that exists returns the tag that has it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/createtag
        """
        return await self._send(self.CREATE, json={"name": name})

    async def update(self, tag_id: Id, *, name: str) -> Tag:
        """Give a tag another name and return it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/createtag
        """
        return await self._send(self.CREATE, json={"id": str(tag_id), "name": name})

    async def tag_contacts(self, contact_ids: Sequence[Id], *, name: str) -> Tag:
        """Tag contacts, by Intercom's ids, and return the tag, which is created if there is none.

        From 2.16 on contacts that do not exist are passed over; `users` says who was tagged.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/createtag
        """
        users = [{"id": str(contact_id)} for contact_id in contact_ids]
        return await self._send(self.CREATE, json={"name": name, "users": users})

    async def tag_companies(
        self, ids: Sequence[Id] = (), *, name: str, company_ids: Sequence[Id] = ()
    ) -> Tag:
        """Tag companies and return the tag, which is created if there is none.

        Args:
            ids: Companies by Intercom's ids,
            name: The tag's name.
            company_ids: and by your own keys.

        Raises:
            ConfigError: No company is named.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/createtag
        """
        json = {"name": name, "companies": _companies(ids, company_ids)}
        return await self._send(self.CREATE, json=json)

    async def untag_companies(
        self, ids: Sequence[Id] = (), *, name: str, company_ids: Sequence[Id] = ()
    ) -> Tag:
        """Take a tag off companies, named as for `tag_companies`, and return the tag.

        Raises:
            ConfigError: No company is named.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/createtag
        """
        companies = [{**company, "untag": True} for company in _companies(ids, company_ids)]
        return await self._send(self.CREATE, json={"name": name, "companies": companies})

    async def get(self, tag_id: Id) -> Tag:
        """Return one tag.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/findtag
        """
        return await self._send(self.GET, tag_id=tag_id)

    async def delete(self, tag_id: Id) -> None:
        """Delete a tag and take it off whatever has it.

        Raises:
            BadRequestError: Something else depends on it (`tag_has_dependent_objects`).

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/tags/deletetag
        """
        await self._send(self.DELETE, tag_id=tag_id)


def _companies(ids: Sequence[Id], company_ids: Sequence[Id]) -> list[dict[str, str]]:
    """Name companies by either of their keys."""
    by_id = [{"id": str(each)} for each in ids]
    by_company_id = [{"company_id": str(each)} for each in company_ids]
    if not by_id and not by_company_id:
        raise ConfigError("no company is named: give ids or company_ids")
    return by_id + by_company_id
