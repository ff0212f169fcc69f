"""What a handler is given and what it returns."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from intercom_async.simulator.errors import bad_parameter
from intercom_async.simulator.limits.apps import App
from intercom_async.simulator.rows import Row, encode_json
from intercom_async.simulator.store.workspace import Workspace

PUBLIC_ORIGIN = "https://api.intercom.io"
"""Links point here whatever host was asked, as the real ones do."""
JSON_TYPE = "application/json; charset=utf-8"


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
    version: str
    """One of `VERSIONS`: how the call is checked and its answer presented."""
    now_at: int
    """UNIX seconds at which the call is served."""
    origin: str = PUBLIC_ORIGIN
    """Where links of the answer point to."""

    @property
    def fields(self) -> Row:
        """The body as an object; 400 where it is something else."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise bad_parameter("The request body must be a JSON object")
        return self.body  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def link(self, path: str) -> str:
        """Return a path as a URL."""
        return f"{self.origin}{path}"

    def id(self, name: str) -> str:
        """Return one id from the path."""
        return self.ids[name]

    def flag(self, name: str) -> bool:
        """Tell whether a query parameter is set to true."""
        return self.query.get(name, "").lower() == "true"
