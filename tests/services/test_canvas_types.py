"""Every component's JSON compiles under the types of Intercom's own Node client."""

from __future__ import annotations

import json

import pytest

from intercom_async.canvas import Canvas, Results, Submitted
from intercom_async.canvas.responses import canvas_reply, content_reply
from tests.canvas.test_components import EVERY
from .node import Node

pytestmark = pytest.mark.timeout(300)  # npm and the compiler take their time


def replies() -> list[tuple[str, bytes]]:
    """Return answers of every kind by the name of their type."""
    found = [("InitializeResponse", canvas_reply(Canvas([one]))) for one, _ in EVERY]
    canvas = Canvas([one for one, _ in EVERY[:1]], stored_data={"a": [1, None, "x"]})
    return [
        *found,
        ("SubmitResponse", canvas_reply(Submitted(canvas, is_completed=True))),
        ("SubmitResponse", canvas_reply(Submitted(canvas, card_creation_options={"a": 1}))),
        ("ConfigureResponse", canvas_reply(Results({"a": 1}))),
        ("ConfigureResponse", canvas_reply(canvas)),
        ("LiveCanvasResponse", content_reply(canvas)),
    ]


def test_what_is_sent_compiles(node: Node) -> None:
    lines = ['import type { Intercom } from "intercom-client";']
    for number, (kind, reply) in enumerate(replies()):
        value = json.dumps(json.loads(reply))
        lines.append(f"export const value{number}: Intercom.{kind} = {value};")
    assert node.compile("\n".join(lines)) == ""


def test_the_compiler_refuses_what_is_wrong(node: Node) -> None:
    wrong = '{"canvas": {"content": {"components": [{"type": "button", "label": "x"}]}}}'
    source = [
        'import type { Intercom } from "intercom-client";',
        f"export const value: Intercom.InitializeResponse = {wrong};",
    ]
    assert "error TS" in node.compile("\n".join(source))
