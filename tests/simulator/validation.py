"""Checks answers against the official descriptions, but for the known mismatches."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.descriptions import Node, as_json_schema, json_schemas
from .known_mismatches import is_known


def violations(operation: str, answer: Any, schema: Node, version: str) -> list[str]:
    """Return where an answer is not of its declared form, without the known differences."""
    jsonschema = pytest.importorskip("jsonschema")
    whole = {**as_json_schema(schema), "definitions": json_schemas(version)}
    found = _deepest(jsonschema.Draft7Validator(whole).iter_errors(answer))
    return [f"{place}: {message}" for place, message in found if not is_known(operation, place)]


def _deepest(errors: Any) -> list[tuple[str, str]]:
    """Return the deepest place of each violation: that of a union is the branch that goes on."""
    found: list[tuple[str, str]] = []
    for error in errors:
        deepest = error
        while deepest.context:
            deepest = max(deepest.context, key=lambda one: len(one.absolute_path))
        place = "/".join(str(step) for step in deepest.absolute_path)
        found.append((place, str(deepest.message)[:160]))
    return found
