"""JSON schema of models, and what pydantic asks of a type it does not know.

FastAPI returns and documents a model like one of its own: `-> Contact` is all it takes. Nothing of
pydantic is imported before pydantic itself calls `Model.__get_pydantic_core_schema__`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from .loose import AssigneeId, Id, LooseTimestamp

_LOOSE: Mapping[Any, dict[str, Any]] = {
    Id: {"type": "string"},
    AssigneeId: {"anyOf": [{"type": "string"}, {"type": "null"}]},
    LooseTimestamp: {"anyOf": [{"type": "integer"}, {"type": "null"}]},
}
_PREFIX = "#/$defs/"


def json_schema(model: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON schema of a model as `to_dict` writes it, with no references in it.

    A model within itself, as parts of parts are, is any object at the second level.
    """
    whole = msgspec.json.schema(model, schema_hook=_LOOSE.__getitem__)
    definitions: dict[str, Any] = whole.pop("$defs", {})
    inlined: dict[str, Any] = _inline(whole, definitions, ())
    return inlined


def _inline(schema: Any, definitions: Mapping[str, Any], within: tuple[str, ...]) -> Any:
    """Replace references by what they refer to."""
    if isinstance(schema, list):
        entries: list[Any] = schema  # pyright: ignore[reportUnknownVariableType] (any list)
        return [_inline(each, definitions, within) for each in entries]
    if not isinstance(schema, dict):
        return schema
    fields: dict[str, Any] = schema  # pyright: ignore[reportUnknownVariableType] (any object)
    reference = fields.get("$ref")
    if isinstance(reference, str):
        name = reference.removeprefix(_PREFIX)
        if name in within:
            return {"type": "object"}
        return _inline(definitions[name], definitions, (*within, name))
    return {key: _inline(value, definitions, within) for key, value in fields.items()}


def core_schema(model: type[msgspec.Struct]) -> Any:
    """Return the schema by which pydantic takes a model, or JSON of one, and writes it."""
    from pydantic_core import core_schema as make  # noqa: PLC0415 (pydantic is calling)

    def read(value: object) -> msgspec.Struct:
        try:
            # An instance is taken as it is.
            return msgspec.convert(value, model, dec_hook=_read_loose)
        except msgspec.ValidationError as wrong:
            raise ValueError(str(wrong)) from None

    return make.no_info_plain_validator_function(
        read,
        serialization=make.plain_serializer_function_ser_schema(msgspec.to_builtins),
    )


def _read_loose(kind: type, value: object) -> object:
    """Read the types that come in two forms, as they are written here: text, or UNIX seconds."""
    if kind is AssigneeId and value in (None, 0, "0", ""):
        return None
    if kind is LooseTimestamp:
        return value
    return str(value) if isinstance(value, (str, int)) else value
