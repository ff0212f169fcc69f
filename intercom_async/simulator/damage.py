"""What a fault does to a response that is already made."""

from __future__ import annotations

from .faults import Fault
from .messages import Response
from .rows import BAD_JSON, Row, decode_json, encode_json

GARBLED = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


def damaged(response: Response, fault: Fault) -> Response:
    """Change a response as a fault says, and return it."""
    if fault.drop is not None:
        response.is_dropped = True
        return response
    if fault.no_headers:
        kept = ("Content-Type", "Date")
        response.headers = {name: response.headers[name] for name in kept}
    if fault.empty:
        response.body, response.status = b"", 200
    elif fault.garble:
        response.body = GARBLED
        response.headers["Content-Type"] = "text/html"
    elif fault.drift is not None:
        response.body = drifted(response.body, fault.drift)
    if fault.truncate:
        response.sent_bytes = len(response.body) // 2
    response.body_s = fault.slow_body_s
    return response


def drifted(body: bytes, field: str) -> bytes:
    """Return a JSON body in which the values of one field have another type."""
    try:
        value = decode_json(body)
    except BAD_JSON:
        return body
    return encode_json(_drift(value, field))


def _drift(value: object, field: str) -> object:
    if isinstance(value, dict):
        row: Row = value  # pyright: ignore[reportUnknownVariableType]
        return {
            key: _other_type(inner) if key == field else _drift(inner, field)
            for key, inner in row.items()
        }
    if isinstance(value, list):
        items: list[object] = value  # pyright: ignore[reportUnknownVariableType]
        return [_drift(item, field) for item in items]
    return value


def _other_type(value: object) -> object:
    """Numbers become text, text a number, the rest a list of itself."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, (int, float)):
        return str(value)
    return len(value) if isinstance(value, str) else [value]
