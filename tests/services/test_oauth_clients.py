"""Foreign OAuth clients log in at the simulator."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from yarl import URL

from intercom_async import Intercom
from intercom_async.simulator import Simulator

pytestmark = pytest.mark.anyio

CALLBACK = "https://app.example/callback"


async def agree(url: str) -> URL:
    async with aiohttp.ClientSession() as http, http.get(url, allow_redirects=False) as answer:
        assert answer.status == 302
        return URL(answer.headers["Location"])


async def works(token: str, simulator: Simulator) -> bool:
    async with Intercom(token, base_url=simulator.url) as intercom:
        return (await intercom.admins.me()).app is not None


async def test_authlib_logs_in() -> None:
    client_module: Any = pytest.importorskip(
        "authlib.integrations.httpx_client", reason="authlib is not installed"
    )
    async with (
        Simulator(contacts=1) as simulator,
        client_module.AsyncOAuth2Client(
            simulator.client_id,
            simulator.client_secret,
            redirect_uri=CALLBACK,
            token_endpoint_auth_method="client_secret_post",
        ) as client,
    ):
        url, state = client.create_authorization_url(f"{simulator.url}/oauth")
        back = await agree(url)
        token = await client.fetch_token(
            f"{simulator.url}/auth/eagle/token", authorization_response=str(back), state=state
        )
        assert await works(token["access_token"], simulator)


async def test_httpx_oauth_logs_in() -> None:
    oauth2: Any = pytest.importorskip("httpx_oauth.oauth2", reason="httpx-oauth is not installed")
    async with Simulator(contacts=1) as simulator:
        client = oauth2.BaseOAuth2(
            simulator.client_id,
            simulator.client_secret,
            f"{simulator.url}/oauth",
            f"{simulator.url}/auth/eagle/token",
        )
        back = await agree(await client.get_authorization_url(CALLBACK, state="s"))
        assert back.query["state"] == "s"
        token = await client.get_access_token(back.query["code"], CALLBACK)
        assert await works(token["access_token"], simulator)
