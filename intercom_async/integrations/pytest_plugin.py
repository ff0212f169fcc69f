"""Fixtures of a local Intercom for pytest.

Installing the package is enough: `intercom_simulator` gives a running simulator, new for each
test, to any kind of test; `intercom` gives a client of it to asynchronous tests, whether pytest
runs them by anyio or by pytest-asyncio in either of its modes. A marker sets the simulator up::

    @pytest.mark.intercom(contacts=5, faults=[{"path": "/contacts", "status": 503, "times": 1}])
    async def test_sync(intercom): ...

It takes the arguments of `Simulator`, with `quirks` as a dictionary if you like, and `faults`: one
or several, each with the fields of `Fault`.

pytest loads this module in every run of everyone who has the package, so it imports nothing of the
package until a fixture is used.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    import asyncio

    from intercom_async.client import Intercom
    from intercom_async.simulator import Simulator

MARKER = "intercom"
ASYNCIO = "pytest_asyncio.plugin"
"""Module that is pytest-asyncio's plugin."""
_BY_ANYIO = "_intercom_by_anyio"
_BY_ASYNCIO = "_intercom_by_asyncio_"
_LOOP_SCOPES: tuple[Literal["function", "class", "module", "package", "session"], ...] = (
    "function",
    "class",
    "module",
    "package",
    "session",
)
"""Scopes that a loop of pytest-asyncio may have."""


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and fixtures for pytest-asyncio if it is there."""
    config.addinivalue_line(
        "markers", f"{MARKER}(**settings): arguments and faults of its Simulator"
    )
    if _has_asyncio(config):
        config.pluginmanager.register(_by_asyncio())


@pytest.fixture
def intercom_simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A simulator that runs in a thread of its own as long as the test."""
    from intercom_async.simulator import Quirks, in_thread  # noqa: PLC0415 (see above)

    settings: dict[str, Any] = {}
    # The marker closest to the test wins.
    for marker in reversed(list(request.node.iter_markers(MARKER))):
        if marker.args:
            raise TypeError(f"the marker {MARKER} takes named settings, such as contacts=5")
        settings |= marker.kwargs
    faults = _faults_of(settings.pop("faults", ()))
    if isinstance(settings.get("quirks"), dict):
        settings["quirks"] = Quirks(**settings["quirks"])
    with in_thread(**settings) as simulator:
        for fault in faults:
            simulator.faults.add(**fault)
        yield simulator


def _faults_of(given: Any) -> list[dict[str, Any]]:
    """Return faults that are given as one dictionary or as several."""
    several: list[Any] = [*given] if isinstance(given, list | tuple) else [given]
    if not all(isinstance(one, dict) for one in several):
        raise TypeError(f"faults of the marker {MARKER} must be dictionaries, not {given!r}")
    return several


@pytest.fixture
def intercom(request: pytest.FixtureRequest) -> Iterator[Intercom]:
    """A client of `intercom_simulator`, opened in the event loop of the test."""
    is_for_anyio = "anyio_backend" in request.fixturenames
    if _is_run_by_asyncio(request, is_for_anyio=is_for_anyio):
        scope = _loop_scope(request)
        runner = _runner(request, scope) if is_for_anyio else None
        if runner is None:
            yield request.getfixturevalue(f"{_BY_ASYNCIO}{scope}")
        else:
            # anyio would open what a fixture opens in a loop of its own.
            yield from _opened_by(runner, request.getfixturevalue("intercom_simulator"))
        return
    if not is_for_anyio:
        pytest.fail(
            "the fixture intercom is for asynchronous tests that anyio or pytest-asyncio runs; "
            "mark the test, or take intercom_simulator and open a client in it",
            pytrace=False,
        )
    if request.getfixturevalue("anyio_backend_name") != "asyncio":
        pytest.skip("intercom-async runs on asyncio; this run of the test is for another backend")
    yield request.getfixturevalue(_BY_ANYIO)


def _is_run_by_asyncio(request: pytest.FixtureRequest, *, is_for_anyio: bool) -> bool:
    """Say whether pytest-asyncio runs the test, as it does in auto mode whatever its marks say."""
    if not _has_asyncio(request.config):
        return False
    import pytest_asyncio  # noqa: PLC0415 (it may not be there)

    # A test without a loop may get the client of one, as other asynchronous fixtures do.
    return not is_for_anyio or pytest_asyncio.is_async_test(request.node)


def _loop_scope(request: pytest.FixtureRequest) -> str:
    """Return the scope of the loop that pytest-asyncio runs the test in."""
    scope = None
    marker = request.node.get_closest_marker("asyncio")
    if marker is not None:
        scope = marker.kwargs.get("loop_scope") or marker.kwargs.get("scope")
    if scope is None:
        try:
            scope = request.config.getini("asyncio_default_test_loop_scope")
        except (KeyError, ValueError):
            scope = "function"  # before pytest-asyncio 0.26
    return str(scope)


def _runner(request: pytest.FixtureRequest, scope: str) -> asyncio.Runner | None:
    """Return what pytest-asyncio runs the test by; None before its release 1.1."""
    try:
        runner: asyncio.Runner = request.getfixturevalue(f"_{scope}_scoped_runner")
    except pytest.FixtureLookupError:
        return None
    return runner


def _opened_by(runner: asyncio.Runner, simulator: Simulator) -> Iterator[Intercom]:
    from intercom_async.client import Intercom  # noqa: PLC0415 (see above)

    client = Intercom(token=simulator.token, base_url=simulator.url)
    runner.run(client.open())
    yield client
    runner.run(client.close())


def _has_asyncio(config: pytest.Config) -> bool:
    """Say whether pytest-asyncio is loaded; loaded by `-p` it has another name than by itself."""
    plugins = config.pluginmanager.get_plugins()
    return any(getattr(each, "__name__", "") == ASYNCIO for each in plugins)


def _opens() -> Callable[[Simulator], AsyncIterator[Intercom]]:
    """Return a function for a fixture; each fixture needs its own, since runners mark them."""

    async def opened(intercom_simulator: Simulator) -> AsyncIterator[Intercom]:
        from intercom_async.client import Intercom  # noqa: PLC0415 (see above)

        origin, token = intercom_simulator.url, intercom_simulator.token
        async with Intercom(token=token, base_url=origin) as client:
            yield client

    return opened


_intercom_by_anyio = pytest.fixture(name=_BY_ANYIO)(_opens())


def _by_asyncio() -> ModuleType:
    """Return a plugin with a fixture for each scope that a loop of pytest-asyncio may have."""
    import pytest_asyncio  # noqa: PLC0415 (it may not be there)

    plugin = ModuleType("intercom_async_by_asyncio")
    for scope in _LOOP_SCOPES:
        name = f"{_BY_ASYNCIO}{scope}"
        try:
            fixture = pytest_asyncio.fixture(_opens(), loop_scope=scope, name=name)
        except TypeError:
            # Before pytest-asyncio 0.24; an error here would end every run of its users.
            fixture = pytest_asyncio.fixture(_opens(), name=name)
        setattr(plugin, name, fixture)
    return plugin
