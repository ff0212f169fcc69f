"""Modules that come with an extra, imported when a sink needs them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from intercom_async.sync.errors import TargetError


def load(module: str, *, extra: str, what: str) -> Any:
    """Return a module of an extra.

    Raises:
        TargetError: It is not installed; the message says how to get it.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise TargetError(f"{what} needs an extra: pip install 'intercom-async[{extra}]'") from None
