from __future__ import annotations

from typing import Any

import pytest

from intercom_async.config import (
    Limits,
    RetryPolicy,
    check_headers,
    check_seconds,
    check_token,
    check_update_method,
    check_version,
    resolve_origin,
    resolve_token,
)
from intercom_async.errors import ConfigError


@pytest.mark.parametrize(
    ("region", "origin"),
    [
        ("us", "https://api.intercom.io"),
        ("eu", "https://api.eu.intercom.io"),
        ("au", "https://api.au.intercom.io"),
    ],
)
def test_each_region_has_its_host(region: str, origin: str) -> None:
    assert resolve_origin(region, None) == origin


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://proxy.example.com/", "https://proxy.example.com"),
        ("https://proxy.example.com:8443/intercom/", "https://proxy.example.com:8443/intercom"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:9", "http://127.0.0.1:9"),
        ("http://[::1]:9", "http://[::1]:9"),
    ],
)
def test_a_base_url_is_kept_without_its_last_slash(given: str, origin: str) -> None:
    assert resolve_origin(None, given) == origin


def test_region_and_base_url_exclude_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="region or base_url, not both"):
        resolve_origin("eu", "https://api.intercom.io")
    monkeypatch.setenv("INTERCOM_REGION", "eu")
    assert resolve_origin(None, None) == "https://api.eu.intercom.io"
    assert resolve_origin("au", None) == "https://api.au.intercom.io"
    assert resolve_origin(None, "http://localhost:1") == "http://localhost:1"
    monkeypatch.setenv("INTERCOM_BASE_URL", "http://localhost:2")
    assert resolve_origin("au", None) == "https://api.au.intercom.io"
    assert resolve_origin(None, "http://localhost:1") == "http://localhost:1"
    with pytest.raises(ConfigError, match="INTERCOM_REGION or INTERCOM_BASE_URL, not both"):
        resolve_origin(None, None)
    monkeypatch.setenv("INTERCOM_REGION", "")
    assert resolve_origin(None, None) == "http://localhost:2"


def test_http_to_another_host_has_to_be_allowed() -> None:
    with pytest.raises(ConfigError, match="allow_http"):
        resolve_origin(None, "http://simulator:8080")
    assert resolve_origin(None, "http://simulator:8080", allow_http=True) == "http://simulator:8080"


@pytest.mark.parametrize(
    "given",
    [
        "http://api.intercom.io",
        "http://127.0.0.1.evil.example",
        "ftp://api.intercom.io",
        "api.intercom.io",
        "https://",
        "https://user:secret@api.intercom.io",
        "https://api.intercom.io?x=1",
        "https://api.intercom.io:port",
        "https://api.intercom.io:99999",
        "https://api.intercom.io:0",
        "https://api.intercom.io:\uff14\uff14\uff13",
        "https://api intercom.io",
        "https://api.intercom.io/a b",
        " https://api.intercom.io",
        "https://a..b",
        f"https://{'a' * 64}.io",
        f"https://{'a.' * 200}io",
        "https://bücher.example",
        "https://-a.io",
        "https://[::1",
        "https://[zz]",
        "https://[v1.a]",
        "https://[1:2:3]",
        "https://999.1.1.1",
        "https://1.2.3",
        "https://a\nb",
        "https://secret@api.intercom.io",
        "",
    ],
)
def test_unusable_base_url_is_refused_without_being_shown(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_origin(None, given)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("region", ["uk", "", "US", 7, [], b"us"])
def test_unknown_region_is_refused_with_the_known_ones(region: Any) -> None:
    with pytest.raises(ConfigError, match="us, eu, au"):
        resolve_origin(region, None)


@pytest.mark.parametrize("token", ["", "   ", "two words", "line\nfeed", "naïve"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_token(token)
    assert not token.strip() or token not in str(caught.value)


def test_spaces_around_a_token_are_dropped() -> None:
    assert check_token(" dG9rOjEyMw==\n") == "dG9rOjEyMw=="


def test_the_environment_is_read_when_a_client_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERCOM_TOKEN", "from-environment")
    assert resolve_token(None) == "from-environment"
    monkeypatch.delenv("INTERCOM_TOKEN")
    with pytest.raises(ConfigError, match="INTERCOM_TOKEN"):
        resolve_token(None)


@pytest.mark.parametrize("version", ["2.14", "2.16", "1.0", "Preview", "Unstable"])
def test_versions_that_exist_pass(version: str) -> None:
    assert check_version(version) == version


@pytest.mark.parametrize("version", ["2", "v2.14", "2.14.1", "preview", "", "latest", None])
def test_a_malformed_version_is_refused(version: Any) -> None:
    with pytest.raises(ConfigError, match=r"2\.14"):
        check_version(version)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "10", None])
def test_limits_that_are_no_positive_numbers_are_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="app_per_minute"):
        Limits(app_per_minute=value)


def test_a_ceiling_may_be_absent_but_not_zero() -> None:
    assert Limits(max_per_second=None).max_per_second is None
    with pytest.raises(ConfigError, match="max_per_second"):
        Limits(max_per_second=0)


def test_a_minute_is_cut_into_windows_rounded_down() -> None:
    assert Limits().app_per_window == 1666
    assert Limits().workspace_per_window == 4166
    assert Limits(app_per_minute=1, window_s=1.0).app_per_window == 1


@pytest.mark.parametrize(
    "settings",
    [{"max_attempts": 0}, {"max_attempts": 1.5}, {"base_s": 0}, {"cap_s": -1}, {"budget": -1}],
)
def test_unusable_retry_policies_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        RetryPolicy(**settings)


@pytest.mark.parametrize("value", [-1, float("nan"), True, "5"])
def test_a_time_span_is_a_number_from_zero_up(value: Any) -> None:
    with pytest.raises(ConfigError, match="max_wait_s"):
        check_seconds("max_wait_s", value)


def test_zero_seconds_and_none_are_time_spans() -> None:
    assert check_seconds("max_wait_s", 0) == 0.0
    assert check_seconds("max_wait_s", None) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer x"},
        {"intercom-version": "2.14"},
        {"X-A": "one\r\nX-B: two"},
        {"X A": "1"},
        {"X-A": 1},
        {"Proxy-Authorization": "Basic x"},
        {"Transfer-Encoding": "chunked"},
        {"content-encoding": "gzip"},
        {"Expect": "100-continue"},
        {"Upgrade": "h2c"},
    ],
)
def test_headers_that_are_unsafe_or_not_the_callers_are_refused(headers: Any) -> None:
    with pytest.raises(ConfigError):
        check_headers(headers)


@pytest.mark.parametrize("method", ["POST", "put", None, ["PUT"]])
def test_only_two_verbs_are_in_use_for_updates(method: Any) -> None:
    with pytest.raises(ConfigError, match="'PUT' or 'PATCH'"):
        check_update_method(method)


@pytest.mark.parametrize("count", [0, -1, 1.5, "500", True])
def test_calls_under_way_are_a_whole_number(count: Any) -> None:
    with pytest.raises(ConfigError, match="max_in_flight"):
        Limits(max_in_flight=count)


def test_a_token_that_is_no_text_is_refused() -> None:
    with pytest.raises(ConfigError, match="int"):
        check_token(5)  # type: ignore[arg-type] # the mistake
