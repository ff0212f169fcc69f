"""Shows in the pages what a resource's methods get when their class is made: their references."""

from __future__ import annotations

from importlib import import_module
from inspect import getdoc
from re import sub
from typing import Any

from griffe import Extension, Function

from resource_pages import endpoint_of, http_line


class References(Extension):
    """Takes the docstrings of resources from the classes themselves rather than from the source."""

    def on_function(self, *, func: Function, **_: Any) -> None:
        """Take the docstring of a method as `help` shows it, and say what the method sends."""
        if func.docstring is None or not func.path.startswith("intercom_async.resources."):
            return
        module = import_module(func.module.path)
        owner = getattr(module, func.parent.name, None) if func.parent is not None else None
        method = getattr(owner, func.name, None)
        text = getdoc(method)
        if text is None:
            return
        # Keywords are left to the extension that knows what is said of each.
        text = sub(r"(?m)^Keywords, as .*\n( .*\n?)*\n?", "", text)
        endpoint = endpoint_of(owner, method) if owner is not None else None
        sends = f"{http_line(endpoint)} · " if endpoint is not None else ""
        func.docstring.value = sub(
            r"Reference: (\S+)$", rf"{sends}[Intercom's reference](\1)", text
        )
