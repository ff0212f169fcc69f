"""Installing an app: the way there and back, and everything that must not install."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, strategies as st

from intercom_async.clock import CLOCK
from intercom_async.errors import ConfigError, OAuthError, ServerError, StateError
from intercom_async.oauth import Grant, OAuth
from intercom_async.oauth.flow import check_redirect_uri
from intercom_async.oauth.grant import region_of
from intercom_async.transport import MemoryTransport, Reply
from tests.support.virtual_time import run_virtual
from .intercom_app import ADMIN, CLIENT_ID, CLIENT_SECRET, TOKEN, IntercomApp

pytestmark = pytest.mark.anyio

STATE = "state-of-a-test"


def oauth_of(app: IntercomApp, **options: Any) -> OAuth:
    return OAuth(CLIENT_ID, CLIENT_SECRET, transport=app.transport, **options)


async def finish(app: IntercomApp, **changes: Any) -> Grant:
    given: dict[str, Any] = {"code": "code1", "state": STATE, "expected": STATE, **changes}
    return await oauth_of(app).finish(given.pop("code"), **given)


@pytest.mark.parametrize(
    ("region", "host"),
    [("us", "app.intercom.com"), ("eu", "app.eu.intercom.com"), ("au", "app.au.intercom.com")],
)
def test_a_login_begins_at_the_regions_host(region: Any, host: str) -> None:
    oauth = OAuth(CLIENT_ID, CLIENT_SECRET, region=region)
    login = oauth.begin(redirect_uri="https://app.example/callback?a=1")
    parts = urlsplit(login.url)
    assert (parts.scheme, parts.hostname, parts.path) == ("https", host, "/oauth")
    assert parse_qs(parts.query) == {
        "client_id": [CLIENT_ID],
        "state": [login.state],
        "redirect_uri": ["https://app.example/callback?a=1"],
    }
    assert "redirect_uri" not in oauth.begin().url
    simulated = OAuth(CLIENT_ID, CLIENT_SECRET, base_url="http://127.0.0.1:8080")
    assert simulated.begin().url.startswith("http://127.0.0.1:8080/oauth?")


def test_states_are_long_and_never_the_same() -> None:
    oauth = OAuth(CLIENT_ID, CLIENT_SECRET)
    states = {oauth.begin().state for _ in range(100)}
    assert len(states) == 100
    assert all(len(state) >= 43 for state in states)


async def test_a_code_becomes_a_grant() -> None:
    app = IntercomApp()
    grant = await finish(app)
    assert grant.token == TOKEN
    assert (grant.workspace_id, grant.workspace_name, grant.region) == ("ws1", "Example", "us")
    assert (grant.admin_id, grant.verified_email) == ("5", "ann@example.com")
    assert app.asked == ["POST /auth/eagle/token", "GET /me"]


@pytest.mark.parametrize("verified", [False, None])
async def test_an_address_that_is_not_verified_proves_nothing(verified: Any) -> None:
    grant = await finish(IntercomApp({**ADMIN, "email_verified": verified}))
    assert grant.verified_email is None
    assert grant.admin_email == "ann@example.com"


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("US", "us"),
        ("us", "us"),
        ("United States", "us"),
        ("EU", "eu"),
        ("Europe", "eu"),
        (" europe ", "eu"),
        ("AU", "au"),
        ("Australia", "au"),
        ("", "eu"),
        (None, "eu"),
        ("Mars", "eu"),
    ],
)
def test_the_region_is_found_by_its_name(name: Any, region: str) -> None:
    assert region_of(name, "eu") == region


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, STATE),
        ("", STATE),
        (STATE, None),
        (STATE, ""),
        ("", ""),
        (None, None),
        (STATE, STATE + "x"),
        (STATE[:-1], STATE),
        ("é", STATE),
        ("other", STATE),
    ],
)
async def test_a_state_that_is_not_this_browsers_sends_nothing(state: Any, expected: Any) -> None:
    app = IntercomApp()
    with pytest.raises(StateError):
        await finish(app, state=state, expected=expected)
    assert app.asked == []


@given(st.text(), st.text())
def test_only_equal_states_are_taken(state: str, expected: str) -> None:
    async def install() -> Grant:
        return await finish(IntercomApp(), state=state, expected=expected)

    if state and state == expected:
        assert run_virtual(install()).token == TOKEN
    else:
        with pytest.raises(StateError):
            run_virtual(install())


async def test_a_code_is_sent_once() -> None:
    app = IntercomApp()
    oauth = oauth_of(app)
    await oauth.finish("code1", state=STATE, expected=STATE)
    with pytest.raises(OAuthError, match="used before") as caught:
        await oauth.finish("code1", state=STATE, expected=STATE)
    assert caught.value.code == "code_used"
    assert app.asked.count("POST /auth/eagle/token") == 1


@pytest.mark.parametrize("code", [None, ""])
@pytest.mark.parametrize(
    ("error", "reason"),
    [("access_denied", "access_denied"), (None, ""), ("<script>", ""), ("x" * 65, "")],
)
async def test_a_refused_installation_says_why(code: Any, error: Any, reason: str) -> None:
    app = IntercomApp()
    with pytest.raises(OAuthError) as caught:
        await finish(app, code=code, error=error)
    assert caught.value.code == reason
    assert not isinstance(caught.value, StateError)
    assert app.asked == []


async def test_a_new_token_may_be_unknown_for_some_seconds() -> None:
    grant = await finish(IntercomApp(unknown_for=3))
    assert grant.workspace_id == "ws1"
    assert 3 < CLOCK.now() < 4
    with pytest.raises(OAuthError, match="does not know"):
        await finish(IntercomApp(unknown_for=99))


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"token": 7}', b"<html>", b'{"token": ""}'])
async def test_an_answer_without_a_token_is_an_error(body: bytes) -> None:
    oauth = OAuth(CLIENT_ID, CLIENT_SECRET, transport=MemoryTransport([Reply(200, {}, body)]))
    with pytest.raises(OAuthError, match="without a token"):
        await oauth.finish("code1", state=STATE, expected=STATE)


async def test_a_token_of_no_workspace_is_an_error() -> None:
    with pytest.raises(ConfigError, match="workspace_id"):
        await finish(IntercomApp({**ADMIN, "app": None}))


async def test_nothing_shows_a_secret() -> None:
    app = IntercomApp()
    oauth = oauth_of(app)
    wrong = OAuth(CLIENT_ID, "another-secret", transport=app.transport)
    login = oauth.begin()
    texts = [repr(oauth), repr(login), str(login)]
    for attempt in (
        oauth.finish("code9", state=STATE, expected=STATE),
        wrong.finish("code1", state=STATE, expected=STATE),
    ):
        with pytest.raises(OAuthError) as caught:
            await attempt
        texts += [str(caught.value), repr(caught.value), repr(caught.value.__cause__)]
        assert caught.value.code == "unauthorized"
    grant = await oauth.finish("code1", state=STATE, expected=STATE)
    texts += [repr(grant), str(grant)]
    for text in texts:
        for secret in (CLIENT_SECRET, "another-secret", "code9", TOKEN, login.state, "ann@"):
            assert secret not in text


async def test_uninstalling_ends_the_token_and_may_be_repeated() -> None:
    app = IntercomApp()
    oauth = oauth_of(app)
    grant = await oauth.finish("code1", state=STATE, expected=STATE)
    assert await oauth.is_installed(grant)
    await oauth.uninstall(grant.token)
    assert not await oauth.is_installed(grant)
    await oauth.uninstall(grant)


async def test_an_outage_is_no_uninstall() -> None:
    app = IntercomApp()
    oauth = oauth_of(app)
    grant = await oauth.finish("code1", state=STATE, expected=STATE)
    app.status = 503
    with pytest.raises(ServerError):
        await oauth.is_installed(grant)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://app.example/callback",
        "ftp://app.example",
        "//app.example",
        "https://",
        "https://app.example/#x",
        "javascript:alert(1)",
        "http://[",
        None,
        7,
    ],
)
def test_a_redirect_that_intercom_does_not_take_is_refused(uri: Any) -> None:
    with pytest.raises(ConfigError, match="redirect_uri"):
        check_redirect_uri(uri)


@pytest.mark.parametrize(
    "uri",
    ["https://app.example", "http://localhost:8000/x", "http://127.0.0.1/x", "http://[::1]/x"],
)
def test_https_and_loopback_are_taken(uri: str) -> None:
    assert check_redirect_uri(uri) == uri


@pytest.mark.parametrize("value", ["", " ", None, 7])
def test_an_empty_id_or_secret_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="client_id"):
        OAuth(value, CLIENT_SECRET)
    with pytest.raises(ConfigError, match="client_secret"):
        OAuth(CLIENT_ID, value)
    with pytest.raises(ConfigError, match="region"):
        OAuth(CLIENT_ID, CLIENT_SECRET, region=value)
