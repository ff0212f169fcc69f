"""Every error class: what survives pickling and copying, and what a message may contain."""

from __future__ import annotations

import copy
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib import import_module
from multiprocessing import get_context
from typing import Any, cast

import msgspec
import pytest
from multidict import CIMultiDict, CIMultiDictProxy

import intercom_async
from intercom_async.errors import ErrorItem, IntercomError, NotFoundError, RateLimitedError
from intercom_async.response import Headers, Response, Window

OPTIONAL = ("integrations", "cli")
HOSTILE = "a\x1b[31m\x9b\u202e\u2066\r\n\x00\x7f\x85\u2028b"

SAMPLES: dict[str, Any] = {
    "message": "it failed",
    "code": "access_denied",
    "call": "GET /contacts/{contact_id}",
    "status": 404,
    "errors": (ErrorItem(code="not_found", message="gone", field="id"),),
    "request_id": "r1",
    "window": Window(1667, 3, 1_522_850_540.0),
    "headers": CIMultiDictProxy(CIMultiDict({"X-Request-Id": "r1", "Link": '</a/9>; rel="x"'})),
    "hint": "look again",
    "path": "$.id",
    "body": b"{}",
    "wait_s": 3.0,
    "limit_s": 1.0,
    "reset_at": 1_522_850_540.0,
    "deadline_s": 2.0,
    "attempts": 2,
    "maybe_sent": True,
    "retryable": False,
}


def classes(kind: type[IntercomError] = IntercomError) -> Iterator[type[IntercomError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from classes(each)


def load_package() -> None:
    for module in pkgutil.walk_packages(intercom_async.__path__, "intercom_async."):
        name = module.name.split(".")
        if name[1] not in OPTIONAL and name[-1] != "__main__":
            try:
                import_module(module.name)
            except ModuleNotFoundError as error:
                # A module of an extra that is not installed has no errors of its own.
                if (error.name or "").startswith("intercom_async"):
                    raise


load_package()
CLASSES = sorted({*classes()}, key=lambda kind: kind.__name__)
each_class = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)


@cache
def parameters_of(kind: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(kind).parameters


def make(kind: type[IntercomError], **given: Any) -> IntercomError:
    """Make an error with a value for each of its arguments."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for name, parameter in parameters_of(cast("Hashable", kind)).items():
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            positional.append(given.get(name, SAMPLES[name]))
        elif parameter.kind is parameter.KEYWORD_ONLY:
            keywords[name] = given.get(name, SAMPLES[name])
    return kind(*positional, **keywords)


def state(error: BaseException) -> dict[str, Any]:
    """Return everything that a user can read of an error."""
    public = {name: getattr(error, name) for name in dir(error) if not name.startswith("_")}
    values = {name: value for name, value in public.items() if not callable(value)}
    return {**values, "str": str(error), "repr": repr(error), "args": error.args}


WAYS: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    *(
        lambda value, protocol=protocol: pickle.loads(pickle.dumps(value, protocol))  # noqa: S301
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ),
]
each_way = pytest.mark.parametrize("way", WAYS, ids=[f"way{n}" for n in range(len(WAYS))])


def test_all_error_classes_are_found() -> None:
    assert len(CLASSES) > 25


@each_class
@each_way
def test_an_error_survives_pickle_and_copy(kind: type[IntercomError], way: Any) -> None:
    error = make(kind)
    error.add_note("seen by a worker")
    if isinstance(error, RateLimitedError):
        error.retry_after_s, error.reset_at = 7.0, 1_522_850_540.0
    again = way(error)

    assert type(again) is kind
    assert state(again) == state(error)
    assert again.__notes__ == ["seen by a worker"]


@each_class
def test_the_error_behind_an_error_is_pickled_too(kind: type[IntercomError]) -> None:
    error = make(kind)
    error.__cause__ = NotFoundError(call="GET /tags", status=404)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 (made here)

    assert str(again.__cause__) == str(error.__cause__)


@pytest.mark.parametrize("cause", [OSError(111, "refused"), ConnectionError("lost"), OSError()])
@each_way
def test_what_the_system_reported_is_kept(way: Any, cause: OSError) -> None:
    error = make(IntercomError)
    error.__cause__ = cause
    again = way(error)

    # Before protocol 3, pickle takes the kinds of OSError for OSError.
    assert isinstance(again.__cause__, OSError)
    assert again.__cause__.args == cause.args


@each_way
def test_a_cause_that_cannot_be_pickled_is_left_out(way: Any) -> None:
    error = make(IntercomError)
    error.__cause__ = make(NotFoundError)
    error.__cause__.__cause__ = OSError(lambda: None)
    assert way(error).__cause__.__cause__ is None


@each_way
def test_causes_of_any_depth_survive(way: Any) -> None:
    error = make(NotFoundError)
    for number in range(2_000):
        cause, error = error, make(NotFoundError)
        error.__cause__ = cause
        error.add_note(str(number))
    again = way(error)

    for number in reversed(range(2_000)):
        assert again.__notes__ == [str(number)]
        again = again.__cause__
    assert again.__cause__ is None


@each_way
def test_causes_in_a_circle_are_each_kept_once(way: Any) -> None:
    first, second = make(IntercomError), make(NotFoundError)
    first.__cause__, second.__cause__ = second, first
    again = way(first)
    assert (type(again.__cause__), again.__cause__.__cause__) == (NotFoundError, None)


def test_a_users_subclass_with_arguments_of_its_own_survives() -> None:
    again = copy.deepcopy(OwnError("7", 3))
    assert (again.item, again.line, str(again)) == ("7", 3, "item 7")


class OwnError(IntercomError):
    def __init__(self, item: str, line: int) -> None:
        super().__init__(f"item {item}")
        self.item, self.line = item, line


def fail() -> None:
    raise NotFoundError(call="GET /contacts/{contact_id}", status=404, headers=SAMPLES["headers"])


@pytest.mark.once
def test_an_error_comes_back_from_a_process_pool() -> None:
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        pytest.raises(NotFoundError, match="answered 404") as caught,
    ):
        pool.submit(fail).result(timeout=50)
    assert caught.value.headers["x-request-id"] == "r1"


class Person(msgspec.Struct, frozen=True):
    id: str


@each_way
def test_a_response_survives_pickle_and_copy(way: Any) -> None:
    response = Response(
        data=Person("7"),
        status=200,
        headers=Headers(SAMPLES["headers"]),
        request_id="r1",
        window=SAMPLES["window"],
        attempts=2,
        elapsed_s=0.5,
    )
    again = way(response)

    assert again == response
    assert again.headers["X-REQUEST-ID"] == "r1"


@each_class
def test_no_message_has_a_control_character_or_is_long(kind: type[IntercomError]) -> None:
    texts = ("message", "code", "call", "request_id", "hint", "path")
    items = (ErrorItem(code=HOSTILE * 99, message=HOSTILE * 999, field=HOSTILE * 99),)
    error = make(kind, errors=items, **dict.fromkeys(texts, HOSTILE * 999))

    assert str(error).isprintable()
    assert len(str(error)) <= 2_000


def test_an_entry_of_an_error_shows_no_message() -> None:
    assert "Ann" not in repr(ErrorItem(code="conflict", message="Ann exists"))


def test_headers_are_immutable_and_looked_up_in_any_case() -> None:
    headers = Headers(CIMultiDict([("A", "1"), ("a", "2"), ("B", "3")]))

    assert dict(headers) == {"a": "1, 2", "B": "3"}
    assert (headers["b"], headers.get("c"), "A" in headers, len(headers)) == ("3", None, True, 2)
    with pytest.raises(TypeError):
        headers["a"] = "9"  # type: ignore[index] # it has no such method
    assert "3" not in repr(headers)


def test_an_error_group_survives() -> None:
    group = ExceptionGroup("several", [make(NotFoundError)])
    again = pickle.loads(pickle.dumps(group))  # noqa: S301 (made here)
    assert str(again.exceptions[0]) == str(group.exceptions[0])
