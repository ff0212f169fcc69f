"""Types of values that the API sends in two forms; `base` says which and why."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, TypeAlias

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
