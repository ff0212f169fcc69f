"""Each numeric constant says what it is, and each of the scheduler what fails without it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import TypeGuard

from .test_architecture import FILES, PACKAGE, part

TESTS = PACKAGE.parent / "tests"
NAMED = re.compile(r"\b(test_\w+\.py)(?:::(\w+…?))?")
"""A file of tests, and perhaps one of its tests; the dots stand for the rest of a long name."""


def test_the_tests_that_constants_name_are_there() -> None:
    texts: dict[str, str] = {}
    for path in TESTS.rglob("test_*.py"):
        texts[path.name] = texts.get(path.name, "") + path.read_text()
    missing: list[str] = []
    for path in FILES:
        for name, test in NAMED.findall(path.read_text()):
            rest = r"\w*\b" if test.endswith("…") else r"\b"
            defined = rf"(def|class) {test.removesuffix('…')}{rest}" if test else ""
            if name not in texts or not re.search(defined, texts[name]):
                missing.append(f"{path.relative_to(PACKAGE)}: {name} {test}")
    assert missing == []


CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
EVIDENCE = re.compile(r"\btest_\w+\.py|\(report: |no test: ")
"""What a constant of the scheduler is judged by: a test, a situation of its report, or a reason."""


def numbers(path: Path) -> Iterator[tuple[list[str], str]]:
    """Give the numeric constants of a file, those of one line together, and what is said of them.

    Statuses by their standard names need no word.
    """
    text = path.read_text()
    lines, body = text.splitlines(), ast.parse(text).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [name.id for target in targets for name in ast.walk(target) if is_constant(name)]
        values = [each for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
        if not names or not values or not all(type(each.value) in (int, float) for each in values):
            continue
        if HTTP.get(names[0].strip("_")) == values[0].value or not is_plain(node.value):
            continue
        words = following.value if isinstance(following, ast.Expr) else None
        said = words.value if isinstance(words, ast.Constant) else ""
        comments = [line.partition("#")[2] for line in lines[node.lineno - 2 : node.end_lineno]]
        yield names, "".join([str(said), *comments])


HTTP = {status.name: status.value for status in HTTPStatus}


def is_constant(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and bool(CONSTANT.fullmatch(node.id))


def is_plain(value: ast.expr) -> bool:
    """Return whether a value is a number, a tuple of them, or arithmetic."""
    kinds = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.Tuple, ast.operator, ast.unaryop, ast.Load)
    return all(isinstance(each, kinds) for each in ast.walk(value))


def test_each_number_says_what_it_is() -> None:
    """Each numeric constant has a docstring or a comment, or another one's docstring names it."""
    silent = [
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in FILES
        for names, said in numbers(path)
        for name in names
        if not said and f"`{name}`" not in path.read_text()
    ]
    assert silent == []


def test_each_number_of_the_scheduler_names_what_fails_without_it() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}: {name}": said
        for path in FILES
        if part(path) == "scheduler"
        for names, said in numbers(path)
        for name in names
        if said
    }
    assert len(found) > 100
    assert [name for name, said in found.items() if not EVIDENCE.search(said)] == []
