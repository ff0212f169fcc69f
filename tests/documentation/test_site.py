"""What the built site and the texts beside it hold; the site is that of DOCUMENTATION_SITE."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

import intercom_async
from intercom_async import Intercom, models
from intercom_async.resources._base import Resource
from .snippets import ROOT

SITE = os.environ.get("DOCUMENTATION_SITE")
needs_site = pytest.mark.skipif(SITE is None, reason="`nox -s docs` builds the site")
TEXTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md")


def public_names() -> set[str]:
    """Return the paths of every public class, method of a resource, and field of a model."""
    found: set[str] = set()
    for name in intercom_async.__all__:
        thing = getattr(intercom_async, name)
        if inspect.isclass(thing):
            found.add(f"{thing.__module__}.{thing.__name__}")
    client: Any = Intercom("token")
    for name in dir(client):
        resource = None if name.startswith("_") else getattr(client, name)
        if isinstance(resource, Resource):
            kind = type(resource)
            path = f"{kind.__module__}.{kind.__name__}"
            methods = [each for each in dir(kind) if each.islower() and not each.startswith("_")]
            found |= {path, *(f"{path}.{each}" for each in methods)}
    for name in models.__all__:
        model = getattr(models, name)
        if inspect.isclass(model) and issubclass(model, msgspec.Struct):
            path = f"{model.__module__}.{model.__name__}"
            own = [each for each in model.__annotations__ if not each.startswith("_")]
            found |= {path, *(f"{path}.{each}" for each in own)}
    return found


@needs_site
def test_the_inventory_holds_every_public_name() -> None:
    inventory: Any = pytest.importorskip("mkdocstrings").Inventory
    with Path(SITE or "", "objects.inv").open("rb") as file:
        held = set(inventory.parse_sphinx(file))
    assert sorted(public_names() - held) == []


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
