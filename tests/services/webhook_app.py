"""A receiver as a program of its own: `python -m tests.services.webhook_app asgi|aiohttp PORT`.

Its queue is a list in Redis, so that tests see what was accepted, in whichever process.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from importlib import import_module
from typing import Any

from aiohttp import web

from intercom_async.webhooks import Notification, RedisSeen, Webhooks
from tests.support.notifications import SECRET

ACCEPTED = "accepted"

redis_client: Any = import_module("redis.asyncio")  # it is typed by half
redis: Any = redis_client.Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))


async def queue(event: Notification[Any]) -> None:
    """Put a notification where workers take it from."""
    await redis.rpush(ACCEPTED, event.raw)


webhooks = Webhooks(SECRET, queue=queue, seen=RedisSeen(redis), max_body_bytes=100_000)
app = webhooks.asgi()


def run_aiohttp(port: int) -> None:
    """Serve by aiohttp, sharing the port with other processes."""
    application = web.Application()
    application.add_routes(webhooks.aiohttp("/"))
    web.run_app(application, host="127.0.0.1", port=port, reuse_port=True, print=None)


def run_uvicorn(port: int) -> None:
    """Serve by uvicorn, from a socket that others may share."""
    import uvicorn  # noqa: PLC0415 (each server is a program of its own)

    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="on")
    asyncio.run(uvicorn.Server(config).serve([_shared_socket(port)]))


def run_hypercorn(port: int) -> None:
    """Serve by hypercorn."""
    import hypercorn.asyncio  # noqa: PLC0415 (as above)
    from hypercorn.config import Config  # noqa: PLC0415 (as above)

    config = Config()
    config.bind = [f"fd://{_shared_socket(port).detach()}"]
    config.loglevel = "ERROR"
    asyncio.run(hypercorn.asyncio.serve(app, config))  # type: ignore[arg-type] # its own ASGI types


def _shared_socket(port: int) -> Any:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    listener.setblocking(False)
    return listener


SERVERS = {"aiohttp": run_aiohttp, "uvicorn": run_uvicorn, "hypercorn": run_hypercorn}

if __name__ == "__main__":
    SERVERS[sys.argv[1]](int(sys.argv[2]))
