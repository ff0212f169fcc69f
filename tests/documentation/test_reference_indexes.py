"""The indexes of the reference hold every method and every error."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import pytest

from intercom_async import errors
from .snippets import ROOT


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [str(ROOT / "docs" / "_site"), *sys.path])
    yield import_module
    for name in ("resource_pages", "error_tables"):
        sys.modules.pop(name, None)


def test_the_index_of_methods_holds_each_method_once(site: Any) -> None:
    pages = site("resource_pages")
    text = pages.index()
    names = [
        f"{name}.{method}"
        for name, kind in pages.resources().items()
        for method, _ in pages.methods(kind)
    ]
    assert len(names) > 150
    assert [name for name in names if text.count(f"| [`{name}`]") != 1] == []


def test_the_tree_of_errors_holds_each_error_below_its_base(site: Any) -> None:
    depth = {}
    for line in site("error_tables").error_tree().splitlines():
        indent, _, rest = line.partition("- [`")
        depth[rest.partition("`")[0]] = len(indent) // 4
    known = {
        name: len([base for base in kind.__mro__ if issubclass(base, errors.IntercomError)]) - 1
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.IntercomError)
    }
    assert depth == known
