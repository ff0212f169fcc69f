"""Companies: upsert, read, change, delete, the list by pages and the scroll."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from intercom_async.simulator.errors import ApiError, bad_parameter, not_found
from intercom_async.simulator.rows import Row, names
from intercom_async.simulator.seed.companies import segment_ids
from intercom_async.simulator.store.filters import Filter
from intercom_async.simulator.store.present import public
from intercom_async.simulator.store.runs import Order
from intercom_async.simulator.store.steps import STEP_ROWS
from .call import Call, Reply
from .checks import moment_of, needed_text, object_of, text_of
from .contact_lists import company_of
from .paging import (
    cursor_page,
    join_rows,
    numbered_page,
    page_size,
    whole_list,
    whole_number,
)
from .registry import Routes

routes: Routes = Routes()

MAX_PER_PAGE = 60
"""Companies of one page at most; more are answered with 400."""
MAX_LISTED = 10_000
"""Companies that pages reach at most; the scroll reaches all (`test_requests.py`)."""
SCROLL_SIZE = 100
"""Companies of one page of the scroll (`test_state.py`)."""
SCROLL_LIFE_S = 60.0
"""Seconds without a request after which a scroll is over (`test_state.py`)."""
NUMBERS = ("size", "monthly_spend")


@routes("POST /companies")
def create_or_update(call: Call) -> Any:
    """Make a company, or change the one that has this `company_id`."""
    fields = call.fields
    if text_of(fields, "company_id") is None:
        unknown = next((name for name in fields if name not in _KNOWN), None)
        if unknown is not None:
            raise ApiError(400, "bad_request", f"bad '{unknown}' parameter")
    company_id = needed_text(fields, "company_id")
    table = call.workspace.companies
    known = table.unique("company_id", company_id)
    if known is None:
        row = _blank(call, company_id)
        _apply(call, row, fields)
        table.add(row)
    else:
        _apply(call, dict(known), fields)
        row = table.change(known["id"])
        _apply(call, row, fields)
    return call.workspace.companies.present(row, call.version)


@routes("PUT /companies/{company_id}", "PATCH /companies/{company_id}")
def update(call: Call) -> Any:
    """Change a company by Intercom's own id."""
    known = company_of(call, call.id("company_id"))
    _apply(call, dict(known), call.fields)
    row = call.workspace.companies.change(known["id"])
    _apply(call, row, call.fields)
    return call.workspace.companies.present(row, call.version)


_KNOWN = names(
    "company_id name plan size website industry custom_attributes monthly_spend "
    "remote_created_at created_at"
)


def _blank(call: Call, company_id: str) -> Row:
    return {
        "type": "company",
        "company_id": company_id,
        "app_id": call.workspace.id_code,
        "name": company_id,
        "remote_created_at": call.now_at,
        "created_at": call.now_at,
        "updated_at": call.now_at,
        "last_request_at": None,
        "monthly_spend": 0,
        "session_count": 0,
        "size": None,
        "website": None,
        "industry": None,
        "plan": {},
        "custom_attributes": {},
        "_tags": [],
    }


def _apply(call: Call, row: Row, fields: Row) -> None:
    for name in ("name", "website", "industry"):
        if name in fields:
            row[name] = text_of(fields, name)
    for name in NUMBERS:
        if fields.get(name) is not None:
            # 155.98 is stored as 155.
            row[name] = whole_number(
                _floored(fields[name], name), name, default=0, low=0, high=2**31 - 1
            )
    plan = text_of(fields, "plan")
    if plan:
        row["plan"] = {"type": "plan", "id": str(len(plan)), "name": plan}
    remote = moment_of(fields, "remote_created_at")
    if remote is not None:
        row["remote_created_at"] = remote
    given = object_of(fields, "custom_attributes")
    row["custom_attributes"] = {
        key: value for key, value in (row["custom_attributes"] | given).items() if value is not None
    }
    row["updated_at"] = call.now_at


def _floored(value: Any, name: str) -> int:
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        raise bad_parameter(f"{name} must be a number", field=name) from None


@routes("GET /companies")
def list_or_find(call: Call) -> Any:
    """Answer a page, or one company where its `company_id` or name is given."""
    table = call.workspace.companies
    for field in ("company_id", "name"):
        value = call.query.get(field)
        if value:
            row = table.unique(field, value)
            if row is None:
                raise not_found("Company Not Found", "company_not_found")
            return call.workspace.companies.present(row, call.version)
    tag_id = call.query.get("tag_id")
    if tag_id and call.workspace.tags.find(tag_id) is None:
        return _page(call, ())
    asked = _asked(call)
    return _page(call, _listed(call) if asked is None else _matching(call, asked))


def _asked(call: Call) -> Filter | None:
    """Return the question for a tag or a segment; a tag wins where both are given."""
    tag_id, segment_id = call.query.get("tag_id"), call.query.get("segment_id")
    if tag_id:
        return _filter(call, f"tag:{tag_id}", lambda row: _has_tag(row, tag_id))
    if segment_id:
        return in_segment(call, segment_id)
    return None


def _has_tag(row: Row, tag_id: str) -> bool:
    return any(one["id"] == tag_id for one in row["_tags"])


def in_segment(call: Call, segment_id: str) -> Filter:
    """Return the question for the companies of a segment."""
    return _filter(call, f"segment:{segment_id}", lambda row: segment_id in segment_ids(row))


def _filter(call: Call, key: str, test_row: Callable[[Row], bool]) -> Filter:
    """Return a question to the companies that have people."""
    seeds = call.workspace.companies.seeds
    asked = Filter(
        key=key,
        numbers=range(seeds.count),
        is_exact=False,
        test_number=lambda number: test_row(seeds.row(number)),
        test_row=test_row,
    )
    return call.workspace.members.with_people(asked)


def _matching(call: Call, asked: Filter) -> Sequence[int]:
    is_ascending = call.query.get("order") == "asc"
    return call.workspace.companies.numbers(asked, Order(is_descending=not is_ascending))


@routes("POST /companies/list", "GET /companies/list")
def list_all(call: Call) -> Any:
    """Answer a page; its number and size stand in the query."""
    return _page(call, _listed(call))


def _listed(call: Call) -> Sequence[int]:
    """Return the companies that have people; those without are in no list."""
    workspace, table = call.workspace, call.workspace.companies
    is_ascending = call.query.get("order") == "asc"
    numbers = workspace.members.listed(is_ascending=is_ascending)
    if not workspace.quirks.moving_orders:
        return numbers
    for place in workspace.drawn_numbers(len(numbers)):
        table.change(table.value_at(numbers[place], "id"))["last_request_at"] = call.now_at
    everything = workspace.members.with_people(table.everything())
    return table.numbers(everything, Order("last_request_at", is_descending=not is_ascending))


def _page(call: Call, numbers: Sequence[int]) -> Reply:
    table = call.workspace.companies
    source: Row = dict(call.query)
    if call.body is not None:
        source = {**call.fields, **source}
    places, pages = numbered_page(call, len(numbers), default=15, high=MAX_PER_PAGE, source=source)
    if pages["page"] * pages["per_page"] > MAX_LISTED:
        raise ApiError(
            400,
            "bad_request",
            f"Only the first {MAX_LISTED} companies can be listed; use the scroll for more",
        )
    shown = [numbers[place] for place in places]
    call.workspace.members.need(shown)
    rows = (table.encoded(number, call.version) for number in shown)
    return Reply(join_rows("list", "data", rows, len(numbers), pages))


@routes("GET /companies/scroll")
def scroll(call: Call) -> Any:
    """Answer the next hundred of the one scroll that may be open.

    The token is the same on every page. The end is an empty page, which closes the scroll: after
    it the token is not known any more.
    """
    workspace, now = call.workspace, call.workspace.now()
    token = call.query.get("scroll_param")
    open_scroll = workspace.scroll
    if open_scroll is not None and now - open_scroll.used_at > SCROLL_LIFE_S:
        open_scroll = workspace.scroll = None
    if not token and open_scroll is not None:
        raise ApiError(400, "scroll_exists", "scroll already exists for this workspace")
    if token and (open_scroll is None or open_scroll.token != token):
        raise not_found("scroll parameter not found")
    walked, at = (
        (_listed(call), 0) if open_scroll is None else (open_scroll.numbers, open_scroll.at)
    )
    numbers = walked[at : at + SCROLL_SIZE]
    workspace.members.need(numbers)
    open_scroll = open_scroll or workspace.open_scroll(walked)
    open_scroll.at += len(numbers)
    open_scroll.used_at = now
    if not numbers:
        workspace.scroll = None
    table = workspace.companies
    rows = b",".join(table.encoded(number, call.version) for number in numbers)
    return Reply(
        b'{"type":"list","data":[%b],"pages":null,"total_count":null,"scroll_param":"%b"}'
        % (rows, open_scroll.token.encode())
    )


@routes("GET /companies/{company_id}")
def show(call: Call) -> Any:
    """Answer one company."""
    row = company_of(call, call.id("company_id"))
    _need_members(call, row)
    return call.workspace.companies.read(row, call.version)


def _need_members(call: Call, company: Row) -> None:
    number = call.workspace.companies.number_of(company["id"])
    call.workspace.members.need([] if number is None else [number])


@routes("DELETE /companies/{company_id}")
def delete(call: Call) -> Any:
    """Delete a company."""
    row = company_of(call, call.id("company_id"))
    call.workspace.companies.remove(row["id"])
    call.workspace.links.deleted()
    return {"id": row["id"], "object": "company", "deleted": True}


@routes("GET /companies/{company_id}/contacts")
def list_contacts(call: Call) -> Any:
    """Answer a company's contacts, by cursor."""
    workspace = call.workspace
    company = company_of(call, call.id("company_id"))
    _need_members(call, company)
    attached = workspace.members.attached(company["id"])
    asked = Filter(
        key=f"company:{company['id']}",
        numbers=workspace.members.seeded(company),
        is_exact=True,
        test_number=lambda number: company["id"] in workspace.contact_seeds.company_ids(number),
        test_row=lambda row: company["id"] in row["_companies"] and "_merged_into" not in row,
        # A small answer is made each time, a large one is kept and found in steps.
        written=attached if len(attached) <= STEP_ROWS else None,
    )
    return cursor_page(
        call,
        workspace.contacts,
        asked,
        Order(),
        per_page=page_size(call, call.query.get("per_page"), default=50),
        starting_after=call.query.get("starting_after"),
    )


@routes("GET /companies/{company_id}/segments")
def list_segments(call: Call) -> Any:
    """Answer the segments of a company."""
    ids = segment_ids(company_of(call, call.id("company_id")))
    return whole_list(public(one) for one in call.workspace.segments if one["id"] in ids)


@routes("GET /companies/{company_id}/notes")
def list_notes(call: Call) -> Any:
    """Answer the notes of a company."""
    company_of(call, call.id("company_id"))
    _, pages = numbered_page(call, 0, default=50)
    return {"type": "list", "data": [], "total_count": 0, "pages": pages}
