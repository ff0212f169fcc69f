"""Components and canvases: what they encode to, and what is refused before Intercom would."""

from __future__ import annotations

import json
from typing import Any

import pytest

from intercom_async.canvas import (
    Button,
    Canvas,
    Checkbox,
    Component,
    DataTable,
    DataTableItem,
    Divider,
    Dropdown,
    Image,
    Input,
    List,
    ListItem,
    Option,
    Results,
    SheetAction,
    SingleSelect,
    Spacer,
    Submitted,
    Text,
    TextArea,
    UrlAction,
)
from intercom_async.canvas.responses import MAX_PART_BYTES, canvas_reply, content_reply
from intercom_async.errors import ConfigError

URL = "https://example.com/x"
OPTIONS = [Option("a", "A"), Option("b", "B", disabled=True)]
OPTION_JSON = [
    {"type": "option", "id": "a", "text": "A"},
    {"type": "option", "id": "b", "text": "B", "disabled": True},
]

EVERY: list[tuple[Any, dict[str, Any]]] = [
    (Text("Hi"), {"type": "text", "text": "Hi"}),
    (
        Text("Hi", style="header", align="center", bottom_margin="none", id="t"),
        {
            "type": "text",
            "text": "Hi",
            "style": "header",
            "align": "center",
            "bottom_margin": "none",
            "id": "t",
        },
    ),
    (
        Button("Go", id="go"),
        {"type": "button", "label": "Go", "id": "go", "action": {"type": "submit"}},
    ),
    (
        Button("Go", id="go", action=UrlAction(URL), style="link", disabled=True),
        {
            "type": "button",
            "label": "Go",
            "id": "go",
            "action": {"type": "url", "url": URL},
            "style": "link",
            "disabled": True,
        },
    ),
    (Input("i", label="L"), {"type": "input", "id": "i", "label": "L"}),
    (
        Input("i", action=SheetAction(URL), save_state="saved"),
        {
            "type": "input",
            "id": "i",
            "action": {"type": "sheet", "url": URL},
            "save_state": "saved",
        },
    ),
    (TextArea("a", error=True), {"type": "textarea", "id": "a", "error": True}),
    (
        Dropdown("d", OPTIONS, value="b"),
        {"type": "dropdown", "id": "d", "options": OPTION_JSON, "value": "b"},
    ),
    (
        SingleSelect("s", OPTIONS, label="L"),
        {"type": "single-select", "id": "s", "options": OPTION_JSON, "label": "L"},
    ),
    (
        Checkbox("c", OPTIONS, "Which?", value=["a"]),
        {
            "type": "checkbox",
            "id": "c",
            "option": OPTION_JSON,
            "label": "Which?",
            "value": ["a"],
        },
    ),
    (
        List([ListItem("1", "T", image=URL, image_width=5, image_height=6)]),
        {
            "type": "list",
            "items": [
                {
                    "type": "item",
                    "id": "1",
                    "title": "T",
                    "image": URL,
                    "image_width": 5,
                    "image_height": 6,
                }
            ],
        },
    ),
    (Image(URL, 5, 6), {"type": "image", "url": URL, "width": 5, "height": 6}),
    (
        DataTable([DataTableItem("Plan", "")]),
        {"type": "data-table", "items": [{"type": "field-value", "field": "Plan", "value": ""}]},
    ),
    (Spacer("xl"), {"type": "spacer", "size": "xl"}),
    (Divider(), {"type": "divider"}),
]


@pytest.mark.parametrize(("component", "expected"), EVERY)
def test_a_component_is_canvas_kits_json(component: Any, expected: Any) -> None:
    reply = json.loads(canvas_reply(Canvas([component])))
    assert reply == {"canvas": {"content": {"components": [expected]}}}


WRONG: list[Any] = [
    lambda: Text(""),
    lambda: Text(" "),
    lambda: Text(5),  # type: ignore[arg-type] # the mistake under test
    lambda: Button("", id="a"),
    lambda: Button("Go", id=""),
    lambda: Input(""),
    lambda: TextArea(""),
    lambda: Dropdown("d", []),
    lambda: Dropdown("d", [Option("a", "A"), Option("a", "B")]),
    lambda: Dropdown("d", OPTIONS, value="z"),
    lambda: SingleSelect("s", OPTIONS, value="z"),
    lambda: Checkbox("c", OPTIONS, ""),
    lambda: Checkbox("c", OPTIONS, "L", value=["a", "z"]),
    lambda: Option("", "A"),
    lambda: Option("a", ""),
    lambda: List([]),
    lambda: ListItem("1", "T", image=URL),
    lambda: ListItem("1", "T", image="http://example.com/x", image_width=1, image_height=1),
    lambda: Image(URL, 0, 5),
    lambda: Image(URL, 5, True),
    lambda: Image("ftp://x", 5, 5),
    lambda: UrlAction("javascript:alert(1)"),
    lambda: SheetAction("http://example.com"),
    lambda: DataTable([]),
    lambda: DataTableItem("", "x"),
    Canvas,
    lambda: Canvas([Text("x")], content_url=URL),
    lambda: Canvas(content_url="http://example.com"),
    lambda: Canvas([Text("x", style="bold")]),  # type: ignore[arg-type] # as above
    lambda: Canvas([Component()]),
    lambda: Canvas([Spacer("huge")]),  # type: ignore[arg-type] # as above
    lambda: Canvas(["text"]),  # type: ignore[list-item] # as above
    lambda: Canvas([Button("Go", id="a", action=None)]),  # type: ignore[arg-type] # as above
    lambda: Canvas([Text("x")], stored_data={"x": object()}),
    lambda: Canvas([Button("Go", id="a"), Input("a")]),
    lambda: Canvas([Text("x", id="a"), List([ListItem("a", "T")])]),
    lambda: Canvas([List([ListItem("a", "T"), ListItem("a", "U")])]),
]


@pytest.mark.parametrize("make", WRONG)
def test_what_intercom_would_not_show_is_refused(make: Any) -> None:
    with pytest.raises(ConfigError):
        make()


def test_content_and_data_have_64_kib_each() -> None:
    wrapping = len(b'{"components":[{"type":"text","text":""}]}')
    text = "x" * (MAX_PART_BYTES - wrapping)
    data = {"a": "x" * (MAX_PART_BYTES - len(b'{"a":""}'))}
    assert Canvas([Text(text)], stored_data=data).stored_data == data
    with pytest.raises(ConfigError, match="components"):
        Canvas([Text(text + "x")])
    with pytest.raises(ConfigError, match="stored_data"):
        Canvas([Text("x")], stored_data={"a": data["a"] + "x"})
    # Bytes count, not characters.
    with pytest.raises(ConfigError):
        Canvas([Text("é" * (MAX_PART_BYTES // 2))])


def test_what_goes_with_a_canvas() -> None:
    canvas = Canvas([Text("x")], stored_data={"step": 2})
    shown = {"content": {"components": [{"type": "text", "text": "x"}]}, "stored_data": {"step": 2}}
    assert json.loads(canvas_reply(canvas)) == {"canvas": shown}
    assert json.loads(canvas_reply(Submitted(canvas, is_completed=True))) == {
        "canvas": shown,
        "event": {"type": "completed"},
    }
    inserted = Submitted(canvas, card_creation_options={"a": 1})
    assert json.loads(canvas_reply(inserted)) == {
        "canvas": shown,
        "card_creation_options": {"a": 1},
    }
    assert json.loads(canvas_reply(Results({"a": 1}))) == {"results": {"a": 1}}
    assert json.loads(canvas_reply(Canvas(content_url=URL))) == {"canvas": {"content_url": URL}}
    assert json.loads(content_reply(canvas)) == {"content": shown["content"]}


@pytest.mark.parametrize("answer", [None, {}, "text", Text("x"), 7])
def test_any_other_answer_is_refused(answer: Any) -> None:
    with pytest.raises(ConfigError, match="return"):
        canvas_reply(answer)
    with pytest.raises(ConfigError, match="return"):
        content_reply(answer)
    with pytest.raises(ConfigError, match="components"):
        content_reply(Canvas(content_url=URL))


def test_components_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Text("x").text = "y"  # type: ignore[misc] # the mistake under test
