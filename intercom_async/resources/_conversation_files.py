"""Files of conversations, which their links lead to for half an hour."""

from __future__ import annotations

from os import PathLike
from typing import ClassVar

from intercom_async.models import Conversation
from intercom_async.request.operation import Operation
from intercom_async.workflows.attachments import SavedAttachments, save_attachments
from ._base import Id, Resource


class ConversationFiles(Resource):
    """What `Conversations` does beside single calls; the endpoints are those of `Conversations`."""

    GET: ClassVar[Operation[Conversation]]

    async def save_attachments(
        self, conversation_id: Id, *, to: str | PathLike[str]
    ) -> SavedAttachments:
        """Save the files of a conversation in a folder, before their links expire.

        Files that are there already are not fetched again; those that could not be had are in
        `lost`, with the error of each.

        Args:
            to: The folder, which is made if need be; a file is named ``PART-NUMBER-NAME``.

        Raises:
            OSError: A file cannot be written.
        """
        conversation = await self._send(self.GET, conversation_id)
        return await save_attachments(conversation, to, self._sender.open_link)
