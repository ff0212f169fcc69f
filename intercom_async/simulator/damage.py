"""What a fault or a quirk does to a response that is already made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import ApiError
from .faults import Fault
from .messages import Response
from .quirks import PoisonKind
from .rows import BAD_JSON, Row, decode_json, encode_json

GARBLED = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
"""Body of the fault `garble`: a page of a web server."""
DEPTH = 20_000
"""Levels of a body that is nested too deeply for any parser that recurses."""
EDGE_PAGES = {
    "cdn": b"<html><head><title>Attention required</title></head><body>Rate limited</body></html>",
    "proxy": b"upstream connect error or disconnect/reset before headers",
}


def damaged(response: Response, fault: Fault) -> Response:
    """Change a response as a fault says, and return it."""
    if fault.drop is not None:
        response.is_dropped = True
        return response
    if fault.edge is not None:
        return at_the_edge(response, fault.edge, fault.retry_after_s)
    if fault.no_headers:
        kept = ("Content-Type", "Date")
        response.headers = {name: response.headers[name] for name in kept}
    if fault.retry_after_s is not None:
        response.headers["Retry-After"] = f"{fault.retry_after_s:g}"
    if fault.empty:
        response.body, response.status = b"", 200
    elif fault.garble:
        response.body = GARBLED
        response.headers["Content-Type"] = "text/html"
    else:
        response.body = _spoiled(response.body, fault)
    if fault.truncate:
        response.sent_bytes = len(response.body) // 2
    response.body_s = fault.slow_body_s
    return response


def _spoiled(body: bytes, fault: Fault) -> bytes:
    """Apply the faults that leave a body in place."""
    if fault.drift is not None:
        field = fault.drift
        body = _changed(body, lambda value: _drift(value, field))
    if fault.short_list or fault.empty_list:
        body = _changed(body, lambda value: _cut(value, keeps_half=fault.short_list))
    if fault.not_utf8:
        body = not_utf8(body)
    return nested(body) if fault.deep else body


def at_the_edge(response: Response, edge: str, retry_after_s: float | None) -> Response:
    """Answer as what stands before Intercom does: its own page, and none of the API's headers."""
    response.body = EDGE_PAGES[edge]
    kind = "text/html; charset=UTF-8" if edge == "cdn" else "text/plain"
    response.headers = {"Content-Type": kind, "Date": response.headers["Date"]}
    if edge == "cdn":
        response.headers["Server"] = "cloudflare"
    if retry_after_s is not None:
        response.headers["Retry-After"] = f"{retry_after_s:g}"
    return response


def poisoned(response: Response, kind: PoisonKind, request_id: str) -> Response:
    """Answer what comes of a record that the server or a parser chokes on."""
    if kind == "error":
        error = ApiError(500, "server_error", "Internal server error")
        response.status, response.body = error.status, error.encoded(request_id)
    elif kind == "garbled":
        response.body = response.body[: len(response.body) * 2 // 3]
    elif kind == "not_utf8":
        response.body = not_utf8(response.body)
    elif kind == "deep":
        response.body = nested(response.body)
    return response


def not_utf8(body: bytes) -> bytes:
    """Put two bytes that are in no UTF-8 into the first text of a body."""
    start = body.find(b':"')
    return body if start < 0 else body[: start + 2] + b"\xff\xfe" + body[start + 2 :]


def nested(body: bytes) -> bytes:
    """Add a field to an object whose value is nested deeply."""
    deep = b"[" * DEPTH + b"]" * DEPTH
    return body[:-1] + b',"deep":' + deep + b"}" if body.endswith(b"}") else body


def miscounted(body: bytes, by: int) -> bytes:
    """Return a list's body with its counts wrong by `by` rows."""

    def change(value: Any) -> Any:
        row = _row(value)
        if isinstance(row.get("total_count"), int):
            row["total_count"] = max(0, row["total_count"] + by)
            pages = _row(row.get("pages"))
            if "total_pages" in pages:
                pages["total_pages"] = max(0, pages["total_pages"] + (1 if by > 0 else -1))
        return value

    return _changed(body, change)


def _changed(body: bytes, change: Callable[[Any], Any]) -> bytes:
    """Decode a body, change its value and encode it; leave what is no JSON alone."""
    try:
        value = decode_json(body)
    except BAD_JSON:
        return body
    return encode_json(change(value))


def _row(value: Any) -> Row:
    """Return an object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _cut(value: Any, *, keeps_half: bool) -> Any:
    """Return a list without its second half, or without any row, and without a next page."""
    row = _row(value)
    key = next((name for name, inner in row.items() if isinstance(inner, list)), None)
    if key is not None:
        rows: list[Any] = row[key]
        row[key] = rows[: len(rows) // 2] if keeps_half else []
        _row(row.get("pages")).pop("next", None)
    return value


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
