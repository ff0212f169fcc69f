"""Packages whose modules are imported when one of their names is first asked for (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any


def lazily(
    package: str, names: Mapping[str, str], modules: Collection[str] = ()
) -> tuple[Callable[[str], Any], list[str]]:
    """Return a package's `__getattr__` and `__all__`.

    Args:
        package: The package's `__name__`.
        names: The names that each of its modules defines, divided by spaces.
        modules: Modules that are attributes of the package themselves.
    """
    homes = {name: module for module, defined in names.items() for name in defined.split()}

    def find(name: str) -> Any:
        """Import the module that has a name, and keep the name in the package."""
        module = homes.get(name)
        if name in modules:
            return import_module(f"{package}.{name}")
        if module is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{module}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return find, sorted(homes)
