"""Values made from types: seeded, plausible, and valid for their schema."""

from __future__ import annotations

import datetime as dt
from typing import Any

from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.draw import FIRST_NAMES, LAST_NAMES, WORDS, mix
from .facts import Facts, Node

MAX_DEPTH = 4
"""Levels of nested values that are made up; what is deeper is null or empty."""


class Maker:
    """Makes values of one version; the same seed and key make the same ones."""

    def __init__(self, facts: Facts, version: str, seed: int, now_at: int) -> None:
        self._facts = facts
        self._version = version
        self._seed = seed
        self._now_at = now_at

    def make(self, node: Node, key: int, name: str = "", depth: int = 0) -> Any:
        """Return a value of a type; `name` is the field it is for and makes it plausible."""
        node = self._facts.resolved(node, self._version)
        if node.any_of:
            return self.make(node.any_of[0], key, name, depth)
        kind = node.type or ("object" if node.properties else "string")
        if node.nullable and depth and (depth >= MAX_DEPTH or kind in ("object", "array")):
            return None
        if kind == "object":
            return self._object(node, key, depth)
        if kind == "array":
            return self._array(node, key, name, depth)
        return self._scalar(node, kind, key, name)

    def _scalar(self, node: Node, kind: str, key: int, name: str) -> str | int | float | bool:
        if node.values:
            return node.values[self._draw(key, name) % len(node.values)]
        if kind == "boolean":
            return name in ("deleted", "success") or bool(self._draw(key, name) & 1)
        if kind in ("integer", "number"):
            return self._number(node, key, name)
        return self._text(node, key, name)

    def _draw(self, key: int, name: str) -> int:
        return mix(self._seed, key, int.from_bytes(name.encode()[:8]))

    def _object(self, node: Node, key: int, depth: int) -> Row:
        if depth > MAX_DEPTH:
            return {}
        return {
            field: self.make(inner, key, field, depth + 1)
            for field, inner in node.properties.items()
        }

    def _array(self, node: Node, key: int, name: str, depth: int) -> list[Any]:
        count = max(node.least_items, 0 if depth >= MAX_DEPTH - 1 else 1)
        inner = node.items
        if inner is None:
            return []
        return [self.make(inner, key + place, name, depth + 1) for place in range(count)]

    def _number(self, node: Node, key: int, name: str) -> int | float:
        drawn = self._draw(key, name)
        if name.endswith(("_at", "_until", "_since")) or node.format in ("date-time", "timestamp"):
            return self._now_at - drawn % 1_000_000
        low = int(node.least or 0)
        high = int(node.most) if node.most is not None else low + 99
        value = low + drawn % max(1, high - low + 1)
        return float(value) if node.type == "number" else value

    def _text(self, node: Node, key: int, name: str) -> str:
        drawn = self._draw(key, name)
        at = self._now_at - drawn % 1_000_000
        word = WORDS[drawn % len(WORDS)]
        by_format = {
            "date-time": moment_as_text(at),
            "datetime": moment_as_text(at),
            "date": moment_as_text(at).partition("T")[0],
            "uri": f"https://acme.example/{word}/{key}",
            "uuid": self._uuid(drawn, key),
            "email": f"{word}{key}@acme.example",
        }
        if node.format in by_format:
            return by_format[node.format][: node.longest]
        return self._plain(name, word, drawn, key)[: node.longest]

    @staticmethod
    def _uuid(drawn: int, key: int) -> str:
        return (
            f"{drawn >> 32:08x}-{drawn >> 16 & 0xFFFF:04x}-4{drawn & 0xFFF:03x}-"
            f"a000-{key & 0xFFFFFFFFFFFF:012x}"
        )

    @staticmethod
    def _plain(name: str, word: str, drawn: int, key: int) -> str:
        """Return a text for a field by its whole name, else by how the name ends."""
        whole = {
            "id": str(key),
            "name": f"{word.title()} {key}",
            "title": f"{word.title()} {key}",
            "label": f"{word.title()} {key}",
            "locale": "en",
            "default_locale": "en",
            "body": f"About {word} {key}",
            "description": f"About {word} {key}",
        }
        ends = {
            "id": str(1 + drawn % 1_000),
            "ids": str(1 + drawn % 1_000),
            "email": f"{word}{key}@acme.example",
            "phone": f"+1202555{drawn % 10_000:04d}",
            "number": f"+1202555{drawn % 10_000:04d}",
            "url": f"https://acme.example/{word}/{key}",
            "by": f"{FIRST_NAMES[drawn & 63]} {LAST_NAMES[drawn >> 6 & 63]}",
        }
        return whole.get(name) or ends.get(name.rpartition("_")[2], word)


def is_moment(node: Node) -> bool:
    """Tell whether a type is a time that is written as text."""
    return node.type == "string" and node.format in ("date-time", "datetime")


def moment_as_text(at: int) -> str:
    """Return UNIX seconds as ISO 8601 in UTC."""
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat().replace("+00:00", "Z")


def fits(facts: Facts, version: str, node: Node, value: Any) -> bool:
    """Tell whether a value is of a type."""
    node = facts.resolved(node, version)
    if value is None:
        return bool(node.nullable) or node.type is None
    if node.any_of:
        return any(fits(facts, version, one, value) for one in node.any_of)
    return not (node.values and value not in node.values) and _is_of_type(
        facts, version, node, value
    )


def _is_of_type(facts: Facts, version: str, node: Node, value: Any) -> bool:
    if node.type == "array":
        return isinstance(value, list) and _items_fit(facts, version, node, value)  # pyright: ignore[reportUnknownArgumentType]
    if node.type == "object":
        return isinstance(value, dict) and _fields_fit(facts, version, node, value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, bool):
        return node.type in (None, "boolean")
    return isinstance(value, SCALARS.get(node.type or "", object))


SCALARS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


def _items_fit(facts: Facts, version: str, node: Node, values: list[Any]) -> bool:
    inner = node.items
    return inner is None or all(fits(facts, version, inner, one) for one in values)


def _fields_fit(facts: Facts, version: str, node: Node, row: Row) -> bool:
    return all(
        fits(facts, version, node.properties[key], value)
        for key, value in row.items()
        if key in node.properties
    ) and all(key in row for key in node.required)
