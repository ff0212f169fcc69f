"""Create or update: one object per key, even with concurrent writers.

The API has no upsert for contacts: `POST` answers 409 for a contact that exists, and the search
index knows new contacts only after a while. So the object is looked for, else created, and a 409,
which names the object in the way, leads to an update of that one. Of 50 tasks that upsert one new
key at once, one creates the object and 49 update it; none sees the 409.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from intercom_async.errors import ConflictError, ErrorItem, GoneError, NotFoundError
from .polling import INDEX_BACKOFF, Pause, PollIntervals

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

SETTLE_S = 15.0
"""Seconds that an object which a 409 names may take until updates find it
(test_upsert.py::test_a_contact_that_updates_do_not_find_yet_is_waited_for)."""
ROUNDS = 3
"""How often to begin again where the object found was deleted in the meantime
(test_upsert.py::test_a_contact_that_is_deleted_meanwhile_is_created)."""


@dataclass(frozen=True, slots=True)
class Upserted(Generic[T]):
    """An object that exists now, and whether this call made it."""

    contact: T
    created: bool


class UpsertSteps(Protocol[T_co]):
    """The calls that an upsert is made of."""

    async def find(self) -> Sequence[str]:
        """Return the ids of the objects that have the key."""
        ...

    async def create(self) -> T_co:
        """Create the object.

        Raises:
            ConflictError: It exists.
        """
        ...

    async def update(self, key: str, *, is_found_by_key: bool) -> T_co:
        """Change the object with an id.

        Raises:
            ConflictError: It is another object than the one that is meant.
        """
        ...

    async def unarchive(self, key: str) -> object:
        """Bring an archived object back, so that it can be changed.

        Raises:
            ConflictError: That is not wanted.
        """
        ...


async def upsert(steps: UpsertSteps[T], name: str, *, pause: Pause) -> Upserted[T]:
    """Create an object or update the one that has its key.

    Args:
        steps: The calls.
        name: What the objects are, for messages.
        pause: Waits.

    Raises:
        ConflictError: Several objects have the key (`existing_ids` names them), the one that has it
            is archived, or what is in the way is another object.
    """
    refusal: ConflictError | None = None
    for _ in range(ROUNDS):
        found = await steps.find()
        if len(found) > 1:
            raise several(name, found)
        outcome = await _update(steps, found[0], is_found_by_key=True) if found else None
        if outcome is not None:
            return outcome
        try:
            return Upserted(await steps.create(), created=True)
        except ConflictError as conflict:
            refusal = conflict
        outcome = await _update_existing(steps, refusal, pause)
        if outcome is not None:
            return outcome
    raise refusal or several(name, ())


def several(name: str, ids: Sequence[str]) -> ConflictError:
    """Return the error for a key that several objects have; the message has no id."""
    item = ErrorItem(code="several_found", message=f"{len(ids)} {name} have this key")
    error = ConflictError(call=f"upsert of {name}", status=409, errors=(item,))
    error.existing_ids = tuple(ids)
    return error


async def _update(steps: UpsertSteps[T], key: str, *, is_found_by_key: bool) -> Upserted[T] | None:
    """Update an object, or the one it was merged into; None if it is gone."""
    try:
        return Upserted(await steps.update(key, is_found_by_key=is_found_by_key), created=False)
    except NotFoundError:
        return None
    except GoneError as error:
        if error.canonical_id is None:
            return None
        changed = await steps.update(error.canonical_id, is_found_by_key=is_found_by_key)
        return Upserted(changed, created=False)


async def _update_existing(
    steps: UpsertSteps[T], conflict: ConflictError, pause: Pause
) -> Upserted[T] | None:
    """Update the object that a 409 names, which may have been created a moment ago.

    Raises:
        ConflictError: It names none, or an archived one that is to stay archived.
    """
    key = conflict.existing_id
    if key is None:
        raise conflict
    if _is_archived(conflict):
        await steps.unarchive(key)
    polls = PollIntervals(SETTLE_S, INDEX_BACKOFF, pause=pause)
    while True:
        updated = await _update(steps, key, is_found_by_key=False)
        if updated is not None or not await polls.wait():
            return updated


def _is_archived(conflict: ConflictError) -> bool:
    message = conflict.errors[0].message if conflict.errors else None
    return "archived" in (message or "").lower()
