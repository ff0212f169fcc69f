"""What the built site and the texts beside it hold; the site is that of DOCUMENTATION_SITE."""

from __future__ import annotations

import inspect
import os
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

import intercom_async
from intercom_async import Intercom
from intercom_async.resources._base import Resource
from .snippets import ROOT

SITE = os.environ.get("DOCUMENTATION_SITE")
needs_site = pytest.mark.skipif(SITE is None, reason="`nox -s docs` builds the site")
TEXTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md")


def public_modules() -> Iterator[ModuleType]:
    """Import every module that says what it exports."""
    prefix = f"{intercom_async.__name__}."
    for found in pkgutil.walk_packages(intercom_async.__path__, prefix):
        name = found.name.removeprefix(prefix)
        if not any(part.startswith("_") for part in name.split(".")) and name != "cli":
            module = import_module(found.name)
            if hasattr(module, "__all__"):
                yield module


def members(kind: type) -> Iterator[str]:
    """Give the public methods and fields that a class defines itself."""
    for name, value in vars(kind).items():
        if not name.startswith("_") and (
            inspect.isfunction(value) or isinstance(value, (property, classmethod, staticmethod))
        ):
            yield name
    if issubclass(kind, msgspec.Struct):
        yield from (each for each in kind.__annotations__ if not each.startswith("_"))


def public_names() -> dict[str, set[str]]:
    """Return the public classes, methods, fields and functions, each with the paths it may have."""
    found: dict[str, set[str]] = {}
    client: Any = Intercom("token")
    for name in dir(client):
        resource = None if name.startswith("_") else getattr(client, name)
        if isinstance(resource, Resource):
            kind = type(resource)
            path = f"{kind.__module__}.{kind.__name__}"
            methods = [each for each in dir(kind) if each.islower() and not each.startswith("_")]
            found |= {each: {each} for each in (path, *(f"{path}.{one}" for one in methods))}
    for module in public_modules():
        for name in module.__all__:
            thing = getattr(module, name)
            if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                continue
            paths = {f"{thing.__module__}.{thing.__qualname__}", f"{module.__name__}.{name}"}
            found.setdefault(f"{module.__name__}.{name}", set()).update(paths)
            for each in members(thing) if inspect.isclass(thing) else ():
                found[f"{module.__name__}.{name}.{each}"] = {f"{path}.{each}" for path in paths}
    return found


@needs_site
def test_the_inventory_holds_every_public_name() -> None:
    inventory: Any = pytest.importorskip("mkdocstrings").Inventory
    with Path(SITE or "", "objects.inv").open("rb") as file:
        held = set(inventory.parse_sphinx(file))
    assert sorted(name for name, paths in public_names().items() if not paths & held) == []


@needs_site
def test_no_page_loads_anything_from_elsewhere() -> None:
    loads = re.compile(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="(?:https?:)?//[^"]+"')
    found = {
        f"{path.name}: {tag}"
        for path in Path(SITE or "").rglob("*.html")
        for tag in loads.findall(path.read_text(encoding="utf-8"))
        if 'rel="canonical"' not in tag
    }
    assert found == set()


@pytest.mark.parametrize("name", [name for name in TEXTS if (ROOT / name).exists()])
def test_links_of_the_texts_beside_the_site_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_environment_variable_is_documented() -> None:
    sources = (ROOT / "intercom_async").rglob("*.py")
    used = {
        name
        for path in sources
        for name in re.findall(r"\bINTERCOM_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    assert sorted(name for name in used if f"`{name}`" not in page) == []


def test_every_setting_of_a_client_is_documented() -> None:
    settings = [name for name in inspect.signature(Intercom.__init__).parameters if name != "self"]
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    assert [name for name in settings if f"| `{name}` |" not in page] == []


def test_the_map_of_the_tree_names_every_package() -> None:
    package = ROOT / "intercom_async"
    known = {path.parent.name for path in package.glob("*/__init__.py")}
    for text in (intercom_async.__doc__ or "", (ROOT / "CONTRIBUTING.md").read_text()):
        assert sorted(name for name in known if not re.search(rf"\b{name}\b", text)) == []
