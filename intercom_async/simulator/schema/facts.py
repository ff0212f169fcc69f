"""What is known of every operation of 2.14 to 2.16 and of Preview: paths, verbs, types of fields.

`operations.json` holds facts only, in this project's own form: `nodes` are types (most of them
shared by the versions), `names` says which node a schema's name means in which version, and
`operations` has one row for each verb and path. Keys of a node: `t` type, `p` properties, `i`
items, `u` any of, `a` other properties, `n` may be null, `f` format, `e` known values, `r` required
properties, `$` another schema by name, and bounds.
"""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Iterator, Mapping

import msgspec

from intercom_async.simulator.versions import DESCRIBED_AS, VERSIONS


class Node(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A type."""

    type: str | None = msgspec.field(name="t", default=None)
    properties: dict[str, Node] = msgspec.field(name="p", default_factory=dict[str, "Node"])
    items: Node | None = msgspec.field(name="i", default=None)
    any_of: tuple[Node, ...] = msgspec.field(name="u", default=())
    others: Node | bool | None = msgspec.field(name="a", default=None)
    nullable: int = msgspec.field(name="n", default=0)
    format: str | None = msgspec.field(name="f", default=None)
    values: tuple[str | int | float | bool, ...] = msgspec.field(name="e", default=())
    required: tuple[str, ...] = msgspec.field(name="r", default=())
    name: str | None = msgspec.field(name="$", default=None)
    least_items: int = msgspec.field(name="lo", default=0)
    most_items: int | None = msgspec.field(name="hi", default=None)
    longest: int | None = msgspec.field(name="mx", default=None)
    least: float | None = msgspec.field(name="ge", default=None)
    most: float | None = msgspec.field(name="le", default=None)


class Form(msgspec.Struct, frozen=True, gc=False):
    """An operation in one version."""

    answers: dict[str, tuple[str, int] | None]
    """By status: content type and node of a success; None for an empty one."""
    query: tuple[str, ...] = ()
    body: int | None = None


class Operation(msgspec.Struct, frozen=True, gc=False):
    """A verb and a path, with its form in each version that has it."""

    method: str
    path: str
    versions: dict[str, Form]
    """By described version."""

    def form(self, version: str) -> Form:
        """Return the operation's form in a version; KeyError where it has none."""
        return self.versions[DESCRIBED_AS.get(version, version)]

    def is_in(self, version: str) -> bool:
        """Tell whether a version has the operation."""
        return DESCRIBED_AS.get(version, version) in self.versions


class Facts(msgspec.Struct, frozen=True):
    """The whole table."""

    nodes: tuple[Node, ...]
    names: dict[str, dict[str, int]]
    operations: tuple[Operation, ...]

    def named(self, name: str, version: str) -> Node:
        """Return the node of a schema's name; KeyError where the version has none."""
        return self.nodes[self.names[name][DESCRIBED_AS.get(version, version)]]

    def resolved(self, node: Node, version: str) -> Node:
        """Follow names until there is a type."""
        while node.name is not None:
            node = self.named(node.name, version)
        return node

    def answer(self, operation: Operation, version: str) -> tuple[int, str, Node | None]:
        """Return status, content type and type of an operation's success."""
        status, content = next(iter(operation.form(version).answers.items()), ("200", None))
        if content is None:
            return int(status), "", None
        return int(status), content[0], self.nodes[content[1]]

    def body(self, operation: Operation, version: str) -> Node | None:
        """Return the type of an operation's body."""
        index = operation.form(version).body
        return None if index is None else self.nodes[index]


@functools.cache
def facts() -> Facts:
    """Load the table, once."""
    data = (
        importlib.resources.files("intercom_async.simulator.schema")
        .joinpath("operations.json")
        .read_bytes()
    )
    return msgspec.json.decode(data, type=Facts)


def fixed_form(path: str) -> str:
    """Return a path with its ids nameless, so that templates of different wording compare."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


@functools.cache
def versions_by_endpoint() -> Mapping[tuple[str, str], frozenset[str]]:
    """Return which versions have a verb and a path (in its `fixed_form`)."""
    return {
        (one.method, fixed_form(one.path)): frozenset(filter(one.is_in, VERSIONS))
        for one in facts().operations
    }


def endpoints() -> Iterator[tuple[str, str]]:
    """Walk all verbs and paths."""
    for operation in facts().operations:
        yield operation.method, operation.path
