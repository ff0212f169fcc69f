"""Makes a history that fails as small as it can be while it still fails in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from .steps import Change, During, Failure, History, Run, Settings

T = TypeVar("T")

Fails = Callable[[History], bool]


def shrink(history: History, fails: Fails, *, tries: int = 400) -> History:
    """Return a smaller history that fails as well."""
    left = tries
    is_smaller = True
    while is_smaller and left > 0:
        is_smaller = False
        for candidate in _smaller(history):
            left -= 1
            if left <= 0:
                break
            if fails(candidate):
                history, is_smaller = candidate, True
                break
    return history


def _smaller(history: History) -> Iterator[History]:
    for steps in _without(history.steps):
        yield msgspec.structs.replace(history, steps=steps)
    for place, step in enumerate(history.steps):
        for simpler in _simpler_run(step) if isinstance(step, Run) else _simpler_change(step):
            steps = (*history.steps[:place], simpler, *history.steps[place + 1 :])
            yield msgspec.structs.replace(history, steps=steps)
    for settings in _simpler_settings(history.settings):
        yield msgspec.structs.replace(history, settings=settings)


def _without(items: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Leave out halves, quarters …, then single items."""
    size = len(items) // 2
    while size >= 1:
        for start in range(0, len(items), size):
            yield items[:start] + items[start + size :]
        size //= 2


def _simpler_change(change: Change) -> Iterator[Change]:
    for name, values in (("count", (1, change.count // 2)), ("pick", (0,)), ("other", (0,))):
        value: int = getattr(change, name)
        for smaller in values:
            if smaller < value and (name != "count" or smaller > 0):
                yield msgspec.structs.replace(change, **{name: smaller})
    if change.do == "wait" and change.seconds > 1:
        yield msgspec.structs.replace(change, seconds=1)


def _simpler_run(run: Run) -> Iterator[Run]:
    plain = Run()
    for field in msgspec.structs.fields(Run):
        default = getattr(plain, field.name)
        value: Any = getattr(run, field.name)
        if value == default:
            continue
        yield msgspec.structs.replace(run, **{field.name: default})
        if field.name in ("during", "failures"):
            items: tuple[During | Failure, ...] = value
            if len(items) > 1:
                for fewer in _without(items):
                    yield msgspec.structs.replace(run, **{field.name: fewer})
    for place, during in enumerate(run.during):
        for simpler in _simpler_change(during.change):
            changed = msgspec.structs.replace(during, change=simpler)
            yield msgspec.structs.replace(
                run, during=(*run.during[:place], changed, *run.during[place + 1 :])
            )


def _simpler_settings(settings: Settings) -> Iterator[Settings]:
    plain = Settings()
    for field in msgspec.structs.fields(Settings):
        if field.name in ("form", "streams"):
            continue
        default = getattr(plain, field.name)
        if getattr(settings, field.name) != default:
            yield msgspec.structs.replace(settings, **{field.name: default})
    if len(settings.streams) > 1:
        for fewer in _without(settings.streams):
            if fewer:
                yield msgspec.structs.replace(settings, streams=fewer)
