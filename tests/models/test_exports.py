"""`models` and `fields` offer what their modules define, to programs and to type checkers alike."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from intercom_async import fields, models

PACKAGES = pytest.mark.parametrize("package", [models, fields], ids=["models", "fields"])


def modules(package: ModuleType) -> dict[str, Path]:
    folder = Path(str(package.__file__)).parent
    return {path.stem: path for path in folder.glob("[a-z]*.py")}


OWN = {"with_items"}
"""What the package uses itself, and nobody else needs."""


def defined(statements: list[ast.stmt]) -> Iterator[str]:
    """Give the names that a module defines, its type variables left out."""
    for node in statements:
        if isinstance(node, ast.If):
            yield from defined([*node.body, *node.orelse])
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Assign) and not ast.unparse(node.value).startswith("TypeVar("):
            yield from (name.id for name in node.targets if isinstance(name, ast.Name))


@PACKAGES
def test_a_package_exports_what_its_modules_define(package: ModuleType) -> None:
    names = {
        name
        for path in modules(package).values()
        for name in defined(ast.parse(path.read_text(encoding="utf-8")).body)
        if not name.startswith("_")
    }

    names -= OWN
    assert set(package.__all__) == names
    assert package.__all__ == sorted(package.__all__)
    for name in names:
        assert getattr(package, name) is not None


@PACKAGES
def test_type_checkers_are_told_of_every_module(package: ModuleType) -> None:
    stub = Path(str(package.__file__)).with_suffix(".pyi").read_text(encoding="utf-8")
    starred = [node.module for node in ast.parse(stub).body if isinstance(node, ast.ImportFrom)]

    assert starred == sorted(modules(package))


@PACKAGES
def test_a_package_imports_a_module_when_it_is_asked_for(package: ModuleType) -> None:
    """A program that uses one model does not pay for all of them."""
    code = f"import sys, {package.__name__}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    loaded = {name for name in done.stdout.split() if name.startswith(f"{package.__name__}.")}
    assert len(loaded) < len(modules(package)) / 4
