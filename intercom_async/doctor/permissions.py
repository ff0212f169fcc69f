"""What a token may read, endpoint by endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard, get_origin

from intercom_async.client import Intercom
from intercom_async.errors import BadRequestError, ForbiddenError, ResponseError, UnauthorizedError
from intercom_async.models.page import Page
from intercom_async.request.operation import JSON, Operation, Paging, version_number
from intercom_async.resources._registry import RESOURCES
from .findings import CheckResult
from .visit import Visit

MOST = 90
"""Endpoints that are tried."""


async def check_permissions(visit: Visit) -> CheckResult:
    """Read one row of everything that can be read without knowing an id."""
    intercom = visit.intercom
    readable: list[str] = []
    refused: list[str] = []
    odd: dict[str, str] = {}
    for name, operation in list(readable_operations(intercom))[:MOST]:
        query = {"per_page": 1} if operation.paging is not Paging.NONE else None
        body = {"query": {"field": "created_at", "operator": ">", "value": 0}}
        is_search = operation.paging is Paging.CURSOR_BODY
        call = operation.at(
            query=None if is_search else query,
            json={**body, "pagination": {"per_page": 1}} if is_search else None,
        )
        try:
            await intercom.send(call.into(bytes))
        except (UnauthorizedError, ForbiddenError) as error:
            refused.append(name)
            odd |= {name: f"{error.status} {error.code}"} if error.status != _FORBIDDEN else {}
        except BadRequestError:
            readable.append(name)  # it is read with parameters that nobody knows here
        except ResponseError as error:
            odd[name] = f"{error.status} {error.code}"
        else:
            readable.append(name)
    facts: dict[str, Any] = {"readable": readable, "refused": refused}
    facts |= {"odd": odd} if odd else {}
    if refused:
        return CheckResult(
            check="permissions",
            outcome="note",
            text=f"{len(readable)} kinds of rows can be read; refused: {', '.join(refused)}",
            advice="add the permissions to the app in the Developer Hub, if it needs them; "
            "permissions to write are not tried",
            facts=facts,
        )
    return CheckResult(
        check="permissions",
        outcome="good",
        text=f"{len(readable)} kinds of rows can be read; permissions to write are not tried",
        facts=facts,
    )


_FORBIDDEN = 403


def _is_operation(value: object) -> TypeGuard[Operation[Any]]:
    return isinstance(value, Operation)


def readable_operations(intercom: Intercom) -> Iterator[tuple[str, Operation[Any]]]:
    """Yield operations that read, and need no id: one for each label.

    A scroll is left out, since an app has one only, for a minute.
    """
    version = version_number(intercom.version)
    seen: set[str] = set()
    for name in RESOURCES:
        resource: object = getattr(intercom, name)
        for found in filter(_is_operation, vars(type(resource)).values()):
            if found.label in seen:
                continue
            origin: object = get_origin(found.model)
            is_list = isinstance(origin, type) and issubclass(origin, Page)
            if (
                found.repeat == "safe"
                and not found.names
                and (not found.needs or found.paging is Paging.CURSOR_BODY)
                and not found.required
                and found.accept == JSON
                and found.kind != "scroll"
                and found.since_number <= version
                and (is_list or found.is_bare)
            ):
                seen.add(found.label)
                yield found.label, found
