"""Answers other than success, in Intercom's error list."""

from __future__ import annotations

from collections.abc import Mapping

from .rows import Row, encode_json


class ApiError(Exception):
    """The error that a request is answered with.

    Args:
        status: HTTP status of the answer.
        code: Intercom's code of the error; the same code appears under several statuses.
        message: Text for people.
        field: Name of the request's field that is wrong.
        headers: Headers of the answer beside those that every answer has.
        body: Replaces the error list where an endpoint has an error form of its own.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: Row | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers: dict[str, str] = dict(headers or {})
        self.body = body

    def encoded(self, request_id: str) -> bytes:
        """Return the answer's body."""
        if self.body is not None:
            return encode_json(self.body)
        error: Row = {"code": self.code, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        return encode_json({"type": "error.list", "request_id": request_id, "errors": [error]})


def not_found(message: str = "Resource Not Found", code: str = "not_found") -> ApiError:
    """Return the 404 that most endpoints answer."""
    return ApiError(404, code, message)


def bad_parameter(
    message: str, *, code: str = "parameter_invalid", field: str | None = None
) -> ApiError:
    """Return the 400 for a value that is missing or of no use."""
    return ApiError(400, code, message, field=field)
