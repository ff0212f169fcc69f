"""Tables of errors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from intercom_async import errors

ANY_CALL = (
    errors.TransportError,
    errors.UnauthorizedError,
    errors.RateLimitedError,
    errors.ServerError,
    errors.DecodeError,
    errors.WaitTooLongError,
    errors.DeadlineError,
    errors.ClosedError,
)


def errors_of_any_call() -> str:
    """Return the errors that no method names, since every call can raise them."""
    lines = ["| Error | When |", "|---|---|"]
    for kind in ANY_CALL:
        first = (inspect.getdoc(kind) or "").partition("\n")[0]
        lines.append(f"| [`{kind.__name__}`][{kind.__module__}.{kind.__name__}] | {first} |")
    return "\n".join(lines)


def error_tree() -> str:
    """Return the classes of errors as a nested list: catching one catches all below it."""
    return "\n".join(_branch(errors.IntercomError, 0))


def _branch(kind: type[errors.IntercomError], depth: int) -> Iterator[str]:
    first = (inspect.getdoc(kind) or "").partition("\n")[0]
    yield f"{'    ' * depth}- [`{kind.__name__}`][{kind.__module__}.{kind.__name__}]: {first}"
    for each in kind.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from _branch(each, depth + 1)
