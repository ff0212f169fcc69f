"""Made-up answers: mostly what a model declares, with something wrong here and there."""

from __future__ import annotations

from random import Random
from typing import Any

from msgspec import inspect

_ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    7,
    2**31,
    2**63,
    2**64,
    10**30,
    1.0,
    1.5,
    1e300,
    "",
    "0",
    "12",
    "-3.5",
    "1e999",
    "true",
    "2025-06-25T10:57:57Z",
    "2025-06-25",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+14:00",
    "something",
    "\ud83d",
    "\x00",
    "١٢",
    [],
    [None],
    [1, "a", {}],
    [[[]]],
    {},
    {"type": "list", "data": []},
    {"type": "list", "data": [{"id": 1}]},
    {"id": None},
    {"type": "error.list", "errors": []},
    {"a": [1], "b": [2]},
)


def made_up(kind: inspect.Type, random: Random, *, odd: float = 0.15, depth: int = 0) -> Any:
    """Make up a JSON value of a declared type; each part is something else with chance `odd`."""
    if random.random() < odd:
        return random.choice(_ODD)
    if isinstance(kind, inspect.UnionType):
        return made_up(random.choice(kind.types), random, odd=odd, depth=depth)
    if isinstance(kind, inspect.StructType):
        return _object(kind, random, odd, depth)
    if isinstance(kind, inspect.CollectionType):
        count = 0 if depth > 6 else random.randrange(4)
        return [made_up(kind.item_type, random, odd=odd, depth=depth + 1) for _ in range(count)]
    if isinstance(kind, inspect.DictType):
        return {
            name: made_up(kind.value_type, random, odd=odd, depth=depth + 1)
            for name in ("type", "en", "pt-BR")
            if depth <= 6
        }
    return _single(kind, random)


def _object(kind: inspect.StructType, random: Random, odd: float, depth: int) -> dict[str, Any]:
    chance = 0.7 if depth < 4 else 0.1
    return {
        field.encode_name: made_up(field.type, random, odd=odd, depth=depth + 1)
        for field in kind.fields
        if random.random() < (0.95 if field.required else chance)
    } | ({"something_new": random.choice(_ODD)} if random.random() < odd else {})


def _single(kind: inspect.Type, random: Random) -> Any:
    if isinstance(kind, inspect.LiteralType):
        return random.choice(kind.values)
    if isinstance(kind, inspect.BoolType):
        return random.random() < 0.5
    if isinstance(kind, inspect.IntType):
        return random.randrange(2_000_000_000)
    if isinstance(kind, inspect.FloatType):
        return random.random()
    if isinstance(kind, inspect.NoneType):
        return None
    return str(random.randrange(10**9))
