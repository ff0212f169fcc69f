"""What travels inside the simulator: a call, a reply, a refusal."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    from .limits.apps import App
    from .store.workspace import Workspace

Row: TypeAlias = dict[str, Any]
"""One record as its JSON object; keys that begin with an underscore are never sent."""

JSON_TYPE = "application/json; charset=utf-8"
VERSIONS = ("2.14", "2.15", "2.16")
"""The versions whose operations and shapes are known one by one; see `versions.shape_of`."""


def names(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


def is_id(text: str) -> bool:
    """Tell whether a text is a decimal id: ASCII digits, few enough for 64 bits."""
    return text.isascii() and text.isdecimal() and len(text) <= 18  # noqa: PLR2004 (10 ** 18)


BAD_JSON = (ValueError, msgspec.MsgspecError)
"""What decoding raises; older msgspec has errors that are no ValueError."""

encode_json: Callable[[Any], bytes] = msgspec.json.Encoder().encode
decode_json: Callable[[bytes | str], Any] = msgspec.json.Decoder().decode


class Refusal(Exception):  # noqa: N818 (it is the other side's answer, not an error of ours)
    """An answer other than success, in Intercom's error list."""

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
        """Return the body; `body=` replaces the list where an endpoint has its own form."""
        if self.body is not None:
            return encode_json(self.body)
        error: Row = {"code": self.code, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        return encode_json({"type": "error.list", "request_id": request_id, "errors": [error]})


def not_found(message: str = "Resource Not Found", code: str = "not_found") -> Refusal:
    """Return the 404 that most endpoints answer."""
    return Refusal(404, code, message)


def bad_parameter(
    message: str, *, code: str = "parameter_invalid", field: str | None = None
) -> Refusal:
    """Return the 400 for a value that is missing or of no use."""
    return Refusal(400, code, message, field=field)


@dataclasses.dataclass(slots=True)
class Reply:
    """An answer whose body may be ready bytes or a value to encode."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = dataclasses.field(default_factory=dict[str, str])
    content_type: str = JSON_TYPE

    def encoded(self) -> bytes:
        """Return the body as it goes out."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else encode_json(self.body)


@dataclasses.dataclass(slots=True)
class Call:
    """One authenticated request, its path already matched."""

    workspace: Workspace
    app: App
    method: str
    path: str
    ids: dict[str, str]
    query: Mapping[str, str]
    body: Any
    shape: str
    """One of `VERSIONS`: how rows are presented."""
    now_at: int

    @property
    def fields(self) -> Row:
        """The body as an object; 400 where it is something else."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise bad_parameter("The request body must be a JSON object")
        return self.body  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def id(self, name: str) -> str:
        """Return one id from the path."""
        return self.ids[name]

    def flag(self, name: str) -> bool:
        """Tell whether a query parameter is set to true."""
        return self.query.get(name, "").lower() == "true"
