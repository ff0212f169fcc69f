"""Why a store cannot be used, in words without an address, a name or a password.

What a client library says may repeat the address; so only its class, the server's error code and
advice that stands here go into messages and logs.
"""

from __future__ import annotations

import re

_REFUSED = "user or password are not accepted"
_RIGHTS = "the user lacks a permission that the store needs; its documentation lists them"
_REPLICA = "it is a replica, or read-only: a store has to be written to"
_FULL = "it has no more memory or room"
_CLUSTER = "it is a cluster: RedisStore needs a client that knows clusters"
_OTHER = "what answers there is another program, or speaks TLS where none is asked for"
_ADVICE = {
    "WRONGTYPE": "one of its keys, which begin with {ic:, holds something else",
    "WRONGPASS": _REFUSED,
    "NOAUTH": _REFUSED,
    "AuthenticationError": _REFUSED,
    "NOPERM": _RIGHTS,
    "NoPermissionError": _RIGHTS,
    "READONLY": _REPLICA,
    "ReadOnlyError": _REPLICA,
    "OOM": _FULL,
    "OutOfMemoryError": _FULL,
    "MISCONF": _FULL,
    "MOVED": _CLUSTER,
    "MovedError": _CLUSTER,
    "ASK": _CLUSTER,
    "AskError": _CLUSTER,
    "CLUSTERDOWN": "the cluster is down",
    "ClusterDownError": "the cluster is down",
    "BUSY": "a script of somebody else keeps it busy",
    "LOADING": "it is still loading its data",
    "BusyLoadingError": "it is still loading its data",
    "InvalidResponse": _OTHER,
    "AttributeError": f"its client failed within; perhaps {_OTHER}",
    "28P01": _REFUSED,
    "28000": _REFUSED,
    "42501": _RIGHTS,
    "25006": _REPLICA,
    "53100": _FULL,
    "53200": _FULL,
    "3F000": "there is no such schema",
    "57014": "a timeout of the server has ended the statement",
    "57P01": "its server has ended the connection",
    "08P01": "a pooler does not let it pass; PgBouncer needs the mode session or transaction",
    "TimeoutError": "no answer in time",
    "ClosedError": "it was closed, or belongs to another event loop",
    "TypeError": "its client cannot be awaited; it has to be an asyncio client",
}
"""What codes of Redis, codes of PostgreSQL (SQLSTATE) and classes of errors mean."""
_CODE = re.compile(
    rf"\b({'|'.join(each for each in _ADVICE if each.isalpha() and each.isupper())})\b"
)
"""Error codes of Redis."""
_IN_A_SCRIPT = re.compile(r"ACL failure in script|executing the script can't")
"""What Redis says, without a code, of a command that a script may not call."""

_TEXTS = {
    "password authentication failed": _REFUSED,
    "no pg_hba.conf entry": _REFUSED,
    "does not exist": "there is no such database or user",
    "the database system is": "it is starting or stopping",
    "too many clients": "it has no connection left",
    "connection slots": "it has no connection left",
    "does not support SSL": "it has no TLS, which is asked for",
    "max number of clients": "it has no connection left",
}
"""What parts of messages mean where a client has no code: psycopg, while it connects."""


def reason_of(error: BaseException) -> str:
    """Return class, code and meaning of what a store's client has raised."""
    name = type(error).__name__
    found = _CODE.search(str(error))
    code = getattr(error, "sqlstate", None) or (found[1] if found else None)
    if code is None and _IN_A_SCRIPT.search(str(error)):
        code = "NOPERM"
    if not isinstance(code, str) or code not in _ADVICE:
        code = None
    advice = _ADVICE.get(code or "") or _ADVICE.get(name)
    if advice is None:
        advice = next((told for text, told in _TEXTS.items() if text in str(error)), None)
    told = name if code is None or code in name.upper() else f"{name} {code}"
    return told if advice is None else f"{told}: {advice}"
