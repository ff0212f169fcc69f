"""Every argument of the queues' and dlt's integrations, odd values for each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from intercom_async import ConfigError
from intercom_async.sync import JsonlSink
from intercom_async.workspaces import Workspaces

ODD: list[Any] = [
    *(None, True, 0, -1, 1.5, math.nan, math.inf, 10**400, "3", "", "a b", "\ud800"),
    *(b"b", [], ["a"], [1], {}, object(), int, print),
    *("@hourly", "a b c d e", "0 * * * *", "0  * * * *", "0 0 * * * *", "*/0 * * * *", "0 * *"),
]
REDIS = "redis://localhost:6379/0"


class Case(NamedTuple):
    """A function, what it cannot do without, and what of the odd values each argument may be."""

    call: Callable[..., Any]
    needed: dict[str, Any]
    fits: dict[str, list[Any]]


async def token_of(_: str) -> str:
    return "token"


def of_workspace_tasks() -> Any:
    from intercom_async.integrations.workspace_tasks import WorkspaceTasks  # noqa: PLC0415

    return WorkspaceTasks(Workspaces(token_of), lambda _: JsonlSink("rows"))


def of_taskiq() -> dict[str, Case]:
    pytest.importorskip("taskiq_redis", reason="taskiq-redis is not installed")
    from taskiq import InMemoryBroker  # noqa: PLC0415

    from intercom_async.integrations import taskiq  # noqa: PLC0415

    needed = {
        "broker": InMemoryBroker(),
        "tasks": of_workspace_tasks(),
        "source": taskiq.schedule_source(REDIS),
    }
    return {
        "broker": Case(
            taskiq.broker, {"url": REDIS}, {"url": [], "shard_budget_s": [1.5], "max_backlog": []}
        ),
        "schedule_source": Case(taskiq.schedule_source, {}, {"url": []}),
        "sync_tasks": Case(
            taskiq.sync_tasks,
            needed,
            {"broker": [], "tasks": [], "source": [], "cron": [None, "0 * * * *"]},
        ),
    }


def of_procrastinate() -> dict[str, Case]:
    pytest.importorskip("procrastinate", reason="procrastinate is not installed")
    from procrastinate import App  # noqa: PLC0415
    from procrastinate.testing import InMemoryConnector  # noqa: PLC0415

    from intercom_async.integrations import procrastinate  # noqa: PLC0415

    def sync_tasks(**given: Any) -> None:
        app = App(connector=InMemoryConnector())
        settings: dict[str, Any] = {"app": app, "tasks": of_workspace_tasks(), **given}
        procrastinate.sync_tasks(**settings)

    return {
        "sync_tasks": Case(
            sync_tasks,
            {},
            {
                "app": [],
                "tasks": [],
                "cron": [None, "@hourly", "0 * * * *", "0  * * * *", "0 0 * * * *"],
                "dead_after_s": [1.5],
            },
        )
    }


def of_dlt() -> dict[str, Case]:
    pytest.importorskip("dlt", reason="dlt is not installed")
    from intercom_async.integrations import dlt  # noqa: PLC0415

    fits: dict[str, list[Any]] = {
        "streams": [None],
        "region": [None],
        "base_url": [None],
        "since": [None, 0, -1],
        "lookback_s": [0],
    }
    return {"intercom": Case(dlt.intercom, {"token": "t"}, fits)}


def wrong_of(case: Case) -> Iterator[str]:
    """Yield what is neither taken nor refused by name."""
    for argument, fits in case.fits.items():
        for value in ODD:
            outcome = "taken"
            try:
                case.call(**{**case.needed, argument: value})
            except ConfigError as refused:
                outcome = (
                    "refused" if argument.rstrip("s") in str(refused) else f"not named: {refused}"
                )
            except Exception as error:  # noqa: BLE001 (what is tested for)
                outcome = f"{type(error).__name__}"
            is_fit = any(
                value is each or (type(value) is type(each) and value == each) for each in fits
            )
            if value is None and argument == "lookback_s":  # dlt looks in its own settings then
                continue
            if outcome != ("taken" if is_fit else "refused"):
                yield f"{argument}={value!r:.20}: {outcome}"


@pytest.mark.parametrize("cases", [of_taskiq, of_procrastinate, of_dlt])
@pytest.mark.filterwarnings("ignore")
def test_an_odd_argument_is_refused_by_name_when_it_is_given(
    cases: Callable[[], dict[str, Case]],
) -> None:
    wrong = {name: [*wrong_of(case)] for name, case in cases().items()}
    assert {name: each for name, each in wrong.items() if each} == {}
