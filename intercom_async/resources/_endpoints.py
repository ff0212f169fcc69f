"""Endpoints in short form: what the operations of a resource have in common is written once.

API = EndpointBuilder("/tags", "tags")

class Tags(Resource):
    LIST = API.get("", Page[Tag], "listtags")
    GET = API.get("/{tag_id}", Tag, "findtag")
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypedDict, TypeVar, Unpack

from intercom_async.request.operation import Kind, Method, Operation, Paging, Repeat

T = TypeVar("T")


class Traits(TypedDict, total=False):
    """Further arguments of `Operation`."""

    repeat: Repeat
    paging: Paging
    kind: Kind
    body: type[Any]
    updates: bool
    accept: str
    reserved: Collection[str]


class EndpointBuilder:
    """Builds the endpoints of a resource.

    Each method takes the rest of the path, the type of a success, and the page of Intercom's
    reference; a page of another chapter is given as ``chapter/page``.

    Args:
        path: Prefix of all paths.
        chapter: Chapter of the reference.
        since: First API version that has them.
        reserved: Words that are not ids in a GET, because another operation has that path.
    """

    def __init__(
        self, path: str, chapter: str, since: str = "2.14", reserved: Collection[str] = ()
    ) -> None:
        self._path = path
        self._chapter = chapter
        self._since = since
        self._reserved = reserved

    def since(self, version: str) -> EndpointBuilder:
        """Return a builder for operations that came with a later version."""
        return EndpointBuilder(self._path, self._chapter, version, self._reserved)

    def get(self, path: str, model: type[T], page: str, **traits: Unpack[Traits]) -> Operation[T]:
        """Build an operation that reads."""
        return self._operation("GET", path, model, page, traits)

    def pages(self, path: str, model: type[T], page: str, **traits: Unpack[Traits]) -> Operation[T]:
        """Build a list that is paged by number."""
        return self._operation("GET", path, model, page, {"paging": Paging.PAGE, **traits})

    def cursor(
        self, path: str, model: type[T], page: str, **traits: Unpack[Traits]
    ) -> Operation[T]:
        """Build a list that is paged by a cursor in its query."""
        return self._operation("GET", path, model, page, {"paging": Paging.CURSOR_QUERY, **traits})

    def search(
        self, path: str, model: type[T], page: str, **traits: Unpack[Traits]
    ) -> Operation[T]:
        """Build a search: a POST that changes nothing, paged by a cursor in its body."""
        usual: Traits = {"repeat": "safe", "paging": Paging.CURSOR_BODY}
        return self._operation("POST", path, model, page, {**usual, **traits})

    def post(self, path: str, model: type[T], page: str, **traits: Unpack[Traits]) -> Operation[T]:
        """Build an operation that must not be sent twice."""
        return self._operation("POST", path, model, page, traits)

    def idempotent_post(
        self, path: str, model: type[T], page: str, **traits: Unpack[Traits]
    ) -> Operation[T]:
        """Build a POST that has the same effect however often it is sent."""
        return self._operation("POST", path, model, page, {"repeat": "idempotent", **traits})

    def put(self, path: str, model: type[T], page: str, **traits: Unpack[Traits]) -> Operation[T]:
        """Build an update that is a PUT for every client."""
        return self._operation("PUT", path, model, page, traits)

    def update(
        self, path: str, model: type[T], page: str, **traits: Unpack[Traits]
    ) -> Operation[T]:
        """Build an update whose verb is the client's `update_method`."""
        return self._operation("PUT", path, model, page, {"updates": True, **traits})

    def patch(self, path: str, model: type[T], page: str, **traits: Unpack[Traits]) -> Operation[T]:
        """Build an update that is a PATCH for every client."""
        return self._operation("PATCH", path, model, page, {"repeat": "idempotent", **traits})

    def delete(
        self, path: str, model: type[T], page: str, **traits: Unpack[Traits]
    ) -> Operation[T]:
        """Build an operation that deletes or detaches something."""
        return self._operation("DELETE", path, model, page, traits)

    def _operation(
        self, method: Method, path: str, model: type[T], page: str, traits: Traits
    ) -> Operation[T]:
        reference = page if not page or "/" in page else f"{self._chapter}/{page}"
        usual: Traits = {"reserved": self._reserved} if method == "GET" else {}
        if path.endswith("/search"):
            usual["kind"] = "search"
        traits = {**usual, **traits}
        path = f"{self._path}{path}"
        return Operation(method, path, model, since=self._since, reference=reference, **traits)
