"""``webhooks listen``: print a simulator's notifications and forward them to a receiver."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Any

import aiohttp
from aiohttp import web
from cyclopts import Parameter

from intercom_async.config import resolve_origin
from intercom_async.errors import ConfigError, ConnectError, IntercomError
from intercom_async.simulator.standalone import interrupted
from intercom_async.webhooks.parsing import parse_body
from .console import say
from .options import Port, check_address
from .webhooks_send import check_topics, deliver

SIGNATURE_HEADER = "X-Hub-Signature"
MAX_BODY_BYTES = 1024 * 1024
"""Largest body accepted, in bytes."""


async def listen(
    *,
    forward: str | None = None,
    port: Port = 0,
    topics: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    base_url: Annotated[str | None, Parameter(env_var="INTERCOM_BASE_URL")] = None,
) -> None:
    """Print a simulator's notifications and forward them until interrupted.

    One line each on stderr: topic, delivery attempt, and the status that the simulator gets, which
    is the receiver's with --forward, else 200.

    Parameters
    ----------
    forward:
        URL of the receiver; bodies and signatures are passed on unchanged.
    port:
        Port to listen on, on loopback; 0 for a free one.
    topics:
        Topics to subscribe to; all by default.
    base_url:
        URL of the simulator.
    """
    if base_url is None:
        raise ConfigError(
            "no simulator: set INTERCOM_BASE_URL to what `intercom-async simulate` prints; "
            "Intercom itself sends to public https addresses only, so it needs a tunnel"
        )
    base_url = resolve_origin(None, base_url)
    check_topics(topics)
    if forward is not None:
        check_address("--forward", forward)
    listener = _Listener(forward)
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_route("*", "/", listener.receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        stop = asyncio.create_task(interrupted())  # before anybody is told of Ctrl-C
        subscription = await _control(base_url, "POST", {"url": address, "topics": list(topics)})
        say(f"Listening on {address}; Ctrl-C ends it.")
        say(f"INTERCOM_CLIENT_SECRET={subscription['secret']}")
        try:
            await stop
        finally:
            with suppress(IntercomError):
                await _control(base_url, "DELETE", {"id": subscription["id"]})
    finally:
        await runner.cleanup()


class _Listener:
    """Shows each notification and passes it on."""

    def __init__(self, forward: str | None) -> None:
        self._forward = forward

    async def receive(self, request: web.Request) -> web.Response:
        """Answer the simulator with the receiver's status."""
        if request.method == "HEAD":
            return web.Response()
        body = await request.read()
        status = 200
        if self._forward is not None:
            try:
                signature = request.headers.get(SIGNATURE_HEADER, "")
                status = await deliver(self._forward, body, signature)
            except ConnectError as error:
                say(f"[red]{self._forward}: {error}[/]")
                status = 502
        try:
            event = parse_body(body)
            say(f"{event.topic} (attempt {event.delivery_attempts}): {status}")
        except IntercomError as error:
            say(f"[red]unreadable: {error}[/]")
        return web.Response(status=status)


async def _control(base_url: str, verb: str, body: dict[str, Any]) -> Any:
    """Ask the simulator's control API.

    Raises:
        ConnectError: Nothing answers, or it is not a simulator.
    """
    url = f"{base_url.rstrip('/')}/_simulator/webhooks"
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.request(verb, url, json=body) as answer,
        ):
            if answer.status != 200:  # noqa: PLR2004 (success)
                raise ConnectError(f"{base_url} is no simulator: it answered {answer.status}")
            return await answer.json()
    except (aiohttp.ClientError, OSError) as error:
        raise ConnectError(f"no simulator at {base_url} ({type(error).__name__})") from None
