"""What in a target the sync has written, as its own record says; everything else is a user's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from intercom_async.sync.errors import TargetError
from intercom_async.sync.streams import RESERVED


class _Older(msgspec.Struct):
    """What is read of a state that an earlier version wrote."""

    streams: dict[str, msgspec.Raw] = {}


def older_streams(state: bytes) -> frozenset[str]:
    """Return the streams that an earlier version wrote, by its state: it kept no other record."""
    try:
        names = msgspec.json.decode(state, type=_Older).streams
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return frozenset()  # the run refuses such a state itself
    # A name in parentheses is that of parents that were read for their children alone.
    return frozenset({RESERVED, *(name for name in names if not name.startswith("("))})


def refuse_taken(where: str, taken: Iterable[str], *, kind: str, other: str) -> None:
    """Refuse to write where something of a user's stands.

    Args:
        where: What messages call the target.
        taken: What stands there, by name.
        kind: What it is, such as tables.
        other: What else may be chosen, such as another schema.

    Raises:
        TargetError: There is something; it names it.
    """
    names: Sequence[str] = sorted(taken)
    if names:
        raise TargetError(
            f"{where} has {kind} of its own named {', '.join(names)}; move them away, or choose "
            f"another {other}"
        )
