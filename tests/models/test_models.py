"""What holds for every model."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import pytest

from intercom_async import models
from intercom_async.codec import decode, drift, reset_drift
from intercom_async.models import (
    Article,
    ArticleContent,
    Collection,
    Contact,
    GroupContent,
    Model,
    Page,
)
from tests.support.each import for_each, name_of

EXPORTED: dict[str, Any] = {name: getattr(models, name) for name in models.__all__}
STRUCTS: list[Any] = [
    one for one in EXPORTED.values() if isinstance(one, type) and issubclass(one, Model)
]
FOLDER = Path(models.__file__).parent


AROUND = {"type", "url", "total_count", "has_more"}
"""What stands beside the list of a wrapper."""


def lists_of(model: Any) -> list[Any]:
    fields = msgspec.structs.fields(model)
    return [field for field in fields if get_origin(field.type) is list]


def is_wrapper(model: Any) -> bool:
    """Return whether a model is nothing but a list and what is said of it."""
    lists = lists_of(model)
    rest = {field.name for field in msgspec.structs.fields(model)} - {one.name for one in lists}
    return len(lists) == 1 and rest <= AROUND and "type" in rest


WRAPPERS = [model for model in STRUCTS if is_wrapper(model)]


def labelled(model: Any, value: object) -> str:
    return f"{model.__name__}, {value!r}"


def entry_of(model: Any) -> Any:
    """Return an entry that the list of a wrapper takes."""
    (kind,) = get_args(lists_of(model)[0].type)
    return "x" if kind is str else {"id": "7"}


@for_each(
    [
        (model, spelling)
        for model in WRAPPERS
        for spelling in ("data", "admins", "teammates", "notes", "segments", "new")
    ],
    labelled,
)
def test_a_wrapped_list_is_read_under_any_name_and_counted(model: Any, spelling: str) -> None:
    (field,) = lists_of(model)
    reset_drift()
    body = {"type": "list", "total_count": 1, spelling: [entry_of(model)]}

    found = decode(msgspec.json.encode(body), model)

    assert len(getattr(found, field.name)) == 1
    assert bool(drift()) == (spelling != field.encode_name)


@for_each(
    [(model, rest) for model in WRAPPERS for rest in ({}, {"total_count": 0, "type": None})],
    labelled,
)
def test_a_wrapper_without_a_list_is_empty_and_no_drift(model: Any, rest: dict[str, Any]) -> None:
    reset_drift()

    found = decode(msgspec.json.encode(rest), model)

    assert getattr(found, lists_of(model)[0].name) == []
    assert drift() == ()


@for_each(
    [(model, value) for model in WRAPPERS for value in (None, 0, "", {}, {"0": {"id": "7"}})],
    labelled,
)
def test_a_list_that_is_none_is_counted_and_never_ends_anything(model: Any, value: Any) -> None:
    (field,) = lists_of(model)
    reset_drift()

    found = decode(msgspec.json.encode({field.encode_name: value}), model)

    assert getattr(found, field.name) == []
    assert drift()


@for_each(
    [(model, name) for model in WRAPPERS for name in ("data", "list", "new")],
    labelled,
)
def test_a_list_in_an_object_is_counted(model: Any, name: str) -> None:
    (field,) = lists_of(model)
    reset_drift()

    found = decode(msgspec.json.encode({name: {"0": entry_of(model)}}), model)

    assert getattr(found, field.name) == []
    assert drift()


def test_the_wrappers_are_known() -> None:
    assert len(WRAPPERS) >= 15


@for_each(STRUCTS, name_of)
def test_model_cannot_be_changed_and_takes_keywords_only(model: Any) -> None:
    config = model.__struct_config__

    assert config.frozen
    assert config.forbid_unknown_fields is False
    with pytest.raises(TypeError):
        model("positional")


@for_each(STRUCTS, name_of)
def test_only_what_the_server_always_sends_is_required(model: Any) -> None:
    required = {field.name for field in msgspec.structs.fields(model) if field.required}
    if is_wrapper(model):
        required -= {field.name for field in lists_of(model)}

    assert required <= {"id", "items", "found", "job_identifier"}


@for_each(STRUCTS, name_of)
def test_model_says_what_it_is_in_a_sentence(model: Any) -> None:
    assert (model.__doc__ or "").split("\n")[0].endswith((".", ":"))


def test_models_say_frozen_and_keyword_only_themselves() -> None:
    """Type checkers do not take either from a base class."""
    for path in FOLDER.glob("[a-z]*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                said = {word.arg for word in node.keywords}
                assert said - {"gc"} == {"frozen", "kw_only"}, f"{path.name}: {node.name}"


def test_lists_left_out_are_empty_and_not_shared() -> None:
    first, second = (decode(b'{"id":"1"}', models.Admin) for _ in range(2))

    first.team_ids.append("7")

    assert second.team_ids == []
    assert models.Admin(id="1").team_ids == []


def test_translations_leave_out_what_is_no_translation() -> None:
    content = {"type": "article_translated_content", "en": {"title": "A"}, "pt-BR": None}
    body = {"id": "1", "translated_content": content}

    article = decode(msgspec.json.encode(body), Article)
    collection = decode(b'{"id":"1","translated_content":{"de":{"name":"B"}}}', Collection)

    assert article.translations == {"en": ArticleContent(title="A")}
    assert collection.translations == {"de": GroupContent(name="B")}
    assert Article(id="1").translations == {}
    assert Collection(id="1").translations == {}


def test_models_can_be_written_and_read_by_msgspec_alone() -> None:
    contact = Contact(id="1", owner_id="7", custom_attributes={"plan": "pro"})

    assert msgspec.json.decode(msgspec.json.encode(contact), type=Contact) == contact


def test_page_keeps_what_is_not_from_the_server_under_names_no_server_sends() -> None:
    page = decode(b'{"data":[],"checkpoint":"x","unreadable":"eA=="}', Page[Contact])

    assert page.checkpoint is None
    assert page.unreadable == ()
