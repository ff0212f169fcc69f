"""Folders that content is kept in."""

from __future__ import annotations

from typing import Unpack

from intercom_async.fields import FolderFields, FolderOptions
from intercom_async.models import DeletedFolder, Folder
from ._base import EndpointBuilder, Id, Page, Pager, Resource
from ._validation import check_given, needed

API = EndpointBuilder("/folders", "folders", since="Preview")


class Folders(Resource):
    """Folders of content; `articles.update(id, folder_id=…)` puts an article into one."""

    LIST = API.pages("", Page[Folder], "listfolders")
    CREATE = API.post("", Folder, "createfolder", body=FolderOptions)
    GET = API.get("/{id}", Folder, "retrievefolder")
    UPDATE = API.update("/{id}", Folder, "updatefolder", body=FolderFields)
    DELETE = API.delete("/{id}", DeletedFolder, "deletefolder")

    def list(
        self, *, parent_folder_id: Id | None = None, per_page: int | None = None
    ) -> Pager[Folder]:
        """List all folders, or those in one folder, at most 150 a page."""
        return self._list(self.LIST, parent_folder_id=parent_folder_id, per_page=per_page)

    async def create(self, *, name: str, **fields: Unpack[FolderOptions]) -> Folder:
        """Create a folder and return it."""
        folder = {**needed(name=name), **self.CREATE.fields(fields)}
        check_given(folder)
        return await self._send(self.CREATE, folder=folder)

    async def get(self, folder_id: Id) -> Folder:
        """Return one folder."""
        return await self._send(self.GET, folder_id)

    async def update(self, folder_id: Id, **fields: Unpack[FolderFields]) -> Folder:
        """Change the given fields and return the whole folder."""
        folder = self.UPDATE.fields(fields)
        check_given(folder)
        return await self._send(self.UPDATE, folder_id, folder=folder)

    async def delete(self, folder_id: Id) -> DeletedFolder:
        """Delete a folder; what cannot be deleted is refused (422)."""
        return await self._send(self.DELETE, folder_id)
