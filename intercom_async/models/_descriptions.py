"""What a model's docstrings say of its fields, for columns of databases that keep comments."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

import msgspec


@lru_cache(maxsize=256)
def descriptions_of(model: type[msgspec.Struct]) -> Mapping[str, str]:
    """Return the first paragraph under each field that has one, by the name that the API uses.

    It stands in the source only; where that is not there, nothing is described.
    """
    told: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if one is not msgspec.Struct and issubclass(one, msgspec.Struct):
            told |= _fields(one)
    names = {field.name: field.encode_name for field in msgspec.structs.fields(model)}
    return {names[name]: text for name, text in told.items() if name in names}


def _plain(text: str) -> str:
    """Return a paragraph on one line, without the marks of its markup."""
    return " ".join(text.replace("`", "").split())


def _fields(model: type) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    except (OSError, TypeError, SyntaxError):
        return {}
    body = [line for one in tree.body if isinstance(one, ast.ClassDef) for line in one.body]
    told: dict[str, str] = {}
    for field, text in pairwise(body):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        value = text.value if isinstance(text, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            told[field.target.id] = _plain(value.value.split("\n\n")[0])
    return told
