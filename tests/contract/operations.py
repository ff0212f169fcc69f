"""Both sides of the comparison: the package's endpoints and methods, the described operations.

`facts.txt` holds the operations, one a line, so that endpoints can be checked
where the descriptions are not at hand; `test_operations` compares it with them where they are.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import intercom_async.resources
from intercom_async.request.operation import Operation
from intercom_async.resources._base import Resource
from tests.support.descriptions import VERSIONS, Node, description, properties, resolved, shape

FACTS = Path(__file__).with_name("facts.txt")

VERBS = ("get", "post", "put", "patch", "delete")


class Fact(NamedTuple):
    """An operation of the API, by names alone."""

    name: str
    """Verb and path."""
    since: str
    reference: str
    """Tags and id as the documentation's addresses have them, such as ``tags,contacts/findtag``;
    empty if it has no id."""
    query: frozenset[str]
    body: frozenset[str]

    def __str__(self) -> str:
        cells = (self.since, self.name, self.reference, _joined(self.query), _joined(self.body))
        return "\t".join(cells).rstrip("\t")


class Endpoint(NamedTuple):
    """An endpoint and where it stands."""

    resource: type[Resource]
    attribute: str
    operation: Operation[Any]

    @property
    def label(self) -> str:
        return f"{self.resource.__name__}.{self.attribute}"


class Method(NamedTuple):
    """A public method of a resource."""

    resource: type[Resource]
    name: str
    function: Callable[..., Any]

    @property
    def label(self) -> str:
        return f"{self.resource.__name__}.{self.name}"


REFERENCE_ONLY = (
    Fact(
        "GET /contacts/deleted",
        "2.17",
        "contacts/listdeletedcontacts",
        frozenset({"escape_identity", "page", "per_page"}),
        frozenset(),
    ),
)
"""Operations that pages of the reference show, and no machine-readable description: there is none
of 2.17."""


@cache
def committed() -> dict[str, Fact]:
    """Read the table of facts, by verb and path, with those that no description has."""
    facts = [_fact(line) for line in FACTS.read_text(encoding="utf-8").splitlines()]
    return {fact.name: fact for fact in (*facts, *REFERENCE_ONLY)}


@cache
def described() -> dict[str, Fact]:
    """Read the descriptions of all versions, by verb and path."""
    found: dict[str, Fact] = {}
    for version in VERSIONS:
        for name, node in operations(version):
            query, body = parameters(node, version, "query"), fields(node, version)
            old = found.get(shape(name), Fact(name, version, "", frozenset(), frozenset()))
            # Preview files some operations under other chapters, whose pages are not everybody's.
            is_known = bool(old.reference) and version == "Preview"
            reference = old.reference if is_known else _reference(node)
            found[shape(name)] = old._replace(
                reference=reference, query=old.query | query, body=old.body | body
            )
    return {fact.name: fact for fact in found.values()}


def operations(version: str) -> Iterator[tuple[str, Node]]:
    """Give verb and path, and what is said of them, of all operations of a version."""
    for path, item in description(version)["paths"].items():
        for verb in VERBS:
            if verb in item:
                shared = item.get("parameters", [])
                node = item[verb]
                yield (
                    f"{verb.upper()} {path}",
                    {**node, "parameters": node.get("parameters", []) + shared},
                )


def operation(name: str, version: str) -> Node | None:
    """Find one operation; None if this version lacks it."""
    return _by_shape(version).get(shape(name))


@cache
def _by_shape(version: str) -> dict[str, Node]:
    return {shape(name): node for name, node in operations(version)}


def parameters(node: Node, version: str, place: str) -> frozenset[str]:
    """Return the names of an operation's parameters in the path, query or header."""
    found = [_followed(parameter, version) for parameter in node["parameters"]]
    return frozenset(each["name"] for each in found if each["in"] == place)


def body_schema(node: Node, version: str) -> Node | None:
    """Return the schema of an operation's body."""
    body = _followed(node.get("requestBody", {}), version)
    media = body.get("content", {}).get("application/json")
    return media.get("schema") if media else None


def fields(node: Node, version: str) -> frozenset[str]:
    """Return the names that an operation's body may have."""
    schema = body_schema(node, version)
    return frozenset(properties(schema, version) if schema else ())


def argument_schema(node: Node, version: str, name: str) -> Node | None:
    """Return the schema of the parameter or field of this name, if need be one level down."""
    for parameter in node["parameters"]:
        followed = _followed(parameter, version)
        if followed["name"] == name and followed["in"] != "header":
            return resolved(followed["schema"], version)
    schema = body_schema(node, version)
    whole = properties(schema, version) if schema else {}
    for level in (whole, *(properties(field, version) for field in whole.values())):
        if name in level:
            return resolved(level[name], version)
    return None


@cache
def resources() -> tuple[type[Resource], ...]:
    """Return all resources of the package."""
    package = intercom_async.resources
    names = [found.name for found in pkgutil.iter_modules(package.__path__) if found.name[0] != "_"]
    modules = [import_module(f"{package.__name__}.{name}") for name in sorted(names)]
    return tuple(
        kind
        for module in modules
        for kind in vars(module).values()
        if inspect.isclass(kind)
        and issubclass(kind, Resource)
        and kind is not Resource
        and kind.__module__ == module.__name__
    )


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Return all endpoints of all resources."""
    return tuple(
        Endpoint(kind, attribute, value)
        for kind in resources()
        for attribute, value in vars(kind).items()
        if isinstance(value, Operation)
    )


@cache
def methods() -> tuple[Method, ...]:
    """Return all public methods of all resources."""
    return tuple(
        Method(kind, name, value)
        for kind in resources()
        for name, value in vars(kind).items()
        if inspect.isfunction(value) and not name.startswith("_")
    )


def _reference(node: Node) -> str:
    if "operationId" not in node:
        return ""
    tags = [tag.lower().replace(" ", "-") for tag in node.get("tags", [])]
    return f"{','.join(tags)}/{node['operationId'].lower()}"


def _followed(node: Node, version: str) -> Node:
    while "$ref" in node:
        found: Any = description(version)
        for key in node["$ref"].lstrip("#/").split("/"):
            found = found[key]
        node = found
    return node


def _joined(names: frozenset[str]) -> str:
    return ",".join(sorted(names))


def _fact(line: str) -> Fact:
    since, name, *rest = line.split("\t")
    reference, query, body = (*rest, "", "", "")[:3]
    return Fact(name, since, reference, _split(query), _split(body))


def _split(names: str) -> frozenset[str]:
    return frozenset(names.split(",")) if names else frozenset()


def write() -> None:
    """Rewrite the table of facts from the descriptions."""
    lines = [f"{fact}\n" for fact in described().values()]
    FACTS.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    write()
