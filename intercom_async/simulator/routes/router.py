"""Find the handler of a method and a path; fixed segments win over ids."""

from __future__ import annotations

import dataclasses
from typing import Generic, TypeVar
from urllib.parse import unquote

T = TypeVar("T")


@dataclasses.dataclass(slots=True)
class _Node(Generic[T]):
    fixed: dict[str, _Node[T]]
    any: _Node[T] | None
    ends: dict[str, tuple[T, tuple[str, ...], str]]
    """By method: the target, the names of the ids on the way, and the template."""


class Router(Generic[T]):
    """A tree of path segments."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node({}, None, {})

    def add(self, method: str, template: str, target: T) -> None:
        """Add `/contacts/{contact_id}` and the like; the last one added for a path wins."""
        node = self._root
        names: list[str] = []
        for segment in template.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment.strip("{}"))
                node.any = node.any or _Node({}, None, {})
                node = node.any
            else:
                node = node.fixed.setdefault(segment, _Node({}, None, {}))
        node.ends[method] = (target, tuple(names), template)

    def find(self, method: str, path: str) -> tuple[T, dict[str, str]] | None:
        """Return the target and the decoded ids of a raw (percent-encoded) path."""
        end, values = self._end(method, path)
        return None if end is None else (end[0], dict(zip(end[1], values, strict=True)))

    def template(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        """Return the template that a raw path matches, and its decoded ids."""
        end, values = self._end(method, path)
        return None if end is None else (end[2], dict(zip(end[1], values, strict=True)))

    def _end(
        self, method: str, path: str
    ) -> tuple[tuple[T, tuple[str, ...], str] | None, list[str]]:
        values: list[str] = []
        return self._walk(self._root, method, path.strip("/").split("/"), 0, values), values

    def _walk(
        self, node: _Node[T], method: str, segments: list[str], at: int, values: list[str]
    ) -> tuple[T, tuple[str, ...], str] | None:
        if at == len(segments):
            return node.ends.get(method)
        segment = segments[at]
        if segment in node.fixed:
            end = self._walk(node.fixed[segment], method, segments, at + 1, values)
            if end is not None:
                return end
        if node.any is None or not segment:
            return None
        values.append(unquote(segment))
        end = self._walk(node.any, method, segments, at + 1, values)
        if end is None:
            values.pop()
        return end
