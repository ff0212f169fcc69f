"""Counters of the ways in which responses deviate from the declared types.

A counter names the model, the field, the declared type and the kind of value that was received; it
never holds the value. The first deviation of each kind logs one warning on the logger
``intercom_async.codec``.
"""

from __future__ import annotations

import logging

import msgspec

_LOG = logging.getLogger("intercom_async.codec")

MAX_KINDS = 1_000
"""Kinds of deviations that are counted apart; further ones share one counter. Names come from
declarations, so only programs that define structs without end reach it
(test_drift_log.py::test_counters_are_bounded_and_can_be_reset)."""


class Drift(msgspec.Struct, frozen=True):
    """One way in which responses deviate from a declared type."""

    resource: str
    """The model, such as ``Contact``."""
    field: str
    """The field as the API spells it; ``[]`` marks an entry of a list."""
    expected: str
    found: str
    """The kind of value that came, or ``nothing``."""
    count: int
    """Since the program began, or since `reset_drift`."""


_Key = tuple[str, str, str, str]

_OTHERS: _Key = ("*", "*", "*", "*")

_counts: dict[_Key, int] = {}


def note(resource: str, field: str, expected: str, found: str) -> None:
    """Count one deviation; log it if it is the first of its kind."""
    key = (resource, field, expected, found)
    seen = _counts.get(key)
    if seen is None:
        if len(_counts) >= MAX_KINDS:
            key = _OTHERS
            seen = _counts.get(key, 0)
        else:
            seen = 0
            _LOG.warning(
                "%s.%s: the API sent %s where %s is declared; such values are repaired or left "
                "out, and counted in codec.drift()",
                resource,
                field,
                found,
                expected,
            )
    _counts[key] = seen + 1


def drift() -> tuple[Drift, ...]:
    """Return all deviations met so far, the most frequent first."""
    ordered = sorted(_counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(Drift(*key, count) for key, count in ordered)


def reset_drift() -> None:
    """Set all counters to zero, so that the next deviation of each kind logs a warning again."""
    _counts.clear()
