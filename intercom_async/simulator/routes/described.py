"""Answers of operations without code of their own: create, read, list, change and delete by rule.

What a path means follows from its form: a fixed last segment is a collection, an id at the end one
of its rows. A row keeps what was sent; every other field is made from its type, so an answer always
has the form that the version asked for declares.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import BAD_JSON, Row, decode_json, encode_json, is_id
from intercom_async.simulator.schema.facts import Facts, Node, Operation, fixed_form
from intercom_async.simulator.schema.lists import LIST_RULES, NOT_FOUND_CODES, ListRule
from intercom_async.simulator.schema.make import Maker, fits, is_moment, moment_as_text
from intercom_async.simulator.store.described_records import Record
from .call import Call, Reply
from .checks import object_of
from .paging import numbered_page, page_size, whole_number

UNDECLARED = {"/fin_voice/phone_number/{}": Node(name="ai_call_response")}
"""What answers of which the descriptions say nothing look like."""
WRAPPED = {"/folders": "folder", "/folders/{}": "folder"}
"""Operations whose body has its fields under the name of the object."""
SUBMITTED_METHODS = frozenset(("POST", "PUT", "PATCH"))


class SchemaAnswers:
    """Makes the handler of an operation from its facts."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._items = {
            fixed_form(one.path).removesuffix("/{}"): one
            for one in sorted(facts.operations, key=lambda one: one.method == "GET")
            if one.path.endswith("}")
        }
        """By collection: an operation on one of its rows, GET where there is one."""

    def handler(self, operation: Operation) -> Callable[[Call], Any]:
        """Return the handler of an operation."""
        act = self._act(operation)

        def answer(call: Call) -> Any:
            if operation.method in SUBMITTED_METHODS:
                self._check_body(operation, call)
            status, content_type, node = self._facts.answer(operation, call.version)
            if not operation.form(call.version).answers:
                node = UNDECLARED.get(fixed_form(operation.path))
            body = act(operation, call, node)
            if node is None:
                return Reply(b"", status)
            if content_type.startswith("text/"):
                return Reply(str(body).encode(), status, content_type=content_type)
            return Reply(body, status)

        return answer

    def _act(self, operation: Operation) -> Callable[[Operation, Call, Node | None], Any]:
        form = fixed_form(operation.path)
        if form.endswith("/{}"):
            return {
                "GET": self._show,
                "PUT": self._update,
                "PATCH": self._update,
                "DELETE": self._delete,
            }.get(operation.method, self._plain)
        if operation.method == "POST" and form in self._items:
            return self._create
        return self._list if operation.method == "GET" else self._plain

    # By kind --------------------------------------------------------------------------------

    def _show(self, operation: Operation, call: Call, node: Node | None) -> Any:
        record = self._record(operation, call)
        return self._presented(call, node, record)

    def _create(self, operation: Operation, call: Call, node: Node | None) -> Any:
        record = call.workspace.records.add(call.path, _fields_of(operation, call), call.now_at)
        return self._presented(call, node, record)

    def _update(self, operation: Operation, call: Call, node: Node | None) -> Any:
        record = self._record(operation, call)
        record.fields.update(_fields_of(operation, call))
        record.updated_at = call.now_at
        return self._presented(call, node, record)

    def _delete(self, operation: Operation, call: Call, node: Node | None) -> Any:
        record = self._record(operation, call)
        del call.workspace.records.collection(_parent(call.path))[_last(call.path)]
        return self._presented(call, node, record, deleted=True, archived=True)

    def _plain(self, operation: Operation, call: Call, node: Node | None) -> Any:
        """Answer a call that is none of these: made up, with what was sent where it fits."""
        del operation
        key = sum(call.path.encode()) % 997 + 1
        record = Record(key, dict(call.fields) if call.method != "GET" else {}, 0, 0)
        record.created_at = record.updated_at = call.now_at
        return self._presented(call, node, record, given_id=next(iter(call.ids.values()), None))

    def _list(self, operation: Operation, call: Call, node: Node | None) -> Any:
        form = fixed_form(operation.path)
        rule = LIST_RULES.get(form, ListRule())
        envelope = self._facts.resolved(node or Node(), call.version)
        key = rule.key or self._items_key(envelope, call.version)
        if key is None:
            return self._plain(operation, call, node)
        records = list(call.workspace.records.collection(call.path).values())
        item = self._item_type(form, envelope, key, call.version)
        rows = [self._presented(call, item, record) for record in records]
        shown, paging = _paged(call, rows, rule)
        maker = self._maker(call)
        answer: Row = {
            name: maker.make(inner, 1, name, 1)
            for name, inner in envelope.properties.items()
            if name not in ("pages", "next_cursor", "has_more", key)
        }
        kinds = envelope.properties["type"].values if "type" in answer else ()
        if "type" in answer and (not kinds or "list" in kinds):
            answer["type"] = "list"
        return answer | {key: shown} | paging(answer)

    # Parts of these -------------------------------------------------------------------------

    def _maker(self, call: Call) -> Maker:
        return Maker(self._facts, call.version, call.workspace.seed, call.workspace.until)

    def _record(self, operation: Operation, call: Call) -> Record:
        rows = call.workspace.records.collection(_parent(call.path))
        record = rows.get(_last(call.path))
        if record is None:
            form = fixed_form(operation.path).removesuffix("/{}")
            code, message = NOT_FOUND_CODES.get(form, ("not_found", "Resource Not Found"))
            raise not_found(message, code)
        return record

    def _presented(
        self,
        call: Call,
        node: Node | None,
        record: Record,
        *,
        given_id: str | None = None,
        **said: Any,
    ) -> Any:
        """Make a value of a type, with the fields of a record where they fit."""
        if node is None:
            return None
        resolved = self._facts.resolved(node, call.version)
        if resolved.any_of:
            resolved = self._facts.resolved(resolved.any_of[0], call.version)
        made = self._maker(call).make(resolved, record.key)
        if not isinstance(made, dict):
            return made
        row: Row = made  # pyright: ignore[reportUnknownVariableType]
        known: Row = {
            "id": given_id or str(record.key),
            "created_at": record.created_at,
            "updated_at": record.updated_at,
            "workspace_id": call.workspace.id_code,
            **record.fields,
            **said,
        }
        for name, inner in resolved.properties.items():
            if name in known:
                value = self._fitted(inner, known[name], call.version)
                if value is not None:
                    row[name] = value
        return row

    def _fitted(self, node: Node, value: Any, version: str) -> Any:
        """Return a value as a type wants it; None where it cannot be that."""
        if is_moment(self._facts.resolved(node, version)) and isinstance(value, int):
            return moment_as_text(value)
        if fits(self._facts, version, node, value):
            return value
        if isinstance(value, str) and is_id(value):
            number = int(value)
            return number if fits(self._facts, version, node, number) else None
        if isinstance(value, int) and fits(self._facts, version, node, str(value)):
            return str(value)
        return None

    def _items_key(self, envelope: Node, version: str) -> str | None:
        """Return the field of a list that has its rows: `data`, or the only array of objects."""
        arrays = [
            name
            for name, inner in envelope.properties.items()
            if (one := self._facts.resolved(inner, version)).type == "array"
            and one.items is not None
            and self._is_object(one.items, version)
        ]
        return "data" if "data" in arrays else next(iter(arrays), None)

    def _is_object(self, node: Node, version: str) -> bool:
        resolved = self._facts.resolved(node, version)
        return bool(resolved.properties or resolved.any_of)

    def _item_type(self, form: str, envelope: Node, key: str, version: str) -> Node | None:
        """Return the type of a list's rows; where it may be several, that of a read by id."""
        items = self._facts.resolved(envelope.properties[key], version).items
        one = self._items.get(form)
        is_open = items is not None and bool(self._facts.resolved(items, version).any_of)
        if is_open and one is not None and one.is_in(version):
            return self._facts.answer(one, version)[2]
        return items

    def _check_body(self, operation: Operation, call: Call) -> None:
        """Refuse a body that lacks what is required or has it as another type."""
        node = self._facts.body(operation, call.version)
        if node is None:
            return
        fields = call.fields
        resolved = self._facts.resolved(node, call.version)
        for name in resolved.required:
            if fields.get(name) is None:
                raise bad_parameter(f"{name} is required", code="parameter_not_found", field=name)
        for name, inner in resolved.properties.items():
            value = fields.get(name)
            if value is not None and not self._is_taken(inner, value, call.version):
                raise bad_parameter(f"{name} has a value of a wrong type", field=name)

    def _is_taken(self, node: Node, value: Any, version: str) -> bool:
        """Tell whether a field may be sent like this: text and numbers pass for each other."""
        resolved = self._facts.resolved(node, version)
        if resolved.any_of or resolved.type is None:
            return True
        if isinstance(value, bool):
            return resolved.type == "boolean"
        if isinstance(value, (str, int, float)):
            return resolved.type in ("string", "integer", "number") and (
                not resolved.values or value in resolved.values
            )
        return resolved.type == ("array" if isinstance(value, list) else "object")


def _fields_of(operation: Operation, call: Call) -> Row:
    name = WRAPPED.get(fixed_form(operation.path))
    return call.fields if name is None else object_of(call.fields, name)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _last(path: str) -> str:
    return path.rpartition("/")[2]


Tail = Callable[[Row], Row]


def _paged(call: Call, rows: list[Any], rule: ListRule) -> tuple[list[Any], Tail]:
    """Cut a list as its endpoint does; the second value adds what tells of the other pages."""
    if rule.kind == "cursor":
        return _cursor_paged(call, rows, rule)
    if rule.kind in ("numbered", "top"):
        places, pages = numbered_page(call, len(rows), default=rule.default, high=rule.high)
        shown = [rows[place] for place in places]
        if rule.kind == "top":
            pages.pop("next")
            pages.pop("type")
            return shown, lambda _: pages | {"total_count": len(rows)}
        return shown, lambda answer: _counted(answer, len(rows)) | {"pages": pages}
    if rule.kind == "next_cursor":
        return rows, lambda _: {"next_cursor": None, "has_more": False}
    # A list without pages ends for a client that asks for its second page all the same.
    page = whole_number(call.query.get("page"), "page", default=1, high=10_000_000)
    return rows if page == 1 else [], lambda answer: _counted(answer, len(rows))


def _counted(answer: Row, count: int) -> Row:
    return {"total_count": count} if "total_count" in answer else {}


def _cursor_paged(call: Call, rows: list[Any], rule: ListRule) -> tuple[list[Any], Tail]:
    per_page = page_size(call, call.query.get("per_page"), default=rule.default, high=rule.high)
    start = _cursor_place(call.query.get("starting_after"))
    shown = rows[start : start + per_page]
    pages: Row = {
        "type": "pages",
        "page": start // per_page + 1,
        "per_page": per_page,
        "total_pages": math.ceil(len(rows) / per_page),
    }
    if start + per_page < len(rows):
        cursor = base64.b64encode(encode_json([float(start + per_page), start + per_page]))
        pages["next"] = {"per_page": per_page, "starting_after": cursor.decode()}
    return shown, lambda answer: _counted(answer, len(rows)) | {"pages": pages}


def _cursor_place(text: str | None) -> int:
    if not text:
        return 0
    try:
        _, place = decode_json(base64.b64decode(text, validate=True))
        return max(0, int(place))
    except (*BAD_JSON, TypeError, binascii.Error):
        raise ApiError(
            400,
            "client_error",
            "starting_after was not given out by this list: take the value of its last page, "
            "unchanged",
        ) from None
