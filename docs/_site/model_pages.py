"""The models, a page for each module, with every field."""

from __future__ import annotations

import inspect
from importlib import import_module
from itertools import groupby
from typing import Any

import msgspec

from intercom_async import models

FOLDER = "reference/models/"
TIMES = (
    "A `Timestamp` is a number of UNIX seconds;"
    " [`to_datetime`][intercom_async.to_datetime] makes an aware datetime of it."
)


def structs() -> list[tuple[str, type[msgspec.Struct]]]:
    """Return module and class of each public model."""
    known: list[Any] = [getattr(models, name) for name in models.__all__]
    found = [
        (each.__module__.rpartition(".")[2], each)
        for each in known
        if inspect.isclass(each) and issubclass(each, msgspec.Struct)
    ]
    return sorted(found, key=lambda pair: (pair[0], pair[1].__name__))


def generate() -> dict[str, str]:
    """Return the pages and their index."""
    pages: dict[str, str] = {}
    index = [
        "# All models",
        "",
        "Every model is a frozen [msgspec](https://jcristharif.com/msgspec/) struct and can be",
        "imported from `intercom_async.models`. Only what the server always sends is required;",
        "times are UNIX seconds unless a field says otherwise.",
        "",
        "| Model | |",
        "|---|---|",
    ]
    for module, members in groupby(structs(), key=lambda pair: pair[0]):
        kinds = [kind for _, kind in members]
        title = module.replace("_", " ").capitalize()
        about = (import_module(f"intercom_async.models.{module}").__doc__ or "").strip()
        lines = [f"# {title}", "", about, ""]
        if any("Timestamp" in str(each.__annotations__.values()) for each in kinds):
            lines += [TIMES, ""]
        for kind in kinds:
            path = f"{kind.__module__}.{kind.__name__}"
            first = (inspect.getdoc(kind) or "").partition("\n")[0]
            index.append(f"| [`{kind.__name__}`][{path}] | {first} |")
            lines += [
                f"::: {path}",
                "    options:",
                "      show_root_full_path: false",
                "      show_if_no_docstring: true",
                "      show_bases: false",
                "      heading_level: 2",
                '      filters: ["!^_"]',
                "",
            ]
        pages[f"{FOLDER}{module}.md"] = "\n".join(lines)
    return {f"{FOLDER}index.md": "\n".join(index) + "\n", **pages}
