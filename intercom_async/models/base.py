"""What all models stand on.

A model is what the server sends, field by field: only what every answer has is required, unknown
fields are skipped, and values out of an open set are `Literal[...] | str`, so that the day Intercom
adds one nothing breaks. Where an answer contradicts a declared type all the same, `codec` repairs
the value and counts it.

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

from types import NoneType
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

Timestamp: TypeAlias = int
"""A moment in UNIX seconds, UTC."""

JsonObject: TypeAlias = dict[str, Any]
"""An object whose keys the workspace or the caller chose."""

if TYPE_CHECKING:
    Id: TypeAlias = str
    AssigneeId: TypeAlias = str
    LooseTimestamp: TypeAlias = int
else:
    # msgspec hands values of classes it does not know to the codec's hook, and then asks
    # `isinstance` whether the hook's result will do. The result is a plain str or int, so that
    # nobody meets these classes outside an annotation.

    class _ReadAs(type):
        def __instancecheck__(cls, value: object) -> bool:
            return type(value) in cls.reads

    class Id(metaclass=_ReadAs):
        """An id that is sent as a number or as a string; a `str` in every model."""

        reads = (str,)

    class AssigneeId(metaclass=_ReadAs):
        """The id of a teammate or team, or what stands for nobody; a `str` or None in models."""

        reads = (str, NoneType)

    class LooseTimestamp(metaclass=_ReadAs):
        """A moment sent as UNIX seconds, also in a string, or as ISO 8601; an `int` in models."""

        reads = (int, NoneType)


class Model(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of everything that is read from the API.

    Subclasses repeat ``frozen=True, kw_only=True``: type checkers take them from the class
    statement alone. The garbage collector does not look at models: what is read from JSON has no
    cycles, and to search thousands of them for one takes a part of each page's time.
    """
