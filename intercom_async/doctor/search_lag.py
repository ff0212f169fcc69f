"""How late a search finds a new contact: the one check that writes, with the user's consent."""

from __future__ import annotations

import secrets

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import NotFoundError
from .findings import CheckResult
from .visit import Visit

LONGEST_S = 120.0
"""Seconds that are waited for a search to find the contact."""
FIRST_S, GROWTH = 0.5, 1.3
"""Pause after the first look, and by how much each further one is longer."""


async def check_search_lag(visit: Visit) -> CheckResult:
    """Make a contact, look for it by id and by search, and delete it."""
    intercom = visit.intercom
    email = f"intercom-async-doctor-{secrets.token_hex(6)}@example.com"
    contact = await intercom.contacts.create(email=email, name="intercom-async doctor")
    begun_s = CLOCK.now()
    by_id_s: float | None = None
    by_search_s: float | None = None
    pause_s = FIRST_S
    try:
        while by_search_s is None and CLOCK.now() - begun_s < LONGEST_S:
            if by_id_s is None and await _is_there(intercom, contact.id):
                by_id_s = CLOCK.now() - begun_s
            query = {"field": "email", "operator": "=", "value": email}
            if await intercom.contacts.search(query, per_page=1).first() is not None:
                by_search_s = CLOCK.now() - begun_s
                break
            await CLOCK.sleep(pause_s)
            pause_s *= GROWTH
    finally:
        await intercom.contacts.delete(contact.id)
    facts = {"by_id_s": _rounded(by_id_s), "by_search_s": _rounded(by_search_s)}
    when = "not within" if by_search_s is None else "within"
    seconds = LONGEST_S if by_search_s is None else by_search_s
    return CheckResult(
        check="search_lag",
        outcome="good" if by_search_s is not None else "note",
        text=f"a search finds a new contact {when} {seconds:.1f} s; the contact made for it is "
        "deleted",
        facts=facts,
    )


async def _is_there(intercom: Intercom, contact_id: str) -> bool:
    try:
        await intercom.contacts.get(contact_id)
    except NotFoundError:
        return False
    return True


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
