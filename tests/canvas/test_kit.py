"""The Canvas Kit receiver: every flow, and every request that gets no canvas."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, strategies as st

from intercom_async.canvas import (
    Button,
    Canvas,
    CanvasKit,
    ConfigureRequest,
    InitializeRequest,
    LiveCanvasRequest,
    Results,
    SheetRequest,
    SubmitRequest,
    SubmitSheetRequest,
    Submitted,
    Text,
)
from intercom_async.canvas.kit import KINDS
from intercom_async.canvas.requests import read_json, read_request
from intercom_async.errors import ConfigError, DecodeError
from tests.support.asgi import Answer, send

pytestmark = pytest.mark.anyio

SECRET = "client-secret-of-a-test"

INITIALIZE: dict[str, Any] = {
    "workspace_id": "ws1",
    "workspace_region": "US",
    "card_creation_options": {"order": 12},
    "context": {"location": "conversation", "conversation_id": 215},
    "contact": {"type": "user", "id": "c1", "user_id": "u1"},
}
SHOWN: dict[str, Any] = {"content": {"components": []}, "stored_data": {"order": 12}}
SUBMIT: dict[str, Any] = {
    "workspace_id": "ws1",
    "component_id": "refund",
    "input_values": {"amount": "5"},
    "current_canvas": SHOWN,
    "user": {"id": "c1"},
}
LIVE: dict[str, Any] = {"workspace_id": "ws1", "canvas": SHOWN, "contact": {"id": "c1"}}
SUBMIT_SHEET: dict[str, Any] = {
    "workspace_id": "ws1",
    "sheet_values": {"a": 1},
    "current_canvas": SHOWN,
}
CONFIGURE: dict[str, Any] = {"workspace_id": "ws1", "admin": {"id": 5}}


def app() -> tuple[CanvasKit, list[Any]]:
    """Make an app with every handler, and what they were given."""
    canvas = CanvasKit(SECRET)
    given: list[Any] = []

    @canvas.initialize
    async def start(request: InitializeRequest) -> Canvas:
        given.append(request)
        return Canvas([Text("start"), Button("Refund", id="refund")])

    @canvas.submit("refund", "again")
    async def refund(request: SubmitRequest) -> Canvas | Submitted:
        given.append(request)
        return Submitted(Canvas([Text("refunded")]), is_completed=True)

    @canvas.submit
    async def other(request: SubmitRequest) -> Canvas:
        given.append(request)
        return Canvas([Text("other")])

    @canvas.configure
    async def configure(request: ConfigureRequest) -> Canvas | Results:
        given.append(request)
        return Results({"order": 12}) if request.component_id else Canvas([Text("which?")])

    @canvas.live
    async def live(request: LiveCanvasRequest) -> Canvas:
        given.append(request)
        return Canvas([Text("live")])

    @canvas.submit_sheet
    async def sheet_done(request: SubmitSheetRequest) -> Canvas:
        given.append(request)
        return Canvas([Text("done")])

    return canvas, given


async def ask(canvas: CanvasKit, value: Any, path: str = "/", **options: Any) -> Answer:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    headers = [("X-Body-Signature", canvas.sign(body)), ("Content-Type", "application/json")]
    return await send(canvas.asgi(), path=path, body=body, headers=headers, **options)


def texts(answer: Answer) -> list[str]:
    assert answer.status == 200, answer
    assert answer.headers["content-type"].startswith("application/json")
    found = json.loads(answer.body)
    content = found["content"] if "content" in found else found["canvas"]["content"]
    return [one["text"] for one in content["components"] if "text" in one]


FLOWS: list[tuple[str, Any, Any, str]] = [
    ("initialize", INITIALIZE, InitializeRequest, "start"),
    ("submit", SUBMIT, SubmitRequest, "refunded"),
    ("submit", {**SUBMIT, "component_id": "else"}, SubmitRequest, "other"),
    ("live", LIVE, LiveCanvasRequest, "live"),
    ("submit-sheet", SUBMIT_SHEET, SubmitSheetRequest, "done"),
    ("configure", CONFIGURE, ConfigureRequest, "which?"),
]


@pytest.mark.parametrize(("flow", "value", "kind", "text"), FLOWS)
async def test_each_flow_by_its_own_address(flow: str, value: Any, kind: Any, text: str) -> None:
    canvas, given = app()
    for path in (f"/{flow}", f"/{flow}/"):
        assert texts(await ask(canvas, value, path)) == [text]
    answer = await ask(canvas, value, f"/canvas/{flow}", root="/canvas")
    assert texts(answer) == [text]
    assert {type(request) for request in given} == {kind}


@pytest.mark.parametrize(
    ("flow", "value", "kind", "text"), [flow for flow in FLOWS if flow[0] != "configure"]
)
async def test_each_flow_by_its_content(flow: str, value: Any, kind: Any, text: str) -> None:
    assert flow in KINDS
    canvas, given = app()
    for path in ("", "/", "/anything"):
        assert texts(await ask(canvas, value, path)) == [text]
    assert {type(request) for request in given} == {kind}


async def test_what_a_handler_is_given() -> None:
    canvas, given = app()
    await ask(canvas, INITIALIZE)
    await ask(canvas, SUBMIT)
    await ask(canvas, {**CONFIGURE, "component_id": "x"}, "/configure")
    first, second, third = given
    assert (first.workspace_id, first.workspace_region) == ("ws1", "US")
    assert first.card_creation_options == {"order": 12}
    assert first.context.conversation_id == "215"
    assert (first.contact.id, first.contact.external_id) == ("c1", "u1")
    assert second.input_values == {"amount": "5"}
    assert second.stored_data == {"order": 12}
    assert second.contact.id == "c1"
    assert third.admin.id == "5"
    assert first.stored_data == {}


async def test_a_configuration_ends_with_results() -> None:
    canvas, _ = app()
    answer = await ask(canvas, {**CONFIGURE, "component_id": "save"}, "/configure")
    assert json.loads(answer.body) == {"results": {"order": 12}}


async def test_older_names_are_understood() -> None:
    canvas, given = app()
    nested = {"current_canvas": {"current_canvas": SHOWN}}
    await ask(canvas, {**SUBMIT, **nested, "user": None, "customer": {"id": "c2"}})
    await ask(canvas, {"app_id": "ws1"})
    assert given[0].stored_data == {"order": 12}
    assert given[0].contact.id == "c2"
    assert given[1].workspace_id == "ws1"


async def test_every_other_request_gets_no_canvas() -> None:
    canvas, given = app()
    body = json.dumps(INITIALIZE).encode()
    sha1 = [("X-Body-Signature", "0" * 40)]
    other = [("X-Body-Signature", CanvasKit("other").sign(body))]
    assert (await send(canvas.asgi(), "HEAD")).status == 200
    assert (await send(canvas.asgi(), "GET")).status == 405
    assert (await send(canvas.asgi(), body=body)).status == 401
    assert (await send(canvas.asgi(), body=body, headers=sha1)).status == 401
    assert (await send(canvas.asgi(), body=body, headers=other)).status == 401
    again = json.dumps(INITIALIZE, indent=1).encode()
    signed = [("X-Body-Signature", canvas.sign(body))]
    assert (await send(canvas.asgi(), body=again, headers=signed)).status == 401
    for wrong in (b"", b"[]", b"null", b"{", b"\xff"):
        assert (await ask(canvas, wrong)).status == 400
    assert (await ask(canvas, b"x" * 2_000_000)).status == 413
    assert (await ask(canvas, INITIALIZE, chunk_delay_s=60)).status == 408
    assert given == []


@pytest.mark.parametrize(("flow", "value"), [(flow, value) for flow, value, _, _ in FLOWS])
async def test_a_flow_without_a_handler_is_404(flow: str, value: Any) -> None:
    assert (await ask(CanvasKit(SECRET), value, f"/{flow}")).status == 404


async def test_a_failing_handler_is_500_and_logged_without_the_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    canvas = CanvasKit(SECRET)

    @canvas.initialize
    async def start(request: InitializeRequest) -> Canvas:
        raise RuntimeError(str(request.contact))

    @canvas.submit
    async def submit(request: SubmitRequest) -> Canvas:
        return Canvas([Text("")] if request.component_id else [])

    @canvas.live
    async def live(request: LiveCanvasRequest) -> Any:
        return {"content": request.stored_data}

    for value in (INITIALIZE, SUBMIT, LIVE):
        assert (await ask(canvas, value)).status == 500
    assert "u1" not in caplog.text
    assert "RuntimeError" in caplog.text
    assert "Text.text must be a text" in caplog.text
    assert "must return a Canvas" in caplog.text


def test_what_cannot_be_a_handler_is_refused() -> None:
    canvas, _ = app()

    async def start(request: InitializeRequest) -> Canvas:
        raise AssertionError(request)

    with pytest.raises(ConfigError, match="already"):
        canvas.initialize(start)
    with pytest.raises(ConfigError, match="refund"):
        canvas.submit("refund")(start)  # type: ignore[arg-type] # only the id matters here
    with pytest.raises(ConfigError, match="async"):
        CanvasKit(SECRET).initialize(lambda _: start(InitializeRequest()))
    with pytest.raises(ConfigError, match="secret"):
        CanvasKit("")
    assert SECRET not in repr(canvas)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [*INITIALIZE, *SUBMIT, "customer", "canvas", "admin", "conversation", "sheet_values", "app_id"]
)


@given(st.dictionaries(NAMES, JSON), st.sampled_from(sorted(KINDS)))
def test_any_object_is_a_request_or_a_decode_error(value: Any, kind: str) -> None:
    try:
        request = read_request(read_json(json.dumps(value).encode()), KINDS[kind])
    except DecodeError:
        return
    assert type(request) is KINDS[kind]


# Sheets --------------------------------------------------------------------------------------


def encrypted(user: Any, secret: str = SECRET) -> str:
    """Encrypt as Intercom does."""
    aead = pytest.importorskip("cryptography.hazmat.primitives.ciphers.aead")
    nonce = bytes(range(12))
    key = hashlib.sha256(secret.encode()).digest()
    raw = nonce + aead.AESGCM(key).encrypt(nonce, json.dumps(user).encode(), None)
    return base64.encodebytes(raw).decode()


def sheet_app() -> tuple[CanvasKit, list[SheetRequest]]:
    canvas = CanvasKit([SECRET, "old secret"])
    given: list[SheetRequest] = []

    @canvas.sheet
    async def page(request: SheetRequest) -> str:
        given.append(request)
        return "<title>Order</title>"

    return canvas, given


async def open_sheet(canvas: CanvasKit, value: Any, path: str = "/sheet") -> Answer:
    form = urlencode({"intercom_data": json.dumps(value)}).encode()
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    return await send(canvas.asgi(), path=path, body=form, headers=headers)


@pytest.mark.parametrize("path", ["/sheet", "/sheet/", "/"])
@pytest.mark.parametrize("secret", [SECRET, "old secret"])
async def test_a_sheet_is_opened_by_an_encrypted_user(path: str, secret: str) -> None:
    canvas, given = sheet_app()
    value = {"workspace_id": "ws1", "component_id": "b", "user": encrypted({"id": "c1"}, secret)}
    answer = await open_sheet(canvas, value, path)
    assert (answer.status, answer.body) == (200, b"<title>Order</title>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "x-frame-options" not in answer.headers
    assert given[0].contact is not None
    assert given[0].contact.id == "c1"
    assert given[0].component_id == "b"


async def test_a_sheet_without_a_user_that_intercom_encrypted_is_401() -> None:
    canvas, given = sheet_app()
    good = encrypted({"id": "c1"})
    for user in (None, {"id": "c1"}, "", "x", "!!", good[:-8], encrypted({}, "other"), "A" + good):
        answer = await open_sheet(canvas, {"workspace_id": "ws1", "user": user})
        assert answer.status == 401, user
    for body in (b"", b"x=1", b"intercom_data=", b"intercom_data=[]", b"\xff" * 10):
        assert (await send(canvas.asgi(), path="/sheet", body=body)).status in (400, 401)
    assert given == []
