"""Every variable of the environment and odd values for each: taken as meant, or refused by name."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import pytest

from intercom_async import ConfigError, Intercom
from tests.support.scripted_client import TOKEN

VARIABLES = ("INTERCOM_TOKEN", "INTERCOM_REGION", "INTERCOM_BASE_URL")
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "HTTP_PROXY")
SECRET = "hunter2"
ODD = [
    "",
    " ",
    "us",
    "US",
    " eu ",
    "eu\n",
    "\ttok\n",
    "two words",
    "'quoted'",
    '"quoted"',
    f"Bearer {SECRET}",
    "https://api.intercom.io/",
    " https://api.intercom.io ",
    "http://api.intercom.io",
    "http://127.0.0.1:8080",
    "http://localhost:8080/",
    f"http://user:{SECRET}@proxy.example:3128",
    f"https://api.intercom.io/?token={SECRET}",
    f"https://api.intercom.io/#{SECRET}",
    f"socks5://user:{SECRET}@proxy.example:1080",
    "ftp://proxy.example",
    "http://",
    "proxy.example",
    "proxy.example:3128",
    "proxy.example:99999",
    "//proxy.example:3128",
    "http://[::1]:3128",
    "http://[::1",
    "http://a,http://b",
    "*",
    "*.intercom.io",
    "10.0.0.0/8",
    "10.0.0.0/99",
    "é",
    "\udcff",
    "x" * 5_000,
]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take all variables away that the client reads."""
    for name in [*os.environ]:
        if name.upper().endswith("_PROXY") or name.startswith("INTERCOM_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("INTERCOM_TOKEN", TOKEN)


@pytest.mark.parametrize("name", [*VARIABLES, *PROXIES])
def test_an_odd_variable_is_taken_as_meant_or_refused_by_name(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = 0
    for value in ODD:
        monkeypatch.setenv(name, value)
        try:
            intercom = Intercom()
        except ConfigError as error:
            text = str(error)
            assert name.upper() in text
            assert text.isprintable()
            assert SECRET not in text
            assert len(text) < 400
        else:
            taken += 1
            origin = repr(intercom).split()[1]
            host = urlsplit(origin).hostname or "none"
            is_named = name == "INTERCOM_BASE_URL" and host in value
            assert is_named or host == "api.intercom.io"
            assert not origin.endswith("/")
    assert taken >= 2


@pytest.mark.parametrize("name", [*VARIABLES, *PROXIES])
def test_an_empty_variable_is_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "")
    assert Intercom(TOKEN).region == "us"


@pytest.mark.parametrize("name", VARIABLES)
def test_an_argument_beats_a_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "two words")
    assert Intercom(TOKEN, region="eu").region == "eu"
