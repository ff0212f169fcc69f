"""A support bot: a webhook comes in, a queue takes it, the reply has priority over all other calls.

pip install . starlette uvicorn  # from a checkout
INTERCOM_TOKEN=… INTERCOM_CLIENT_SECRET=… INTERCOM_ADMIN_ID=… uvicorn support_bot:app

Without `queue=` the queue lives in this process, and what is still queued is lost when the process
ends; a reply that fails is logged and not tried again. A queue that survives takes a few more
lines, here with taskiq (worker: taskiq worker …):

    webhooks = Webhooks(SECRET, queue=lambda event: handle.kiq(event.body), seen=RedisSeen(redis))

    @broker.task
    async def handle(body: str) -> None:
        await webhooks.handle(body)
"""

import os
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from intercom_async import Intercom, Priority
from intercom_async.webhooks import Notification, Webhooks
from intercom_async.webhooks.items import Conversation

ANSWERS = {
    "price|cost|plan": "Our plans are on https://example.com/plans.",
    "password|log ?in": "You can set a new password on https://example.com/password.",
}

webhooks = Webhooks(os.environ["INTERCOM_CLIENT_SECRET"])
intercom = Intercom(
    base_url=os.environ.get("INTERCOM_BASE_URL"),
    priority=Priority.INTERACTIVE,  # a person waits: pass every bulk job
)


@webhooks.on("conversation.user.created", "conversation.user.replied", order_within_s=0.2)
async def answer(event: Notification[Conversation]) -> None:
    """Answer what the bot knows, and leave the rest to people."""
    conversation = event.item
    text = re.sub(r"<[^>]*>", " ", conversation.text or "")
    known = (reply for words, reply in ANSWERS.items() if re.search(words, text, re.IGNORECASE))
    reply = next(known, None)
    if conversation.id is not None and reply is not None:
        admin_id = os.environ["INTERCOM_ADMIN_ID"]
        await intercom.conversations.reply(conversation.id, body=reply, admin_id=admin_id)


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[None]:
    async with intercom:
        yield


app = Starlette(lifespan=lifespan)
app.add_middleware(webhooks.middleware("/intercom"))  # the address to give to Intercom
