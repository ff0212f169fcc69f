from __future__ import annotations

import pytest

from intercom_async.request import redirects
from intercom_async.transport.base import Reply, Request


def request(method: str = "GET", url: str = "https://api.intercom.io/calls/1/recording") -> Request:
    return Request(
        method=method,
        url=url,
        name=f"{method} /calls/{{call_id}}/recording",
        headers={"Authorization": "Bearer t", "Accept": "*/*", "Intercom-Version": "2.14"},
        body=b"{}" if method != "GET" else None,
    )


def follow(sent: Request, reply: Reply) -> tuple[Request, bool] | None:
    return redirects.follow(sent, reply, origin="https://api.intercom.io/me")


def redirect(status: int, location: str | None) -> Reply:
    return Reply(status, {} if location is None else {"Location": location}, b"")


def test_another_host_gets_neither_token_nor_version() -> None:
    found = follow(request(), redirect(302, "https://storage.example.com/x?signature=1"))
    assert found is not None
    following, is_same_origin = found
    assert not is_same_origin
    assert following.url == "https://storage.example.com/x?signature=1"
    assert dict(following.headers) == {"Accept": "*/*"}


@pytest.mark.parametrize("location", ["/other", "https://api.intercom.io/other"])
def test_the_same_origin_keeps_the_token(location: str) -> None:
    found = follow(request(), redirect(301, location))
    assert found is not None
    following, is_same_origin = found
    assert is_same_origin
    assert following.url == "https://api.intercom.io/other"
    assert following.headers["Authorization"] == "Bearer t"


@pytest.mark.parametrize("credentials", ["user:word@", "user@", ":@", "a@b@"])
def test_credentials_of_an_address_do_not_take_the_place_of_the_token(credentials: str) -> None:
    found = follow(request(), redirect(302, f"https://{credentials}api.intercom.io/other?a=1"))
    assert found is not None
    following, is_same_origin = found
    assert is_same_origin
    assert following.url == "https://api.intercom.io/other?a=1"
    assert following.headers["Authorization"] == "Bearer t"


def test_another_port_is_another_origin() -> None:
    found = follow(request(), redirect(302, "https://api.intercom.io:8443/x"))
    assert found is not None
    assert "Authorization" not in found[0].headers


def test_a_body_goes_to_the_same_origin_only() -> None:
    assert follow(request("POST"), redirect(307, "https://evil.example/x")) is None
    found = follow(request("POST"), redirect(307, "/x"))
    assert found is not None
    assert (found[0].method, found[0].body) == ("POST", b"{}")


def test_see_other_becomes_a_get_without_the_body() -> None:
    found = follow(request("POST"), redirect(303, "/x"))
    assert found is not None
    assert (found[0].method, found[0].body) == ("GET", None)


@pytest.mark.parametrize("status", [301, 302])
def test_a_post_that_has_moved_is_not_guessed_at(status: int) -> None:
    assert follow(request("POST"), redirect(status, "/x")) is None


@pytest.mark.parametrize(
    "location", [None, "", "http://api.intercom.io/x", "ftp://x/y", "javascript:1", "https://[::1"]
)
def test_what_cannot_be_followed_is_given_up(location: str | None) -> None:
    assert follow(request(), redirect(302, location)) is None
