"""The base of all models.

A model is what the server sends, field by field: only what every answer has is required, unknown
fields are skipped, and values out of an open set are `Literal[...] | str`, so that a value Intercom
adds breaks nothing. Where a response contradicts a declared type all the same, `codec` repairs the
value and counts it.

Some values come in two forms as a matter of course. Reading those is no contradiction:

- ids that are a number here and a string there: `Id`, read as str;
- ids of whom something is assigned to, which are numbers in conversations, were strings in tickets,
  and are 0, "0" or null for nobody: `AssigneeId`, read as str or None, so that
  ``if conversation.admin_assignee_id:`` says what it seems to say;
- times of calls and exports, UNIX seconds as number or text, or ISO 8601, as it comes:
  `LooseTimestamp`, read as int.

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
"""An object whose keys the workspace or the caller chose."""


class Model(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of everything that is read from the API.

    Subclasses repeat ``frozen=True, kw_only=True``: type checkers take them from the class
    statement alone. The garbage collector does not look at models: what is read from JSON has no
    cycles, and to search thousands of them for one takes a part of each page's time.
    """

    def to_dict(self, *, times: Times = "unix", none: bool = False) -> dict[str, Any]:
        """Return the model as a dictionary, models in it included, under the API's own names.

        Args:
            times: How moments are given: ``"unix"`` for UNIX seconds, ``"datetime"`` for aware
                datetimes in UTC, ``"iso"`` for ISO 8601. Values of custom attributes stay as sent.
            none: Whether fields that are None are in it.

        Raises:
            ConfigError: `times` is none of the three.
        """
        from ._convert import as_dict  # noqa: PLC0415 (who only reads models does not pay for it)

        return as_dict(self, times, none=none)

    def to_json(self, *, times: Times = "unix", none: bool = False) -> str:
        """Return the model as JSON; see `to_dict`, where ``"datetime"`` is written as ``"iso"``."""
        from ._convert import as_json  # noqa: PLC0415 (as above)

        return as_json(self, times, none=none)

    def __repr__(self) -> str:
        """Return a short text, without what is None or empty."""
        from ._convert import as_repr  # noqa: PLC0415 (as above)

        return as_repr(self)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return for rich what the repr shows."""
        from ._convert import shown  # noqa: PLC0415 (as above)

        return list(shown(self))

    def __hash__(self) -> int:
        """Return the hash of class and id.

        Raises:
            TypeError: The model has no id.
        """
        key = getattr(self, "id", None)
        if key is None or key == "":
            raise TypeError(f"a {type(self).__name__} without an id cannot be hashed")
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
