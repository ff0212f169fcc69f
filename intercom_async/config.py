"""Settings that are checked when they are made, long before a request depends on them."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec

from intercom_async.errors import ConfigError
from intercom_async.redaction import Secret, printable, redact

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

T = TypeVar("T")

Region = Literal["us", "eu", "au"]
"""Where Intercom keeps a workspace.
https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/"""

UpdateMethod = Literal["PUT", "PATCH"]

TokenProvider = Callable[[], str] | Callable[[], Awaitable[str]]
"""Called before each attempt, so that a rotated token is used at once; it should cache."""

REGIONS: dict[str, str] = {
    "us": "https://api.intercom.io",
    "eu": "https://api.eu.intercom.io",
    "au": "https://api.au.intercom.io",
}

TOKEN_VARIABLE = "INTERCOM_TOKEN"  # noqa: S105 (the name of a variable, not a secret)
REGION_VARIABLE = "INTERCOM_REGION"
BASE_URL_VARIABLE = "INTERCOM_BASE_URL"

DEFAULT_VERSION = "2.14"

_VERSION = re.compile(r"[0-9]{1,6}\.[0-9]{1,6}|Preview|Unstable")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
OWN_HEADERS = frozenset(
    {"authorization", "intercom-version", "host", "content-length", "content-type", "cookie"}
    | {"proxy-authorization", "transfer-encoding", "content-encoding", "expect", "upgrade"}
)
"""Headers that the client sets itself, or whose meaning depends on what it sends; in lower case."""
_REPLACED = {"accept": "Accept"}
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_IP_V6 = re.compile(r"[0-9A-Fa-f:.]+(?:%[A-Za-z0-9_.-]+)?")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_LONGEST_NAME = 253
"""Characters of a DNS name (RFC 1035, 2.3.4)."""
_HEADER_TEXT = re.compile(r"[\x21\x23-\x26\x28-\x7e]+")
"""Visible ASCII without the quotes that a file of settings may have left around a token."""


_SMALLEST_LIMIT, _LARGEST_LIMIT = 1e-9, 1e9
"""Bounds within which windows and pauses can be computed from any limits together
(test_settings.py::test_limits_that_are_taken_make_a_scheduler)."""
_OPTIONAL_LIMITS = ("max_per_second", "search_per_minute", "scroll_per_minute")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What may be sent; replaced by what the server says as soon as it says it.

    Raises:
        ConfigError: A limit is not a positive, finite number.
    """

    app_per_minute: int = 10_000
    """Calls a minute that one app (one access token) may make."""
    workspace_per_minute: int = 25_000
    """Calls a minute that all apps of a workspace may make together; replies never show it."""
    window_s: float = 10.0
    """Length of the server's windows in seconds."""
    max_per_second: float | None = None
    """A ceiling of your own over everything sent, in calls a second."""
    search_per_minute: int | None = None
    """A ceiling of your own for search calls."""
    scroll_per_minute: int | None = None
    """A ceiling of your own for scroll calls."""

    max_in_flight: int = 500
    """Calls under way at once; as many connections are opened at most."""

    def __post_init__(self) -> None:
        """Refuse what no scheduler could keep."""
        check_count("Limits.max_in_flight", self.max_in_flight)
        for name in self.__struct_fields__:
            value: Any = getattr(self, name)
            if value is None and name in _OPTIONAL_LIMITS:
                continue
            if not is_positive_number(value):
                raise ConfigError(f"Limits.{name} must be a positive number, not {shown(value)}")
            if not _SMALLEST_LIMIT <= float(value or 0) <= _LARGEST_LIMIT:
                raise ConfigError(f"Limits.{name} is out of range: {shown(value)}")

    @property
    def app_per_window(self) -> int:
        """Calls an app may make in one window, rounded down until a reply says the exact number."""
        return max(1, math.floor(self.app_per_minute * self.window_s / 60))

    @property
    def workspace_per_window(self) -> int:
        """Calls all apps of a workspace may make in one window, rounded down."""
        return max(1, math.floor(self.workspace_per_minute * self.window_s / 60))


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how patiently a call is tried again.

    Raises:
        ConfigError: `max_attempts` is below one or a time is not positive.
    """

    max_attempts: int = 5
    """Attempts in all, the first included; 1 disables retries. The first nine attempts refused by a
    full rate-limit window do not count."""
    base_s: float = 0.5
    """The first pause after a failure lies between 0 and this; each further one may be twice as
    long."""
    cap_s: float = 30.0
    """No pause after a failure is longer than this."""
    outage_s: float = 30.0
    """Seconds that a call which could not be sent waits for a server that has answered before; a
    server that never answered is tried for three seconds. The waiting costs no attempt."""
    budget: int = 500
    """Tokens that all calls of a client share for retries, so that an overload is not multiplied;
    attempts that were not sent cost none."""

    def __post_init__(self) -> None:
        """Refuse invalid settings."""
        check_count("RetryPolicy.max_attempts", self.max_attempts)
        check_count("RetryPolicy.budget", self.budget, least=0)
        check_seconds("RetryPolicy.outage_s", self.outage_s, may_be_none=False)
        for name in ("base_s", "cap_s"):
            value = getattr(self, name)
            if not is_positive_number(value):
                raise ConfigError(
                    f"RetryPolicy.{name} must be a positive number, not {shown(value)}"
                )


def is_positive_number(value: object) -> bool:
    """Say whether `value` is a finite number above zero; True and False are not numbers here."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 < value <= sys.float_info.max
    )


def check_seconds(name: str, value: float | None, *, may_be_none: bool = True) -> float | None:
    """Return a time span in seconds, or None.

    Raises:
        ConfigError: It is neither None nor a finite number that is not negative.
    """
    if value is None and may_be_none:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and value == 0:
        return 0.0
    if value is None or not is_positive_number(value):
        or_none = ", or None" if may_be_none else ""
        raise ConfigError(
            f"{name} must be a number of seconds from 0 up{or_none}, not {shown(value)}"
        )
    return float(value)


def check_update_method(method: str) -> UpdateMethod:
    """Return the verb for updates.

    Raises:
        ConfigError: It is neither PUT nor PATCH.
    """
    verbs: dict[str, UpdateMethod] = {"PUT": "PUT", "PATCH": "PATCH"}
    try:
        return verbs[method]
    except (KeyError, TypeError):
        raise ConfigError(f"update_method must be 'PUT' or 'PATCH', not {shown(method)}") from None


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers to send beside the package's own; the message never shows a value.

    Raises:
        ConfigError: A name or value cannot be a header, or is the package's own business.
    """
    checked: dict[str, str] = {}
    if not isinstance(headers, Mapping):
        raise ConfigError(f"headers must be a dict of names and values, not {_kind(headers)}")
    for name, value in headers.items():
        if not isinstance(name, str):
            raise ConfigError(f"the name of a header must be a str, not {_kind(name)}")
        if not _HEADER_NAME.fullmatch(name):
            raise ConfigError(f"{name!r} cannot be the name of a header")
        if name.lower() in OWN_HEADERS:
            raise ConfigError(f"the header {name} is the client's own business")
        if not isinstance(value, str) or not value.isprintable():
            raise ConfigError(f"the value of the header {name} must be one line of text")
        # The text itself: an enum that is a str has another one for people. Names are compared
        # without regard to case, so that the package's own are replaced and not doubled.
        plain_name = str.__str__(name)
        checked[_REPLACED.get(plain_name.lower(), plain_name)] = str.__str__(value)
    return checked


def check_version(version: str) -> str:
    """Return an API version such as ``2.14``, or ``Preview``.

    Raises:
        ConfigError: The text cannot be a version.
    """
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise ConfigError(f"version must look like '2.14', or be 'Preview', not {shown(version)}")
    # The text itself: an enum that is a str has another one for people.
    return str.__str__(version)


def check_token(token: str, name: str = "token") -> str:
    """Return an access token that fits a header; the message never shows it.

    Raises:
        ConfigError: The token is empty, or has spaces, quotes or characters that no token has.
    """
    if not isinstance(token, str):
        raise ConfigError(f"{name} must be a str, not {type(token).__name__}")
    text = token = Secret(token.strip())
    if not text:
        raise ConfigError(f"{name} is empty; pass token=… or set {TOKEN_VARIABLE}")
    if not _HEADER_TEXT.fullmatch(text):
        raise ConfigError(f"{name} has spaces, quotes or characters that no access token has")
    return text


def resolve_token(token: str | TokenProvider | None) -> str | TokenProvider:
    """Take the token given, else the environment's, read now and not at import.

    Raises:
        ConfigError: There is neither, or it cannot be a token.
    """
    if token is None:
        token = os.environ.get(TOKEN_VARIABLE)
        if not token:
            raise ConfigError(f"no token: pass token=… or set {TOKEN_VARIABLE}")
        return check_token(token, TOKEN_VARIABLE)
    return token if callable(token) else check_token(token)


def resolve_origin(region: str | None, base_url: str | None, *, allow_http: bool = False) -> str:
    """Return scheme and host that every request of a client goes to, without a slash at the end.

    An argument beats both variables of the environment, INTERCOM_BASE_URL and INTERCOM_REGION.

    Raises:
        ConfigError: Both are given, the region is unknown, or the URL cannot be used.
    """
    names = ("region", "base_url")
    if region is None and base_url is None:
        region = os.environ.get(REGION_VARIABLE) or None
        base_url = os.environ.get(BASE_URL_VARIABLE) or None
        names = (REGION_VARIABLE, BASE_URL_VARIABLE)
    if region is not None and base_url is not None:
        raise ConfigError(f"set {names[0]} or {names[1]}, not both: they name two servers")
    if base_url is not None:
        return _checked_base_url(names[1], base_url, allow_http=allow_http)
    try:
        return REGIONS["us" if region is None else region]
    except (KeyError, TypeError):
        known = ", ".join(REGIONS)
        # It may be a URL that was meant as the other setting, with a password.
        refused = redact(shown(region))
        raise ConfigError(f"{names[0]} must be one of {known}, not {refused}") from None


def _checked_base_url(name: str, text: str, *, allow_http: bool) -> str:
    """Return scheme, host and path of a URL; the message never shows it."""
    if not isinstance(text, str):
        raise ConfigError(f"{name} must be a str, not {_kind(text)}")
    example = "such as 'https://api.intercom.io'"
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigError(f"{name} must be a URL in ASCII without spaces, {example}")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ConfigError(f"{name} is not a URL, {example}") from None
    host = parts.hostname or ""
    # Brackets are for addresses of IPv6; a name in them would lose them.
    is_usable = is_host(host) and port != 0 and ("[" in parts.netloc) == (":" in host)
    if parts.scheme not in ("https", "http") or not is_usable:
        raise ConfigError(f"{name} must be a URL with scheme and host, {example}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(f"{name} must not have credentials, a query or a fragment")
    if parts.scheme == "http" and not allow_http and not is_loopback(host):
        raise ConfigError(
            f"{name} must be https: a token is sent in the clear over http (loopback excepted; "
            "allow_http=True takes it for a simulator in another container)"
        )
    netloc = f"[{host}]" if ":" in host else host
    netloc = netloc if port is None else f"{netloc}:{port}"
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}"


def region_of(origin: str) -> str | None:
    """Return the region whose address an origin is; None for an address of its own."""
    return next((region for region, known in REGIONS.items() if known == origin), None)


def check_kind(name: str, value: T, kind: type[Any] | tuple[type[Any], ...], wanted: str) -> T:
    """Return a setting of the right type.

    Raises:
        ConfigError: It is of another type; the message names the setting and not the value.
    """
    if not isinstance(value, kind):
        raise ConfigError(f"{name} must be {wanted}, not {_kind(value)}")
    return value


def check_count(name: str, value: int, *, least: int = 1) -> int:
    """Return a whole number.

    Raises:
        ConfigError: It is of another type, less than `least`, or more than a float can be.
    """
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not least <= value <= sys.float_info.max:
        raise ConfigError(f"{name} must be a whole number from {least} up, not {shown(value)}")
    return value


def check_text(name: str, value: str, why: str = "") -> str:
    """Return a text that can be sent; the message never shows it.

    Raises:
        ConfigError: It is none, is blank, or has half of a surrogate pair in it; `why` says more.
    """
    if not check_kind(name, value, str, "a text").strip() or _HALF_PAIR.search(value):
        raise ConfigError(f"{name} is empty, or has characters that UTF-8 cannot hold{why}")
    return value


def check_able(name: str, value: T, *methods: str, may_be_none: bool = False) -> T:
    """Return what can be called, or what has some methods that can.

    Raises:
        ConfigError: It cannot, which would come out when it is needed.
    """
    needed = [getattr(value, each, None) for each in methods] if methods else [value]
    is_able = all(map(callable, needed)) and not (methods and isinstance(value, type))
    if not is_able and not (value is None and may_be_none):
        wanted = f"an object with {' and '.join(methods)}" if methods else "something to call"
        raise ConfigError(f"{name} must be {wanted}, not {_kind(value)}")
    return value


def shown(value: object) -> str:
    """Return a refused value for a message, shortened; its type where Python does not write it."""
    try:
        return printable(repr(value), limit=100)
    except Exception:  # noqa: BLE001 (a number of too many digits, or whatever a class does)
        return f"a value of type {_kind(value)}"


def _kind(value: object) -> str:
    return type(value).__name__


def is_host(text: str) -> bool:
    """Return whether a text is an IP address or a name that DNS can have, in ASCII."""
    if ":" in text:
        return bool(_IP_V6.fullmatch(text)) and _address(text) is not None
    labels = text.removesuffix(".").split(".")
    if labels[-1].isdigit():
        # No top-level domain is a number (RFC 3696, 2), and nothing can connect to 999.1.1.1.
        return _address(text) is not None
    return len(text) <= _LONGEST_NAME and all(map(_LABEL.fullmatch, labels))


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine: localhost, or an address of loopback."""
    address = None if host == "localhost" else _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    import ipaddress  # noqa: PLC0415 (few clients have another address than https)

    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
