"""``oauth login``: install a public app in a workspace from a terminal."""

from __future__ import annotations

import asyncio
import webbrowser
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import anyio.to_thread
import msgspec
from aiohttp import web
from cyclopts import Parameter
from rich.markup import escape

from intercom_async.config import Region
from intercom_async.errors import OAuthError
from intercom_async.oauth import FileTokenStore, Login, OAuth
from .console import console, put_json, say
from .options import Place, Port
from .webhooks_send import SECRET_VARIABLE

CALLBACK = "/callback"

Answer = dict[str, str | None]
"""Code, state and error of a redirect."""


async def login(
    *,
    client_id: Annotated[str, Parameter(env_var="INTERCOM_CLIENT_ID")],
    client_secret: Annotated[str, Parameter(env_var=SECRET_VARIABLE)],
    region: Region = "us",
    base_url: Annotated[str | None, Parameter(env_var="INTERCOM_BASE_URL")] = None,
    redirect_uri: str | None = None,
    port: Port = 0,
    browser: bool = True,
    save: Place | None = None,
) -> None:
    """Install an app in a workspace and print its token as JSON.

    A simulator redirects the browser back to this command. Intercom redirects to https URLs only:
    copy the URL that the browser ends at and paste it here.

    Parameters
    ----------
    client_id:
        Client id of the app.
    client_secret:
        Client secret of the app. Prefer the environment variable.
    region:
        Region whose authorization page is opened.
    base_url:
        URL of a simulator.
    redirect_uri:
        Redirect URL of the app; by default the first one.
    port:
        Port to wait for the redirect on, on loopback; 0 for a free one.
    browser:
        Open the authorization page in a browser.
    save:
        Folder to save the grant to, for FileTokenStore.
    """
    oauth = OAuth(client_id, client_secret, region=region, base_url=base_url)
    if base_url is not None and redirect_uri is None:
        begun, answer = await _by_loopback(oauth, port, browser=browser)
    else:
        begun, answer = await _by_pasting(oauth, redirect_uri, browser=browser)
    grant = await oauth.finish(
        answer["code"], state=answer["state"], expected=begun.state, error=answer["error"]
    )
    if save is not None:
        await FileTokenStore(save).save(grant)
        say(f"Saved in {escape(str(save))}.")
    found = {
        "workspace_id": grant.workspace_id,
        "workspace_name": grant.workspace_name,
        "region": grant.region,
        "token": grant.token,
    }
    put_json(msgspec.json.encode(found))


async def _by_loopback(oauth: OAuth, port: int, *, browser: bool) -> tuple[Login, Answer]:
    """Wait for the browser at an address of this machine."""
    came: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    async def receive(request: web.Request) -> web.Response:
        if not came.done():
            came.set_result({name: request.query.get(name) for name in ("code", "state", "error")})
        return web.Response(text="You can close this page.")

    app = web.Application()
    app.router.add_get(CALLBACK, receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        begun = oauth.begin(redirect_uri=f"http://127.0.0.1:{runner.addresses[0][1]}{CALLBACK}")
        _show(begun, browser=browser)
        return begun, await came
    finally:
        await runner.cleanup()


async def _by_pasting(
    oauth: OAuth, redirect_uri: str | None, *, browser: bool
) -> tuple[Login, Answer]:
    """Ask for the address that the browser ends at."""
    begun = oauth.begin(redirect_uri=redirect_uri)
    _show(begun, browser=browser)
    say("Paste the address that the browser ends at:")
    pasted = await anyio.to_thread.run_sync(console.input, abandon_on_cancel=True)
    return begun, read_redirect(pasted)


def _show(begun: Login, *, browser: bool) -> None:
    say(f"Open this address and agree:\n{escape(begun.url)}")
    if browser:
        webbrowser.open(begun.url)


def read_redirect(address: str) -> Answer:
    """Take code, state and error out of an address.

    Raises:
        OAuthError: It has none of them.
    """
    query = parse_qs(urlsplit(address.strip()).query)
    answer: Answer = {
        name: query[name][0] if name in query else None for name in ("code", "state", "error")
    }
    if not any(answer.values()):
        raise OAuthError("the address has no code; copy it whole, from the browser's address bar")
    return answer
