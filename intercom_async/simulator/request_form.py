"""What every request has to be: the forms of its answer and of its body."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any

from .errors import ApiError, bad_parameter
from .messages import Request
from .rows import BAD_JSON, decode_json

STREAMS = ("/download/", "/export/workflows/")
"""Paths whose answers are files: they have their own content types."""


def check_accept(request: Request) -> None:
    """Refuse a request that takes no form that the endpoint has, or says none."""
    accept = request.headers.get("Accept", "")
    kinds = [part.partition(";")[0].strip() for part in accept.split(",")]
    taken = {"application/json", "application/*", "*/*"}
    if request.path.startswith(STREAMS) or request.path.endswith(("/transcript", "/recording")):
        taken |= {"application/octet-stream", "text/plain", "text/*", "text/csv", "audio/*"}
    if taken.isdisjoint(kinds):
        raise ApiError(406, "client_error", "Accept must allow application/json")


def body_of(request: Request) -> Any:
    """Return the decoded body; None where there is none."""
    if request.is_too_large:
        raise ApiError(413, "client_error", "The request body is too large")
    if not request.body.strip():
        return None
    kind = request.headers.get("Content-Type", "")
    if kind.startswith("multipart/form-data") and request.path.endswith("/catalog"):
        return _form(kind, request.body)
    if kind and "json" not in kind:
        raise ApiError(415, "client_error", "The body must be sent as application/json")
    try:
        return decode_json(request.body)
    except (*BAD_JSON, RecursionError):
        raise bad_parameter("The request body is not valid JSON") from None


def _form(kind: str, body: bytes) -> dict[str, Any]:
    """Read a form: texts as str, files as bytes."""
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    fields: dict[str, Any] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str):
            data = part.get_payload(decode=True)
            value = data if isinstance(data, bytes) else b""
            fields[name] = value if part.get_filename() else value.decode(errors="replace")
    return fields
