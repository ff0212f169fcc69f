"""Tables of errors."""

from __future__ import annotations

import inspect

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
