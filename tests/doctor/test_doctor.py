"""The doctor at the bedside of a simulator, in virtual time: each outcome once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from intercom_async import Intercom
from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.doctor import (
    MAX_CALLS,
    CheckResult,
    Examination,
    examine,
    read_log,
    read_settings,
    save_settings,
)
from intercom_async.errors import ConfigError, ConnectError, TransportError
from intercom_async.simulator import Quirks, Simulator
from intercom_async.transport import MemoryTransport, Reply, Request
from tests.support.virtual_time import run_virtual

REGIONS = {"us": "https://api.us.example", "eu": "https://api.eu.example"}


def simulated(**options: Any) -> Simulator:
    sizes: dict[str, Any] = {"contacts": 5, "conversations": 2, "companies": 2, "tickets": 2}
    return Simulator(**{**sizes, **options})


def examined(
    simulator: Simulator, arrange: Callable[[], object] | None = None, **options: Any
) -> Examination:
    async def visit() -> Examination:
        if arrange is not None:
            arrange()
        transport = MemoryTransport(simulator.answer)
        return await examine(simulator.token, transport=transport, **options)

    return run_virtual(visit())


def found(done: Examination, check: str) -> CheckResult:
    [finding] = [each for each in done.findings if each.check == check]
    return finding


def test_it_only_reads_within_its_calls_and_about_a_minute() -> None:
    simulator = simulated()
    transport = MemoryTransport(simulator.answer)
    done = run_virtual(examine(simulator.token, transport=transport))
    sent = {(each.method, urlsplit(each.url).path) for each in transport.requests}
    assert done.is_well
    assert done.calls == len(transport.requests) <= MAX_CALLS
    assert all(method == "GET" or path.endswith(("/search", "/list")) for method, path in sent)
    assert ("POST", "/tickets/search") in sent
    assert {"connection", "token", "region", "clock", "windows"} <= {
        each.check for each in done.findings
    }


def test_no_more_than_its_calls_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intercom_async.doctor.examination.MAX_CALLS", 5)
    done = examined(simulated())
    assert done.calls == 5
    assert found(done, "permissions").outcome == "unknown"


def test_nothing_that_answers_is_one_finding() -> None:
    def refuse(_: Request) -> ConnectError:
        return ConnectError("the name of secret.example cannot be resolved", retryable=False)

    done = run_virtual(examine("t", transport=MemoryTransport(refuse)))
    assert [each.check for each in done.findings] == ["connection"]
    assert not done.is_well
    assert "secret.example" in found(done, "connection").private
    assert "secret.example" not in done.shareable()


@pytest.mark.parametrize("home", ["us", "eu"])
def test_a_token_of_another_region_is_told_apart_from_a_wrong_one(home: str) -> None:
    simulator = simulated()

    async def answer(request: Request) -> Reply | TransportError:
        if request.url.startswith(REGIONS[home]):
            return await simulator.answer(request)
        return Reply(401, {}, b'{"type":"error.list","errors":[{"code":"unauthorized"}]}')

    done = run_virtual(
        examine(
            simulator.token,
            base_url=REGIONS["us"],
            regions=REGIONS,
            transport=MemoryTransport(answer),
        )
    )
    wrong = run_virtual(
        examine("wrong", base_url=REGIONS["us"], regions=REGIONS, transport=MemoryTransport(answer))
    )
    assert done.is_well == (home == "us")
    assert (home == "eu") == (found(done, "token").facts.get("region") == "eu")
    assert "region" not in found(wrong, "token").facts
    assert "401" in found(wrong, "token").text


def test_a_workspace_of_another_region_and_an_older_default_version_are_named() -> None:
    done = examined(simulated(version="2.16"), region="eu")
    assert found(done, "region").outcome == "note"
    assert found(done, "region").facts["region"] == "us"
    assert found(done, "default_version").facts == {"version": "2.16"}
    assert found(done, "default_version").outcome == "note"


@pytest.mark.parametrize(("remaining", "counts"), [("before", False), ("after", True)])
def test_windows_and_the_meaning_of_remaining_are_measured(
    remaining: str,
    counts: bool,  # noqa: FBT001 (a value to expect)
) -> None:
    done = examined(simulated(remaining=remaining, app_per_minute=1_000))
    facts = found(done, "windows").facts
    assert facts["limit_per_window"] == 167
    assert facts["window_s"] == 10.0
    assert facts["remaining_counts_own_call"] is counts
    low, high = facts["ends_after_reset_s"]
    assert -1.0 <= low <= high <= 1.0


def test_headers_that_are_taken_away_are_said() -> None:
    simulator = simulated()
    done = examined(simulator, lambda: simulator.faults.add(no_headers=True))
    assert found(done, "windows").outcome == "unknown"
    assert "removes them" in found(done, "windows").text


def test_a_wrong_clock_is_measured() -> None:
    simulator = simulated()
    done = examined(simulator, lambda: simulator.clock.move(60))
    low, high = found(done, "clock").facts["ahead_s"]
    assert low <= 60 <= high
    assert high - low <= 1
    assert found(done, "clock").outcome == "note"
    assert "behind" in found(done, "clock").text


def test_permissions_are_found_endpoint_by_endpoint() -> None:
    simulator = simulated()

    def arrange() -> None:
        simulator.faults.add(path="/tickets/search", status=403)
        simulator.faults.add(path="/articles", status=401)

    facts = found(examined(simulator, arrange), "permissions").facts
    assert {"tickets.search", "articles.list", "articles.search"} == set(facts["refused"])
    assert {"contacts.list", "conversations.search", "tags.list"} <= set(facts["readable"])


@pytest.mark.parametrize(
    ("options", "version", "granularity", "days_of"),
    [
        ({"timezone": "Asia/Tokyo"}, "2.14", "day", "workspace"),
        ({}, "2.14", "day", None),
        ({"timezone": "Asia/Tokyo"}, "2.17", "second", None),
    ],
)
def test_how_a_day_is_cut_in_search_is_measured(
    options: dict[str, Any], version: str, granularity: str, days_of: str | None
) -> None:
    done = examined(simulated(**options), version=version)
    facts = found(done, "search_days").facts
    assert facts["granularity"] == granularity
    assert facts.get("days_of") == days_of


def test_a_workspace_without_contacts_has_nothing_to_search() -> None:
    assert found(examined(simulated(contacts=0)), "search_days").outcome == "unknown"


def test_the_lag_of_search_is_measured_with_a_contact_that_is_deleted() -> None:
    simulator = simulated(settle_s=3.0, index_s=20.0)
    done = examined(simulator, make_contact=True)
    facts = found(done, "search_lag").facts
    assert 3.0 <= facts["by_id_s"] <= 5.0
    assert 20.0 <= facts["by_search_s"] <= 27.0
    left = simulator.call("GET", "/contacts", query={"per_page": "50"})["data"]
    assert not [each for each in left if "doctor" in (each["email"] or "")]


def contacts_left(simulator: Simulator) -> int:
    left = simulator.call("GET", "/contacts", query={"per_page": "50"})["data"]
    return sum("doctor" in (each["email"] or "") for each in left)


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "/contacts", "method": "POST", "empty": True},
        {"path": "/contacts/search", "method": "POST", "status": 500},
        {"rate": 0.3, "drop": "after"},
    ],
    ids=str,
)
def test_a_contact_is_deleted_whatever_goes_wrong_meanwhile(fault: dict[str, Any]) -> None:
    simulator = simulated()
    done = examined(simulator, lambda: simulator.faults.add(**fault), make_contact=True)
    assert "search_lag" in {each.check for each in done.findings}
    assert contacts_left(simulator) == 0


def test_a_contact_is_deleted_after_an_interruption_as_well() -> None:
    simulator = simulated(quirks=Quirks(search_lag_s=3_600.0))

    async def interrupt() -> None:
        transport = MemoryTransport(simulator.answer)
        visit = asyncio.create_task(
            examine(simulator.token, transport=transport, make_contact=True)
        )
        while not contacts_left(simulator):
            await CLOCK.sleep(1.0)
        visit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await visit

    run_virtual(interrupt())
    assert contacts_left(simulator) == 0


def test_a_contact_that_may_be_left_is_named() -> None:
    simulator = simulated()
    done = examined(
        simulator, lambda: simulator.faults.add(method="DELETE", status=500), make_contact=True
    )
    finding = found(done, "search_lag")
    assert contacts_left(simulator) == 1
    assert finding.outcome == "note"
    assert finding.private.startswith("intercom-async-doctor-")
    assert finding.private not in done.shareable()


FAULTS: list[dict[str, Any]] = [
    *({"status": status} for status in (302, 401, 403, 404, 429, 451, 500, 503)),
    *({"drop": "before"}, {"drop": "after"}, {"garble": True}, {"empty": True}),
    *({"no_headers": True}, {"delay_s": 5.0}, {"delay_s": 100.0}),
]


@pytest.mark.parametrize("when", [{}, {"rate": 0.3}, {"after": 3}, {"path": "/me"}], ids=str)
def test_no_fault_is_more_than_a_finding(when: dict[str, Any]) -> None:
    for fault in FAULTS:
        simulator = simulated()
        settings = {**fault, **when}
        done = examined(simulator, lambda: simulator.faults.add(**settings))  # noqa: B023 (called at once)
        assert done.findings, settings
        assert done.calls <= MAX_CALLS
        assert simulator.token not in done.shareable()


def test_what_is_shared_has_no_id_name_address_or_token() -> None:
    simulator = simulated()
    done = examined(simulator, make_contact=True)
    me = simulator.call("GET", "/me")
    people = simulator.call("GET", "/contacts", query={"per_page": "50"})["data"]
    secrets = [simulator.token, me["name"], me["email"], me["id"], me["app"]["id_code"]]
    secrets += [me["app"]["name"], simulator.url, "example.com"]
    secrets += [each[key] for each in people for key in ("id", "email") if each[key]]
    shared = done.shareable()
    assert [each for each in secrets if each in shared] == []
    assert me["app"]["name"] in found(done, "token").private


def test_findings_are_kept_and_read_as_settings(tmp_path: Path) -> None:
    done = examined(simulated(app_per_minute=3_000))
    path = tmp_path / "doctor.json"
    save_settings(done, path)
    settings = read_settings(path)
    assert settings == done.settings()
    assert settings == {"region": "us", "limits": Limits(app_per_minute=3_000, window_s=10.0)}
    assert Intercom("t", **settings).region == "us"
    path.write_text("{}x")
    with pytest.raises(ConfigError, match="no settings of a doctor"):
        read_settings(path)


def test_429s_of_normal_use_are_read_from_its_log(caplog: pytest.LogCaptureFixture) -> None:
    simulator = simulated()

    async def work() -> None:
        simulator.faults.add(path="/tags", status=429, times=2, retry_after_s=1)
        async with Intercom(simulator.token, transport=MemoryTransport(simulator.answer)) as client:
            await client.tags.list().collect()

    with caplog.at_level(logging.INFO, logger="intercom_async"):
        run_virtual(work())
    finding = read_log(caplog.text.splitlines())
    assert finding.facts["count"] == 2
    assert finding.facts["retry_after"] == {"sent": 2}
    assert finding.facts["codes"] == {"too_many_requests": 2}
    assert read_log(["nothing of interest"]).outcome == "unknown"
