"""Records as JSON objects, and the codec that reads and writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

Row: TypeAlias = dict[str, Any]
"""One record as its JSON object; keys that begin with an underscore are never sent."""

BAD_JSON = (ValueError, msgspec.MsgspecError)
"""What decoding raises; older msgspec has errors that are no ValueError."""

encode_json: Callable[[Any], bytes] = msgspec.json.Encoder().encode
decode_json: Callable[[bytes | str], Any] = msgspec.json.Decoder().decode


def names(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


def is_id(text: str) -> bool:
    """Tell whether a text is a decimal id: ASCII digits, few enough for 64 bits."""
    return text.isascii() and text.isdecimal() and len(text) <= 18  # noqa: PLR2004 (10 ** 18)
