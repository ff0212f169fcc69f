"""Web apps: the client's life, models as answers, and what an error means to a visitor."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from intercom_async import Intercom, Priority, RetryPolicy, errors, models
from intercom_async.integrations._answers import HANDLED, answer_to
from intercom_async.integrations.aiohttp_web import INTERCOM, error_middleware, intercom_context
from intercom_async.models import Contact
from intercom_async.simulator import Simulator

fastapi: Any = pytest.importorskip("fastapi", reason="fastapi is not installed")
httpx: Any = pytest.importorskip("httpx", reason="httpx is not installed")

from fastapi import Body, Depends, FastAPI  # noqa: E402 (skipped without it)
from starlette.applications import Starlette  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import JSONResponse, Response  # noqa: E402
from starlette.routing import Route  # noqa: E402

from intercom_async.integrations.fastapi import Client, client, error_handlers  # noqa: E402
from intercom_async.integrations.starlette import client_of, lifespan  # noqa: E402

pytestmark = pytest.mark.anyio


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(contacts=5, seed=1) as running:
        yield running


def maker(simulator: Simulator, **options: Any) -> Callable[[], Intercom]:
    return lambda: Intercom(token=simulator.token, base_url=simulator.url, **options)


@asynccontextmanager
async def visiting(app: Any) -> AsyncGenerator[Any]:
    """Run an ASGI app with its lifespan, and give a browser for it."""
    async with app.router.lifespan_context(app) as state:
        transport = httpx.ASGITransport(app=_with_state(app, state or {}))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as browser:
            yield browser


def _with_state(app: Any, state: dict[str, Any]) -> Any:
    async def run(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return run


Bulk = Annotated[Intercom, Depends(client(priority=Priority.BULK))]


def fastapi_app(make: Callable[[], Intercom]) -> Any:
    app = FastAPI(lifespan=lifespan(make), exception_handlers=error_handlers)

    @app.get("/contacts/{contact_id}")
    async def contact(contact_id: str, intercom: Client) -> Contact:
        return await intercom.contacts.get(contact_id)

    @app.get("/all")
    async def everybody(intercom: Bulk) -> list[Contact]:
        return await intercom.contacts.list().collect()

    @app.post("/echo")
    async def echo(contact: Annotated[Contact, Body()]) -> Contact:
        return contact

    return app


async def test_fastapi_returns_a_model_without_further_ado(simulator: Simulator) -> None:
    async with visiting(fastapi_app(maker(simulator))) as browser:
        everybody = (await browser.get("/all")).json()
        assert len(everybody) == 5

        one = await browser.get(f"/contacts/{everybody[0]['id']}")

        assert one.status_code == 200
        assert one.json() == everybody[0]
        assert msgspec.convert(one.json(), Contact).id == everybody[0]["id"]


async def test_fastapi_takes_a_model_and_refuses_what_is_none(simulator: Simulator) -> None:
    async with visiting(fastapi_app(maker(simulator))) as browser:
        taken = await browser.post("/echo", json={"id": "7", "email": "a@example.com"})
        assert (taken.status_code, taken.json()["email"]) == (200, "a@example.com")
        refused = await browser.post("/echo", json={"email": []})
        assert refused.status_code == 422


async def test_the_openapi_document_describes_a_model(simulator: Simulator) -> None:
    async with visiting(fastapi_app(maker(simulator))) as browser:
        document = (await browser.get("/openapi.json")).json()
    answer = document["paths"]["/contacts/{contact_id}"]["get"]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]
    assert schema["properties"]["id"] == {"type": "string"}
    assert "$ref" not in str(schema)


STRUCTS = [
    kind
    for name in models.__all__
    if isinstance(kind := getattr(models, name), type) and issubclass(kind, msgspec.Struct)
]


@pytest.mark.parametrize("model", STRUCTS, ids=lambda model: model.__name__)
def test_every_model_has_a_schema_in_an_openapi_document(model: Any) -> None:
    app = FastAPI()
    app.add_api_route("/", lambda: None, response_model=list[model])
    schemas = app.openapi()["paths"]["/"]["get"]["responses"]["200"]
    assert schemas["content"]["application/json"]["schema"]["items"]["type"] == "object"


async def test_a_visitor_learns_what_an_error_means_to_them(simulator: Simulator) -> None:
    make = maker(simulator, retry=RetryPolicy(max_attempts=1))
    async with visiting(fastapi_app(make)) as browser:
        missing = await browser.get("/contacts/5f7f0d217289f8d2f4262080")
        assert (missing.status_code, missing.json()) == (404, {"detail": "not found"})

        simulator.faults.add(path="/contacts/1", status=503)
        broken = await browser.get("/contacts/1")
        assert (broken.status_code, "simul" in broken.text) == (502, False)


async def test_a_spent_budget_is_a_503_that_says_when_to_come_back() -> None:
    async with Simulator(contacts=2, app_per_minute=12) as simulator:
        make = maker(simulator, max_wait_s=0.01)
        async with visiting(fastapi_app(make)) as browser:
            answers = [await browser.get("/all") for _ in range(4)]
    busy = [answer for answer in answers if answer.status_code == 503]
    assert busy
    assert 1 <= int(busy[0].headers["Retry-After"]) <= 10


async def test_an_app_without_the_lifespan_is_told_what_is_missing() -> None:
    async def show(request: Request) -> Response:
        client_of(request)
        return JSONResponse({})

    app = Starlette(routes=[Route("/", show)])
    async with visiting(app) as browser:
        with pytest.raises(errors.ConfigError, match="lifespan"):
            await browser.get("/")


async def test_starlette_shares_client_and_errors(simulator: Simulator) -> None:
    async def show(request: Request) -> Response:
        found = await client_of(request).contacts.get(request.path_params["contact_id"])
        return JSONResponse({"id": found.id})

    app = Starlette(
        routes=[Route("/{contact_id}", show)],
        lifespan=lifespan(maker(simulator)),
        exception_handlers=error_handlers,
    )
    async with visiting(app) as browser:
        assert (await browser.get("/5f7f0d217289f8d2f4262080")).status_code == 404


async def test_aiohttp_shares_client_and_errors(simulator: Simulator) -> None:
    async def show(request: web.Request) -> web.Response:
        found = await request.app[INTERCOM].contacts.get(request.match_info["contact_id"])
        return web.json_response({"id": found.id})

    app = web.Application(middlewares=[error_middleware])
    app.cleanup_ctx.append(intercom_context(maker(simulator)))
    app.router.add_get("/{contact_id}", show)
    async with TestClient(TestServer(app)) as browser:
        missing = await browser.get("/5f7f0d217289f8d2f4262080")
        assert (missing.status, await missing.json()) == (404, {"detail": "not found"})


def every_error() -> list[type[errors.IntercomError]]:
    def below(kind: type[errors.IntercomError]) -> list[type[errors.IntercomError]]:
        return [kind, *(each for sub in kind.__subclasses__() for each in below(sub))]

    return below(errors.IntercomError)


STATUS = {
    errors.NotFoundError: 404,
    errors.RateLimitedError: 503,
    errors.WaitTooLongError: 503,
    errors.DeadlineError: 504,
}


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_is_an_answer_or_stays_a_mistake_of_the_app(
    kind: type[errors.IntercomError],
) -> None:
    """Those of a call are answered; the rest says that the app's own code is wrong."""
    if not issubclass(kind, HANDLED):
        assert not issubclass(kind, (errors.ResponseError, errors.TransportError))
        return
    error = kind.__new__(kind)
    if issubclass(kind, (errors.RateLimitedError, errors.WaitTooLongError)):
        error.__dict__["retry_after_s"] = 2.5
    status, text, headers = answer_to(error)
    assert status == next((STATUS[base] for base in kind.__mro__ if base in STATUS), 502)
    assert ("3 seconds" in text, headers.get("Retry-After") == "3") == (status == 503,) * 2
