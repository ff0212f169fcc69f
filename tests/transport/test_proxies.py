"""Which requests take a proxy, and what becomes of one that the proxy refuses."""

from __future__ import annotations

import pytest
from yarl import URL

from intercom_async import ConfigError, ConnectError, Intercom
from intercom_async.transport.proxies import Proxies
from tests.support.connect_proxy import connect_proxy

pytestmark = pytest.mark.anyio

API = URL("https://api.intercom.io/me")
VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


async def test_a_refusal_of_the_proxy_is_said_once_and_nothing_was_sent() -> None:
    async with (
        connect_proxy("407 Proxy Authentication Required") as (address, heads),
        Intercom("secret-token", proxy=f"http://user:word@{address}") as intercom,
    ):
        with pytest.raises(ConnectError, match="407") as caught:
            await intercom.admins.me()
    assert len(heads) == 1
    assert heads[0].startswith("CONNECT api.intercom.io:443 HTTP/1.1")
    assert "Proxy-Authorization: Basic" in heads[0]
    assert "secret-token" not in heads[0]
    assert "word" not in str(caught.value)
    assert not caught.value.maybe_sent


async def test_the_proxy_of_the_environment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connect_proxy("403 Forbidden") as (address, heads):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        async with Intercom("secret-token") as intercom:
            with pytest.raises(ConnectError, match="403"):
                await intercom.admins.me()
        assert len(heads) == 1
        assert Proxies(trust_env=False).are_none


@pytest.mark.parametrize("name", [*VARIABLES[::2], "https_proxy", "all_proxy"])
def test_each_variable_is_read_in_either_case(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://proxy:3128")
    assert Proxies().find(API) == URL("http://proxy:3128")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"], ids=lambda host: host
)
def test_loopback_takes_no_proxy_of_the_environment(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy:3128")
    assert Proxies().find(URL(f"http://{host}:8080/me")) is None
    assert Proxies("http://mine:1").find(URL(f"http://{host}:8080/me")) == URL("http://mine:1")


@pytest.mark.parametrize(
    ("entries", "is_direct"),
    [
        ("*", True),
        ("intercom.io", True),
        (".intercom.io", True),
        ("*.intercom.io", True),
        ("API.intercom.io", True),
        ("other.io, api.intercom.io:443", True),
        ("api.intercom.io:8443", False),
        ("other.io api.intercom.io", True),
        ("other.io\tintercom.io,", True),
        ("api.intercom.io.", True),
        (".intercom.io.:443", True),
        ("com.io", False),
        (".", False),
        (", ,", False),
        ("10.0.0.0/8", False),
        ("", False),
    ],
)
def test_no_proxy_names_hosts(
    entries: str, monkeypatch: pytest.MonkeyPatch, *, is_direct: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", entries)
    assert (Proxies().find(API) is None) == is_direct


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("is_create", [False, True])
async def test_a_password_that_a_proxy_asks_for_is_said_once(
    scheme: str, *, is_create: bool
) -> None:
    """A proxy answers a request of http itself, in place of the server."""
    async with (
        connect_proxy("407 Proxy Authentication Required") as (address, heads),
        Intercom(
            "secret-token",
            base_url=f"{scheme}://server.test",
            allow_http=True,
            proxy=f"http://user:word@{address}",
        ) as intercom,
    ):
        with pytest.raises(ConnectError, match="the proxy answered 407") as caught:
            await (intercom.contacts.create(email="a@b.io") if is_create else intercom.admins.me())
    assert len(heads) == 1
    assert "word" not in str(caught.value)
    assert not caught.value.maybe_sent
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("entry", "host", "is_direct"),
    [
        *((entry, "[fd00::1]", True) for entry in ("fd00::1", "FD00:0::1", "fd00:0:0:0:0:0:0:1")),
        *((entry, "[fd00::1]", True) for entry in ("[fd00::1]", "[fd00::1]:8080", "fd00::/8")),
        *((entry, "[fd00::1]", False) for entry in ("[fd00::1]:443", "fd00::1:8080", "fe00::/8")),
        *((entry, "[fd00::8080]", True) for entry in ("fd00::8080", "[fd00::8080]:8080")),
        *((entry, "[fd00::8080]", False) for entry in ("fd00::", "[fd00::8080]:80", "10.0.0.0/8")),
        *((entry, "10.1.2.3", True) for entry in ("10.1.2.3", "10.1.2.3:8080", "10.0.0.0/8")),
        *((entry, "10.1.2.3", False) for entry in ("10.1.2.3:80", "1.2.3", "10.0.0.0/99", "/")),
        *((entry, "10.example", True) for entry in ("10.example", "10.example:8080", "*.example")),
        *((entry, "10.example", False) for entry in ("10.0.0.0/8", "fd00::/8", "10.example/8")),
    ],
)
def test_no_proxy_names_addresses_and_networks(
    entry: str, host: str, monkeypatch: pytest.MonkeyPatch, *, is_direct: bool
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", entry)
    assert (Proxies().find(URL(f"http://{host}:8080/me")) is None) == is_direct


@pytest.mark.parametrize(
    "address",
    [
        "socks5://word@proxy:1080",
        "socks4://proxy",
        "ftp://word@x",
        "http://999.1.1.1:80",
        "http://a..b:80",
        "http://:80",
        "http://proxy:0",
        "http://\u00fcser:word@proxy:80",
        "http://us er:word@proxy:80",
        "http://us\x7fer:word@proxy:80",
    ],
)
def test_what_is_no_http_proxy_is_refused_by_name(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="proxy") as caught:
        Intercom("t", proxy=address)
    assert "word" not in str(caught.value)
    monkeypatch.setenv("ALL_PROXY", address)
    with pytest.raises(ConfigError, match="ALL_PROXY") as caught:
        Intercom("t")
    assert "word" not in str(caught.value)
    Intercom("t", trust_env=False)
    Intercom("t", base_url="http://localhost:1")


def test_a_url_without_a_host_has_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy:3128")

    assert Proxies().find(URL("https:///me")) is None
