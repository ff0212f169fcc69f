"""Tags."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType

from intercom_async.models import Tag
from ._base import EndpointBuilder, Id, Page, Pager, Resource, sends
from ._request_bodies import company_keys
from ._validation import to_id, to_id_list

API = EndpointBuilder("/tags", "tags")


class Tags(Resource):
    """Labels for contacts, companies, conversations and tickets.

    Names are compared without regard to case. A single object is tagged by its own resource:
    `contacts.attach_tag`, `conversations.attach_tag`, `tickets.attach_tag`.
    """

    LIST = API.get("", Page[Tag], "listtags")
    CREATE = API.idempotent_post("", Tag, "createtag")
    GET = API.get("/{tag_id}", Tag, "findtag")
    DELETE = API.delete("/{tag_id}", NoneType, "deletetag")

    def list(self) -> Pager[Tag]:
        """List all tags; one answer holds them all."""
        return self._list(self.LIST)

    async def create(self, *, name: str) -> Tag:
        """Create a tag and return it; a name that exists returns the tag that has it."""
        return await self._send(self.CREATE, name=name)

    @sends(CREATE)
    async def update(self, tag_id: Id, *, name: str) -> Tag:
        """Rename a tag and return it."""
        return await self._send(self.CREATE, id=to_id("tag_id", tag_id), name=name)

    @sends(CREATE)
    async def tag_contacts(self, contact_ids: Sequence[Id], *, name: str) -> Tag:
        """Tag contacts, by Intercom's ids, and return the tag, created if needed.

        From 2.16 on contacts that do not exist are passed over; `users` says who was tagged.
        """
        users = [{"id": each} for each in to_id_list("contact_ids", contact_ids)]
        return await self._send(self.CREATE, name=name, users=users)

    @sends(CREATE)
    async def tag_companies(
        self, ids: Sequence[Id] = (), *, name: str, company_ids: Sequence[Id] = ()
    ) -> Tag:
        """Tag companies, by Intercom's ids or your own keys; return the tag, created if needed.

        Raises:
            ConfigError: No company is named.
        """
        return await self._send(self.CREATE, name=name, companies=company_keys(ids, company_ids))

    @sends(CREATE)
    async def untag_companies(
        self, ids: Sequence[Id] = (), *, name: str, company_ids: Sequence[Id] = ()
    ) -> Tag:
        """Remove a tag from companies, named as for `tag_companies`, and return the tag."""
        companies = [{**company, "untag": True} for company in company_keys(ids, company_ids)]
        return await self._send(self.CREATE, name=name, companies=companies)

    async def get(self, tag_id: Id) -> Tag:
        """Return one tag."""
        return await self._send(self.GET, tag_id)

    async def delete(self, tag_id: Id) -> None:
        """Delete a tag and remove it from everything tagged with it.

        Raises:
            BadRequestError: Something else depends on it (`tag_has_dependent_objects`).
        """
        await self._send(self.DELETE, tag_id)
