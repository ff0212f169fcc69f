"""Tokens, hashes and settings for the Messenger."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from intercom_async.clock import LoopClock
from intercom_async.errors import ConfigError
from intercom_async.identity import (
    MAX_TOKEN_S,
    MESSENGER_HOSTS,
    REGISTERED,
    messenger_settings,
    messenger_token,
    user_hash,
)

SECRET = "messenger-secret-of-a-test"
NOW = 1_700_000_000


class FixedClock(LoopClock):
    def unix(self) -> float:
        return NOW + 0.5


def decoded(segment: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def claims(token: str) -> Any:
    return decoded(token.split(".")[1])


def test_a_token_is_a_jwt_signed_with_hs256() -> None:
    token = messenger_token(
        SECRET,
        user_id="u1",
        email="a@example.com",
        expires_in_s=60,
        attributes={"plan": "pro", "seats": 3},
        clock=FixedClock(),
    )
    head, body, signature = token.split(".")
    expected = hmac.new(SECRET.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == expected
    assert decoded(head) == {"alg": "HS256", "typ": "JWT"}
    assert claims(token) == {
        "user_id": "u1",
        "email": "a@example.com",
        "plan": "pro",
        "seats": 3,
        "iat": NOW,
        "exp": NOW + 61,
    }


def test_an_id_is_always_text_in_a_token() -> None:
    assert claims(messenger_token(SECRET, user_id=7))["user_id"] == "7"
    assert claims(messenger_token(SECRET, user_id=0))["user_id"] == "0"


def test_the_known_hash() -> None:
    # The vector of intercom-archive/intercom-user_hash.
    assert user_hash("secret", "Message").startswith("aa747c50")
    assert user_hash("secret", "Message").endswith("cb5597")
    assert user_hash(SECRET, 7) == user_hash(SECRET, "7")


@given(st.text(min_size=1).filter(str.strip), st.text(min_size=1).filter(str.strip))
def test_a_hash_is_the_hmac_of_the_id_as_it_is(secret: str, user: str) -> None:
    expected = hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()
    assert user_hash(secret, user) == expected


EMPTY: list[Any] = ["", " ", "\n", None, b"x", [], True, 1.5]


@pytest.mark.parametrize("value", [*EMPTY, 7])
def test_an_empty_secret_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="secret"):
        messenger_token(value, user_id="u1")
    with pytest.raises(ConfigError, match="secret"):
        user_hash(value, "u1")


@pytest.mark.parametrize("value", EMPTY)
def test_an_empty_id_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="user_id"):
        messenger_token(SECRET, user_id=value)
    with pytest.raises(ConfigError, match=r"^user (is empty|must be)"):
        user_hash(SECRET, value)
    with pytest.raises(ConfigError, match="app_id"):
        messenger_settings(value)
    if value is not None:
        with pytest.raises(ConfigError, match="email"):
            messenger_token(SECRET, user_id="u1", email=value)
        with pytest.raises(ConfigError, match="token"):
            messenger_settings("app", token=value)


@pytest.mark.parametrize(
    "seconds", [0, -1, -0.5, float("nan"), float("inf"), MAX_TOKEN_S + 1, True, "60", None]
)
def test_a_token_that_would_hardly_end_is_refused(seconds: Any) -> None:
    with pytest.raises(ConfigError, match="expires_in_s"):
        messenger_token(SECRET, user_id="u1", expires_in_s=seconds)


@pytest.mark.parametrize("name", sorted({*REGISTERED, "user_id", "email"}))
def test_an_attribute_never_replaces_a_claim(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        messenger_token(SECRET, user_id="u1", attributes={name: "other"})


def test_an_attribute_that_is_no_json_is_refused() -> None:
    with pytest.raises(ConfigError, match="attributes"):
        messenger_token(SECRET, user_id="u1", attributes={"x": object()})


@pytest.mark.parametrize("region", ["us", "eu", "au"])
def test_settings_name_the_regions_host(region: Any) -> None:
    settings = messenger_settings("abc123", region=region, token="t.t.t", attributes={"a": 1})
    assert settings == {
        "api_base": MESSENGER_HOSTS[region],
        "app_id": "abc123",
        "intercom_user_jwt": "t.t.t",
        "a": 1,
    }
    assert "intercom_user_jwt" not in messenger_settings("abc123", region=region)


@pytest.mark.parametrize("region", ["", "uk", "US", None, 7, []])
def test_an_unknown_region_is_refused(region: Any) -> None:
    with pytest.raises(ConfigError, match="region"):
        messenger_settings("abc123", region=region)


@pytest.mark.parametrize("name", ["api_base", "app_id", "intercom_user_jwt"])
def test_an_attribute_never_replaces_a_setting(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        messenger_settings("abc123", attributes={name: "other"})


def test_no_message_shows_a_secret_or_a_person() -> None:
    calls: list[Callable[[], str]] = [
        lambda: messenger_token(SECRET, user_id="ann-7", attributes={"exp": "ann-7"}),
        lambda: messenger_token(SECRET, user_id="ann-7", expires_in_s=-1),
        lambda: user_hash(SECRET, ""),
    ]
    for call in calls:
        with pytest.raises(ConfigError) as caught:
            call()
        assert SECRET not in str(caught.value)
        assert "ann-7" not in str(caught.value)
