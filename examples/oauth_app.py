"""A public app in many workspaces: install, count contacts in each, and notice an uninstall.

pip install .  # from a checkout
INTERCOM_CLIENT_ID=… INTERCOM_CLIENT_SECRET=… PUBLIC_URL=https://app.example python oauth_app.py

In the Developer Hub: redirect URL …/intercom/callback, uninstall webhook …/intercom/uninstalled.
Teammates start the installation at …/intercom/start.
"""

import os
from collections.abc import AsyncIterator

from aiohttp import web

from intercom_async import ConfigError, F
from intercom_async.oauth import FileTokenStore, OAuth, OAuthRoutes
from intercom_async.workspaces import Workspaces

WORKSPACES = web.AppKey("workspaces", Workspaces)
BASE_URL = os.environ.get("INTERCOM_BASE_URL")  # a simulator's, else None


def build(public_url: str, folder: str) -> web.Application:
    store = FileTokenStore(folder)  # PostgresTokenStore("postgresql://…") on several machines
    workspaces = Workspaces(store.token_of, base_url=BASE_URL)
    oauth = OAuth(
        os.environ["INTERCOM_CLIENT_ID"], os.environ["INTERCOM_CLIENT_SECRET"], base_url=BASE_URL
    )
    routes = OAuthRoutes(
        oauth,
        store,
        redirect_uri=f"{public_url}/intercom/callback",
        success_url="/",
        on_uninstall=workspaces.forget,
    )

    async def index(_: web.Request) -> web.Response:
        return web.json_response({"workspaces": await store.workspace_ids()})

    async def count(request: web.Request) -> web.Response:
        workspace_id = request.match_info["workspace_id"]
        try:
            async with request.app[WORKSPACES].client(workspace_id) as intercom:
                users = intercom.contacts.search(F.role == "user", per_page=1)
                page = await anext(aiter(users.pages()))
        except ConfigError:
            raise web.HTTPNotFound(text="the app is not installed there") from None
        return web.json_response({"users": page.total_count})

    async def opened(app: web.Application) -> AsyncIterator[None]:
        async with workspaces:
            app[WORKSPACES] = workspaces
            yield

    app = web.Application()
    app.add_routes(routes.aiohttp("/intercom"))
    app.router.add_get("/", index)
    app.router.add_get("/workspaces/{workspace_id}/users", count)
    app.cleanup_ctx.append(opened)
    return app


if __name__ == "__main__":
    web.run_app(build(os.environ["PUBLIC_URL"], "grants"), port=8000)
