"""Rows in short form: what the operations of a resource have in common is said once.

API = Rows("/tags", "tags")

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
    """What else there is to say of an operation; see `Operation`."""

    repeat: Repeat
    paging: Paging
    kind: Kind
    body: type[Any]
    updates: bool
    accept: str
    reserved: Collection[str]


class Rows:
    """Makes the rows of a resource.

    Each takes what follows the common path, what a success is decoded into, and the page of
    Intercom's reference; a page of another chapter is given as chapter and page.

    Args:
        path: What all paths begin with.
        chapter: The chapter of the reference.
        since: The first API version that has them.
        reserved: Words that are no ids in what reads, since other operations have those paths.
    """

    def __init__(
        self, path: str, chapter: str, since: str = "2.14", reserved: Collection[str] = ()
    ) -> None:
        self._path = path
        self._chapter = chapter
        self._since = since
        self._reserved = reserved

    def since(self, version: str) -> Rows:
        """Return the same for operations that came with a later version."""
        return Rows(self._path, self._chapter, version, self._reserved)

    def get(self, path: str, model: type[T], page: str, **traits: Unpack[Traits]) -> Operation[T]:
        """Make the row of an operation that reads."""
        return self._row("GET", path, model, page, traits)

    def pages(self, path: str, model: type[T], page: str, **traits: Unpack[Traits]) -> Operation[T]:
        """Make the row of a list that goes on by page numbers."""
        return self._row("GET", path, model, page, {"paging": Paging.PAGE, **traits})

    def cursor(
        self, path: str, model: type[T], page: str, **traits: Unpack[Traits]
    ) -> Operation[T]:
        """Make the row of a list that goes on by a cursor in its query."""
        return self._row("GET", path, model, page, {"paging": Paging.CURSOR_QUERY, **traits})

    def search(
        self, path: str, model: type[T], page: str, **traits: Unpack[Traits]
    ) -> Operation[T]:
        """Make the row of a search: a POST that changes nothing, with a cursor in its body."""
        usual: Traits = {"repeat": "safe", "paging": Paging.CURSOR_BODY}
        return self._row("POST", path, model, page, {**usual, **traits})

    def post(self, path: str, model: type[T], page: str, **traits: Unpack[Traits]) -> Operation[T]:
        """Make the row of an operation that does something once more each time it is sent."""
        return self._row("POST", path, model, page, traits)

    def ensure(
        self, path: str, model: type[T], page: str, **traits: Unpack[Traits]
    ) -> Operation[T]:
        """Make the row of a POST that comes to the same end however often it is sent."""
        return self._row("POST", path, model, page, {"repeat": "idempotent", **traits})

    def put(self, path: str, model: type[T], page: str, **traits: Unpack[Traits]) -> Operation[T]:
        """Make the row of an operation that is a PUT for every client."""
        return self._row("PUT", path, model, page, traits)

    def update(
        self, path: str, model: type[T], page: str, **traits: Unpack[Traits]
    ) -> Operation[T]:
        """Make the row of an update, whose verb the client's `update_method` decides."""
        return self._row("PUT", path, model, page, {"updates": True, **traits})

    def patch(self, path: str, model: type[T], page: str, **traits: Unpack[Traits]) -> Operation[T]:
        """Make the row of an update that is a PATCH for every client."""
        return self._row("PATCH", path, model, page, {"repeat": "idempotent", **traits})

    def delete(
        self, path: str, model: type[T], page: str, **traits: Unpack[Traits]
    ) -> Operation[T]:
        """Make the row of an operation that takes something away."""
        return self._row("DELETE", path, model, page, traits)

    def _row(
        self, method: Method, path: str, model: type[T], page: str, traits: Traits
    ) -> Operation[T]:
        reference = page if not page or "/" in page else f"{self._chapter}/{page}"
        usual: Traits = {"reserved": self._reserved} if method == "GET" else {}
        if path.endswith("/search"):
            usual["kind"] = "search"
        traits = {**usual, **traits}
        path = f"{self._path}{path}"
        return Operation(method, path, model, since=self._since, reference=reference, **traits)
