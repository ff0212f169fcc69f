"""Every argument of every public class and function that takes settings, odd values for each.

A value is taken where it can be meant; any other is a `ConfigError` that names the argument when it
is given, not when it is needed. What `Intercom` and `sync` take is in test_settings.py,
test_odd_arguments.py and test_arguments.py.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any

import pytest

from intercom_async import ConfigError
from intercom_async.simulator import Fault, Quirks, Simulator
from tests.support.argument_cases import CASES, entered
from tests.support.odd_values import ODD

TAKEN, LEFT = "taken", "left to the system"
"""What becomes of values that are not refused; the system knows paths and addresses."""
OTHERWISE_NAMED = {"session": "http", "data": "jsonl", "value": "priority", "regions": "base_url"}
"""What messages speak of where they do not have the argument's own name."""
SIMULATED = (Quirks, Fault, Simulator)
"""They raise `ValueError`: the simulator knows nothing of the client, nor of its errors."""
WHOLE = {*CASES} - {"Scheduler.admit", "Webhooks.on", "examine"}
"""Those whose every argument is here."""


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_every_argument_is_tried(name: str) -> None:
    make: Any = CASES[name].make
    if getattr(make, "func", None) is entered:
        make = make.args[0]
    found = inspect.signature(make).parameters
    assert {*found} - {"options"} == {*CASES[name].fits}


@pytest.mark.parametrize("name", CASES)
def test_an_odd_argument_is_refused_by_name_when_it_is_given(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    make, needed, fits = CASES[name]
    wrong: list[str] = []
    for argument, is_fit in fits.items():
        for value in ODD:
            outcome = _outcome(make, {**needed, argument: value}, argument)
            expected = (TAKEN, LEFT) if is_fit(value) else ("", LEFT)
            if outcome not in expected:
                told = outcome or "refused"
                wrong.append(f"{argument}={type(value).__name__} {_shown(value)}: {told}")
    assert wrong == []


def _outcome(make: Callable[..., Any], settings: dict[str, Any], argument: str) -> str:
    """Return what comes of a value: nothing where it is refused by name, or what is wrong."""
    try:
        made = make(**settings)
        if inspect.iscoroutine(made):
            asyncio.run(made)
    except ValueError as error:
        if not isinstance(error, ConfigError) and make not in SIMULATED:
            return f"{type(error).__name__}: {error}"
        # Half of a surrogate pair is no text to msgspec, which names no field then.
        named = (argument.rstrip("s"), OTHERWISE_NAMED.get(argument, "surrogates"))
        return "" if any(name in str(error) for name in named) else f"not named: {error}"
    except OSError:
        return LEFT
    except Exception as error:  # noqa: BLE001 (what is tested for)
        return f"{type(error).__name__}: {error}"
    return TAKEN


def _shown(value: object) -> str:
    try:
        return repr(value)[:20]
    except RuntimeError:
        return "hostile"
