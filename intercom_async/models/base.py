"""The base of all models.

A model is what the server sends, field by field: only what every answer has is required, unknown
fields are skipped, and values out of an open set are `Literal[...] | str`, so that a value Intercom
adds breaks nothing. Where a response contradicts a declared type all the same, `codec` repairs the
value and counts it.

Some values have two valid forms. Reading either of them does not count as drift:

- ids that are a number here and a string there: `Id`, read as str;
- assignee ids: numbers in conversations, strings in tickets, and 0, "0" or null if nobody is
  assigned: `AssigneeId`, read as str or None, so that ``if conversation.admin_assignee_id:`` works;
- times of calls and exports: UNIX seconds as number or text, or ISO 8601: `LooseTimestamp`, read
  as int.

A value of these types costs about 0.2 microseconds more than a plain str, so ids that are always
strings are plain `str`.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec

from intercom_async.moments import UNIX_SECONDS, Times
from .loose import AssigneeId, Id, LooseTimestamp

__all__ = ["AssigneeId", "Id", "JsonObject", "LooseTimestamp", "Model", "Timestamp"]

Timestamp: TypeAlias = Annotated[int, UNIX_SECONDS]
"""A moment in UNIX seconds, UTC."""

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object whose keys the workspace or the caller has chosen."""


class Model(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of everything that is read from the API.

    Subclasses repeat ``frozen=True, kw_only=True``: type checkers take them from the class
    statement alone. The garbage collector does not track models: decoded JSON has no cycles, and
    scanning thousands of models for them would cost time on every page.
    """

    def to_dict(self, *, times: Times = "unix", none: bool = False) -> dict[str, Any]:
        """Return the model and nested models as a dictionary, with the API's field names.

        Args:
            times: How moments are given: ``"unix"`` for UNIX seconds, ``"datetime"`` for aware
                datetimes in UTC, ``"iso"`` for ISO 8601. Values of custom attributes stay as sent.
            none: Whether to include fields that are None.

        Raises:
            ConfigError: `times` is none of the three.
        """
        from ._convert import as_dict  # noqa: PLC0415 (imported when first needed)

        return as_dict(self, times, none=none)

    def to_json(self, *, times: Times = "unix", none: bool = False) -> str:
        """Return the model as JSON; see `to_dict`, where ``"datetime"`` is written as ``"iso"``."""
        from ._convert import as_json  # noqa: PLC0415 (as above)

        return as_json(self, times, none=none)

    def __repr__(self) -> str:
        """Return a short representation without None and empty fields."""
        from ._convert import as_repr  # noqa: PLC0415 (as above)

        return as_repr(self)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the fields of the repr, for rich."""
        from ._convert import shown  # noqa: PLC0415 (as above)

        return list(shown(self))

    def __hash__(self) -> int:
        """Return the hash of class and id.

        Raises:
            TypeError: The model has no id.
        """
        key = getattr(self, "id", None)
        if key is None or key == "":
            raise TypeError(f"{type(self).__name__} without an id cannot be hashed")
        return hash((type(self), key))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Let pydantic, and so FastAPI, take and write a model as one of its own types."""
        from ._schema import core_schema  # noqa: PLC0415 (most programs have no pydantic)

        return core_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        """Describe a model in an OpenAPI document."""
        from ._schema import json_schema  # noqa: PLC0415 (as above)

        return json_schema(cls)
