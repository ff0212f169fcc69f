"""Builds the HTTP request of each attempt from a call, the token and the options."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from intercom_async.codec import encode
from intercom_async.config import TokenProvider, UpdateMethod, check_headers, check_token
from intercom_async.errors import ConfigError
from intercom_async.redaction import Secret
from intercom_async.transport.base import Request
from .form_data import FormData
from .operation import JSON, Call, version_number
from .options import CallOptions


class RequestBuilder:
    """Builds requests; holds the token, which no repr shows.

    Args:
        origin: Scheme and host of every request.
        token: Access token, or the function that returns one; called before each attempt.
        update_method: Verb of updates.
        options: Options of the calls.
    """

    __slots__ = (
        "_common_headers",
        "_token",
        "_update_method",
        "has_provider",
        "options",
        "origin",
        "version",
    )

    def __init__(
        self,
        origin: str,
        token: str | TokenProvider,
        update_method: UpdateMethod,
        options: CallOptions,
    ) -> None:
        self.origin: str = origin
        """Scheme and host."""
        self._token = token
        self._update_method: UpdateMethod = update_method
        self.version: tuple[int, int] = version_number(options.version)
        """The API version that its calls ask for, as numbers."""
        self.options: CallOptions = options
        self.has_provider: bool = not isinstance(token, str)
        """Whether the token has to be asked for, by `authorize`."""
        self._common_headers = {
            "Accept": JSON,
            "Intercom-Version": options.version,
            **check_headers(options.headers),
        }
        if isinstance(token, str):
            self._common_headers["Authorization"] = Secret(f"Bearer {token}")

    def __repr__(self) -> str:
        return f"<RequestBuilder {self.origin} {self.options.version}>"

    def with_options(self, **changes: Any) -> RequestBuilder:
        """Return a builder with some options changed.

        Raises:
            ConfigError: An option has a value that cannot work.
            TypeError: There is no such option.
        """
        # A new struct rather than a replaced one: older versions of msgspec run `__post_init__` on
        # construction only.
        options = CallOptions(**{**msgspec.structs.asdict(self.options), **changes})
        return RequestBuilder(self.origin, self._token, self._update_method, options)

    def check(self, call: Call[Any]) -> None:
        """Refuse a call that the API version of the options does not have.

        Raises:
            ConfigError: The operation came with a later version.
        """
        if call.operation.since_number > self.version:
            raise ConfigError(
                f"{call.name} needs API version {call.operation.since}; this client sends "
                f"{self.options.version} (with_options(version=…) changes it)"
            )

    def build(self, call: Call[Any]) -> Request:
        """Build the request of a call, without a token if a provider has to be asked for it."""
        headers = self._common_headers
        operation = call.operation
        if operation.accept != JSON:
            headers = {**headers, "Accept": operation.accept}
        body = None
        if call.json is not None:
            body, content_type = body_of(call.json)
            headers = {**headers, "Content-Type": content_type}
        return Request(
            method=self._update_method if operation.updates else operation.method,
            url=f"{self.origin}{call.target}",
            name=operation.name,
            headers=headers,
            body=body,
            timeout_s=self.options.timeout_s,
        )

    async def authorize(self, request: Request) -> Request:
        """Ask the token provider, and return the request with its token.

        Raises:
            ConfigError: The provider returned something that cannot be a token.
        """
        if isinstance(self._token, str):
            return request
        token = self._token()
        if inspect.isawaitable(token):
            token = await token
        # Masked at once: a traceback that shows local variables shows no token.
        token = Secret(token) if isinstance(token, str) else token
        secret = Secret(f"Bearer {check_token(token)}")
        return request.replace(headers={**request.headers, "Authorization": secret})


def body_of(given: Any) -> tuple[bytes, str]:
    """Return a body and its media type."""
    if isinstance(given, FormData):
        return given.body, given.content_type
    return encode(given), JSON
