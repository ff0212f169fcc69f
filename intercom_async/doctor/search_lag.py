"""How late a search finds a new contact: the one check that writes, with the user's consent."""

from __future__ import annotations

import secrets

from anyio import move_on_after

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import IntercomError, NotFoundError
from intercom_async.models import Contact
from .findings import CheckResult
from .visit import Visit

LONGEST_S = 120.0
"""Seconds that are waited for a search to find the contact."""
FIRST_S, GROWTH = 0.5, 1.3
"""Pause after the first look, and by how much each further one is longer."""
INTERRUPTED_S = 5.0
"""Seconds that a check which was interrupted may take to delete the contact."""
REMOVALS = 3
"""Attempts to delete the contact (test_doctor.py::test_a_contact_that_may_be_left_is_named)."""


async def check_search_lag(visit: Visit) -> CheckResult:
    """Make a contact, look for it by id and by search, and delete it."""
    intercom, key = visit.intercom, f"intercom-async-doctor-{secrets.token_hex(6)}"
    try:
        contact = await intercom.contacts.create(
            external_id=key, email=f"{key}@example.com", name="intercom-async doctor"
        )
        by_id_s, by_search_s = await _measure(intercom, contact)
    except IntercomError:
        # The answer of the creation may be lost, and the contact made.
        if await _is_removed(intercom, key):
            raise
        return _left(key)
    except BaseException:
        # Interrupted: it goes as well.
        with move_on_after(INTERRUPTED_S, shield=True):
            await _is_removed(intercom, key)
        raise
    if not await _is_removed(intercom, key):
        return _left(key)
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


async def _measure(intercom: Intercom, contact: Contact) -> tuple[float | None, float | None]:
    """Return after how many seconds the contact is found by id, and by a search."""
    begun_s = CLOCK.now()
    by_id_s: float | None = None
    pause_s = FIRST_S
    while CLOCK.now() - begun_s < LONGEST_S:
        if by_id_s is None and await _is_there(intercom, contact.id):
            by_id_s = CLOCK.now() - begun_s
        query = {"field": "email", "operator": "=", "value": contact.email}
        if await intercom.contacts.search(query, per_page=1).first() is not None:
            return by_id_s, CLOCK.now() - begun_s
        await CLOCK.sleep(pause_s)
        pause_s *= GROWTH
    return by_id_s, None


async def _is_removed(intercom: Intercom, key: str) -> bool:
    """Delete the contact, if there is one; return whether there is none now."""
    for _ in range(REMOVALS):
        try:
            found = await intercom.contacts.find_by_external_id(key)
            await intercom.contacts.delete(found.id)
        except NotFoundError:
            return True
        except IntercomError:
            await CLOCK.sleep(FIRST_S)
        else:
            return True
    return False


def _left(key: str) -> CheckResult:
    return CheckResult(
        check="search_lag",
        outcome="note",
        text="could not be measured, and the contact made for it may still be there",
        advice="delete the contact whose external id is named here",
        private=key,
        facts={"is_left": True},
    )


async def _is_there(intercom: Intercom, contact_id: str) -> bool:
    try:
        await intercom.contacts.get(contact_id)
    except NotFoundError:
        return False
    return True


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
