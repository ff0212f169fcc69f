"""The table of handlers that the route modules fill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

from intercom_async.simulator.versions import VERSIONS
from .call import Call

Handler: TypeAlias = Callable[[Call], Any]
"""Takes a call; returns a `Reply`, or a value that becomes a JSON body of status 200."""


class Route(NamedTuple):
    """One endpoint and what answers it."""

    method: str
    template: str
    handler: Handler
    since: str


class Routes:
    """Handlers of one resource, by method and path template."""

    def __init__(self) -> None:
        self._rows: list[Route] = []

    def __call__(self, *endpoints: str, since: str = VERSIONS[0]) -> Callable[[Handler], Handler]:
        """Register a function for one or more endpoints, each as `"GET /tags/{tag_id}"`.

        `since` is the first version of an endpoint that no description has.
        """

        def register(handler: Handler) -> Handler:
            for endpoint in endpoints:
                method, _, template = endpoint.partition(" ")
                self._rows.append(Route(method, template, handler, since))
            return handler

        return register

    def __iter__(self) -> Iterator[Route]:
        return iter(self._rows)
