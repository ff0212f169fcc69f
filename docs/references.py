"""Shows in the pages what a resource's methods get when their class is made: their references."""  # noqa: INP001 (a file for mkdocs, no package)

from __future__ import annotations

from importlib import import_module
from inspect import getdoc
from re import sub
from typing import Any

from griffe import Extension, Function


class References(Extension):
    """Takes the docstrings of resources from the classes themselves rather than from the source."""

    def on_function(self, *, func: Function, **_: Any) -> None:
        """Take the docstring of a method as `help` shows it."""
        if func.docstring is None or not func.path.startswith("intercom_async.resources."):
            return
        module = import_module(func.module.path)
        owner = getattr(module, func.parent.name, None) if func.parent is not None else None
        text = getdoc(getattr(owner, func.name, None))
        if text is not None:
            # Keywords are left to the extension that knows what is said of each.
            text = sub(r"(?m)^Keywords, as .*\n( .*\n?)*\n?", "", text)
            func.docstring.value = sub(r"Reference: (\S+)$", r"[Reference](\1)", text)
