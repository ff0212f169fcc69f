"""The examination: one check after the other, each with what the ones before have found."""

from __future__ import annotations

import ssl as tls
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any

from intercom_async.client import Intercom
from intercom_async.config import (
    DEFAULT_VERSION,
    REGIONS,
    Region,
    RetryPolicy,
    TokenProvider,
    check_able,
    check_kind,
)
from intercom_async.errors import IntercomError, ResponseError, TransportError, UnauthorizedError
from intercom_async.models.admins import Me
from intercom_async.priority import Priority
from intercom_async.transport import HttpTransport
from intercom_async.transport.base import Transport
from intercom_async.transport.proxies import Proxies
from .clocks import clock_finding
from .findings import CheckResult, Examination
from .page_sizes import check_page_sizes
from .permissions import check_permissions
from .search_days import check_search_days
from .search_lag import check_search_lag
from .tap import Tap, without_version
from .visit import Visit
from .windows import check_windows

MAX_CALLS = 200
"""Calls of an examination at most (test_doctor.py::test_no_more_than_its_calls_are_made)."""

Check = Callable[[Visit], Awaitable[CheckResult]]


@dataclass(frozen=True)
class _Way:
    """How the workspace is reached."""

    token: str | TokenProvider | None
    tap: Tap
    version: str

    def client(self, *, region: Region | None = None, base_url: str | None = None) -> Intercom:
        """Make a client."""
        return Intercom(
            self.token,
            region=region,
            base_url=base_url,
            transport=self.tap,
            version=self.version,
            retry=RetryPolicy(max_attempts=2, outage_s=0),
            priority=Priority.BACKGROUND,
        )


async def examine(
    token: str | TokenProvider | None = None,
    *,
    region: Region | None = None,
    base_url: str | None = None,
    version: str = DEFAULT_VERSION,
    proxy: str | None = None,
    ssl: tls.SSLContext | None = None,
    transport: Transport | None = None,
    regions: Mapping[str, str] = REGIONS,
    make_contact: bool = False,
    on_finding: Callable[[CheckResult], object] | None = None,
) -> Examination:
    """Look at a workspace, and only read it, within `MAX_CALLS` calls and about a minute.

    Args:
        token: As of `Intercom`.
        region: As of `Intercom`.
        base_url: As of `Intercom`.
        version: As of `Intercom`.
        proxy: As of `Intercom`.
        ssl: As of `Intercom`.
        transport: As of `Intercom`.
        regions: Addresses that a token without access is tried at.
        make_contact: Make one contact, measure how late a search finds it, and delete it.
        on_finding: Called with each finding as soon as it is there.

    Raises:
        ConfigError: A setting cannot work; nothing has been sent.
    """
    check_kind("regions", regions, Mapping, "a dict of addresses by region")
    check_kind("make_contact", make_contact, bool, "True or False")
    check_able("on_finding", on_finding, may_be_none=True)
    proxies = Proxies(proxy)
    check_kind("ssl", ssl, (tls.SSLContext, NoneType), "an ssl.SSLContext")
    check_kind("transport", transport, (Transport, NoneType), "a Transport")
    wired = transport or HttpTransport(proxies=proxies, ssl=ssl)
    tap = Tap(wired, MAX_CALLS)
    way = _Way(token, tap, version)
    findings: list[CheckResult] = []

    def add(finding: CheckResult) -> None:
        findings.append(finding)
        if on_finding is not None:
            on_finding(finding)

    async with way.client(region=region, base_url=base_url) as intercom:
        me = await _identity(intercom, way, regions, add)
        if me is not None:
            add(_region(intercom, me))
            add(await _default_version(intercom, tap))
            checks: list[Check] = [check_windows, check_permissions]
            checks += [check_page_sizes, check_search_days]
            checks += [check_search_lag] if make_contact else []
            for check in checks:
                add(await _guarded(check, Visit(intercom, tap, me)))
        if tap.heard:
            add(clock_finding(tap.heard))
    return Examination(findings=tuple(findings), calls=tap.calls, version=version)


async def _guarded(check: Check, visit: Visit) -> CheckResult:
    """Make a check; what goes wrong in it is a finding."""
    name = check.__name__.removeprefix("check_")
    try:
        return await check(visit)
    except IntercomError as error:
        return CheckResult(
            check=name,
            outcome="unknown",
            text=f"could not be looked at: {_what(error)}",
            private=str(error),
            facts={"error": _what(error)},
        )


def _what(error: IntercomError) -> str:
    """Name an error without what may belong to the workspace."""
    if isinstance(error, ResponseError):
        return f"{error.status} {error.code or ''}".rstrip()
    return type(error).__name__


async def _identity(
    intercom: Intercom,
    way: _Way,
    regions: Mapping[str, str],
    add: Callable[[CheckResult], None],
) -> Me | None:
    """Find out whether the token is taken; if it is not, whether another region takes it."""
    try:
        me = await intercom.admins.me()
    except TransportError as error:
        add(
            CheckResult(
                check="connection",
                outcome="bad",
                text=f"nothing answers ({type(error).__name__})",
                advice="check the network, the proxy (--proxy, HTTPS_PROXY) and the authorities "
                "that are trusted (--ca-file)",
                private=str(error),
                facts={"error": type(error).__name__},
            )
        )
        return None
    except IntercomError as error:
        add(_answers())
        add(await _refused(error, intercom, way, regions))
        return None
    add(_answers())
    name = me.app.name if me.app else None
    add(
        CheckResult(
            check="token",
            outcome="good",
            text="the token is taken",
            private=f"{me.name or 'an admin'} of {name or 'a workspace'}",
        )
    )
    return me


def _answers() -> CheckResult:
    return CheckResult(check="connection", outcome="good", text="the server answers")


async def _refused(
    error: IntercomError, intercom: Intercom, way: _Way, regions: Mapping[str, str]
) -> CheckResult:
    facts: dict[str, Any] = {"error": _what(error)}
    if isinstance(error, UnauthorizedError):
        for name, url in regions.items():
            if name == intercom.region or (intercom.region is None and len(regions) == 1):
                continue
            async with way.client(base_url=url) as other:
                try:
                    await other.admins.me()
                except IntercomError:
                    continue
            return CheckResult(
                check="token",
                outcome="bad",
                text=f"the token is of the region {name}",
                advice=f'set region="{name}" (--region {name}, INTERCOM_REGION)',
                facts={**facts, "region": name},
            )
    return CheckResult(
        check="token",
        outcome="bad",
        text=f"the token is refused: {_what(error)}",
        advice="look it up in the Developer Hub, under Configure, Authentication",
        private=str(error),
        facts=facts,
    )


def _region(intercom: Intercom, me: Me) -> CheckResult:
    """Compare where the workspace says it is with the address that is asked."""
    said = (me.app.region if me.app else None) or ""
    known = said.lower() if said.lower() in REGIONS else None
    facts = {"region": known, "named": said[:10] if said.isalnum() else None}
    if known is None:
        return CheckResult(
            check="region", outcome="unknown", text="the workspace names no known region",
            facts=facts,
        )  # fmt: skip
    if intercom.region is None or intercom.region == known:
        return CheckResult(
            check="region", outcome="good", text=f"the workspace is kept in {known}", facts=facts
        )
    return CheckResult(
        check="region",
        outcome="note",
        text=f"the workspace is kept in {known}, and asked for in {intercom.region}: each call "
        "takes a detour",
        advice=f'set region="{known}" (--region {known}, INTERCOM_REGION)',
        facts=facts,
    )


async def _default_version(intercom: Intercom, tap: Tap) -> CheckResult:
    """Ask without a version: programs that send none get the app's."""
    reset = without_version.set(True)
    try:
        await intercom.admins.me()
    except IntercomError as error:
        return CheckResult(
            check="default_version", outcome="unknown", text=f"not answered: {_what(error)}"
        )
    finally:
        without_version.reset(reset)
    said = tap.heard[-1].version
    if said is None:
        return CheckResult(
            check="default_version",
            outcome="unknown",
            text="answers do not say which version they have",
            facts={"version": None},
        )
    return CheckResult(
        check="default_version",
        outcome="good" if said == intercom.version else "note",
        text=f"calls without a version are answered as {said}; this client asks for "
        f"{intercom.version}",
        facts={"version": said[:10]},
    )
