"""A view of a client: the options its calls are sent with, and the requests made of them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import msgspec

from intercom_async.codec import encode
from intercom_async.config import (
    DEFAULT_VERSION,
    TokenProvider,
    UpdateMethod,
    check_headers,
    check_seconds,
    check_token,
    check_version,
)
from intercom_async.errors import ConfigError
from intercom_async.priority import Priority
from intercom_async.transport.base import Request
from .operation import JSON, Call, version_number
from .session import Terms


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a view may have of its own; checked when it is made."""

    priority: Priority | None = None
    """The lane of its calls; None takes the context's, else NORMAL."""
    max_wait_s: float | None = None
    """Refuse a call that would wait longer than this for its turn; None waits as long as it
    takes.
    """
    timeout_s: float = 60.0
    """Time for one attempt, from connecting to the last byte."""
    deadline_s: float | None = None
    """Time for a whole call, waiting and retries included."""
    version: str = DEFAULT_VERSION
    """The API version, sent as Intercom-Version."""
    headers: Mapping[str, str] = {}
    """Sent beside the package's own."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        check_seconds("max_wait_s", self.max_wait_s)
        check_seconds("deadline_s", self.deadline_s)
        if not check_seconds("timeout_s", self.timeout_s):
            raise ConfigError("timeout_s must be more than 0 seconds")
        check_version(self.version)
        check_headers(self.headers)
        if self.priority is not None and self.priority not in Priority:
            raise ConfigError(f"priority must be one of Priority, not {self.priority!r}")


class View:
    """Makes requests of calls; holds the token, which no repr shows.

    Args:
        origin: Scheme and host of every request.
        token: The access token, or what returns one; asked before each attempt.
        update_method: The verb of updates.
        options: The options of this view.
    """

    __slots__ = ("_bodiless", "_origin", "_token", "_update_method", "number", "options", "terms")

    def __init__(
        self,
        origin: str,
        token: str | TokenProvider,
        update_method: UpdateMethod,
        options: Options,
    ) -> None:
        self._origin = origin
        self._token = token
        self._update_method: UpdateMethod = update_method
        self.options: Options = options
        self.number: tuple[int, int] = version_number(options.version)
        """The API version as a pair that compares."""
        self.terms: Terms = Terms(
            self.make_request, options.priority, options.max_wait_s, options.deadline_s
        )
        """On which terms the session sends this view's calls."""
        self._bodiless = {
            "Accept": JSON,
            "Intercom-Version": options.version,
            **options.headers,
        }
        if isinstance(token, str):
            self._bodiless["Authorization"] = f"Bearer {token}"

    def __repr__(self) -> str:
        return f"<View {self._origin} {self.options.version}>"

    def with_options(self, **changes: Any) -> View:
        """Return a view with some options changed.

        Raises:
            ConfigError: An option's value cannot work.
            TypeError: There is no such option.
        """
        # Made anew rather than replaced: older msgspec checks what is made only.
        options = Options(**{**msgspec.structs.asdict(self.options), **changes})
        return View(self._origin, self._token, self._update_method, options)

    def check(self, call: Call[Any]) -> None:
        """Refuse a call that this view's API version does not have.

        Raises:
            ConfigError: The operation came with a later version.
        """
        if call.operation.since_number > self.number:
            raise ConfigError(
                f"{call.name} needs API version {call.operation.since}; this client sends "
                f"{self.options.version} (with_options(version=…) changes it)"
            )

    async def make_request(self, call: Call[Any]) -> Request:
        """Make the request of one attempt.

        Raises:
            ConfigError: The token's provider gave something that cannot be a token.
        """
        headers = self._bodiless
        if not isinstance(self._token, str):
            token = self._token()
            if inspect.isawaitable(token):
                token = await token
            headers = {**headers, "Authorization": f"Bearer {check_token(token)}"}
        row = call.operation
        if row.accept != JSON:
            headers = {**headers, "Accept": row.accept}
        body = None
        if call.json is not None:
            body = encode(call.json)
            headers = {**headers, "Content-Type": JSON}
        return Request(
            method=self._update_method if row.updates else row.method,
            url=f"{self._origin}{call.target}",
            name=row.name,
            headers=headers,
            body=body,
            timeout_s=self.options.timeout_s,
        )
