"""A checkpoint of every list, tried on the same list with another argument, and on every other."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from intercom_async.errors import PaginationError
from intercom_async.pagination.continuation import to_checkpoint
from intercom_async.pagination.pager import Pager
from intercom_async.query import F, Predicate
from intercom_async.request.operation import Call
from tests.support.each import for_each
from .arguments import (
    Argument,
    Recorder,
    Samples,
    SentError,
    arguments,
    called,
    label_of,
    run,
    selections,
)
from .operations import Method, methods

LISTS = [
    method for method in methods() if "Pager" in str(method.function.__annotations__["return"])
]
SCROLL = "Companies.scroll"
"""The one list that is not resumed at all."""

HERE, NUMBER = {"starting_after": "x"}, {"page": "2"}


class Others(Samples):
    """Makes another value than usual for one argument."""

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self._name = name

    def argument(self, argument: Argument) -> Any:
        usual = super().argument(argument)
        return _another(argument.hint, usual) if argument.name == self._name else usual


def _another(hint: Any, value: Any) -> Any:
    opposites = {"asc": "desc", "ascending": "descending", True: False}
    if isinstance(value, str | bool):
        return opposites.get(value, f"{value}2")
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [*value, _another(hint, value[0])]
    if isinstance(value, Predicate):
        return F.id == "2"
    if isinstance(value, date):
        return value + timedelta(days=1)
    return {**value, "y": "z"}


def pager(method: Method, chosen: frozenset[str], samples: Samples) -> tuple[Pager[Any], Call[Any]]:
    """Return a list with what it requires and what is chosen, and the call it begins with."""
    recorder = Recorder()
    made: Pager[Any] = called(method, recorder, chosen, samples)

    async def begin() -> None:
        with suppress(SentError):
            await made.first()

    run(begin())
    assert recorder.call is not None
    return made, recorder.call


CASES = [
    (method, chosen, each.name)
    for method in LISTS
    if method.label != SCROLL
    for chosen in selections(method)
    for each in arguments(method)
    if each.is_required or each.name in chosen
]


@for_each(CASES, lambda method, _, name: label_of(method, name))
def test_a_checkpoint_is_refused_by_the_list_with_another_argument(
    method: Method, chosen: frozenset[str], name: str
) -> None:
    one, call = pager(method, chosen, Samples())
    other, _ = pager(method, chosen, Others(name))
    for following in (NUMBER,) if name == "per_page" else (HERE, NUMBER):
        checkpoint = to_checkpoint(call, following)
        for same in (one, one.raw(), one.as_(msgspec.Raw).prefetch(2), one.prefetch().raw()):
            same.resume(checkpoint)
        for another in (other, other.raw(), other.prefetch(1)):
            with pytest.raises(PaginationError, match="another list"):
                another.resume(checkpoint)


def test_a_checkpoint_is_refused_by_every_other_list() -> None:
    lists = {
        method.label: pager(method, selections(method)[0], Samples())
        for method in LISTS
        if method.label != SCROLL
    }
    for label, (_, call) in lists.items():
        checkpoint = to_checkpoint(call, HERE)
        for other_label, (other, _) in lists.items():
            if other_label != label:
                with pytest.raises(PaginationError, match="belongs to"):
                    other.resume(checkpoint)
