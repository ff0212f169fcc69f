"""The table of handlers that the route modules fill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from .call import Call

Handler: TypeAlias = Callable[[Call], Any]
"""Takes a call; returns a `Reply`, or a value that becomes a JSON body of status 200."""


class Routes:
    """Handlers of one resource, by method and path template."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, Handler]] = []

    def __call__(self, *endpoints: str) -> Callable[[Handler], Handler]:
        """Register a function for one or more endpoints, each as `"GET /tags/{tag_id}"`."""

        def register(handler: Handler) -> Handler:
            for endpoint in endpoints:
                method, _, template = endpoint.partition(" ")
                self._rows.append((method, template, handler))
            return handler

        return register

    def __iter__(self) -> Iterator[tuple[str, str, Handler]]:
        return iter(self._rows)
