"""Where the text of a page can be cut between its rows, without reading it.

A row begins with its type, ``{"type":"contact"``, and so do all others of its page. A quote within
a JSON string has a backslash before it, so this text behind ``},`` is never inside a string: it
begins an object of some array. If that array is another one, inside a row, the parts are no JSON,
and decoding them fails.
"""

from __future__ import annotations

import re

HEAD_BYTES = 4096
"""Bytes in which a page's list has to begin
(test_row_cuts.py::test_a_list_that_begins_late_is_not_cut)."""


class RowCutter:
    """Finds the rows of one type of page.

    Args:
        name: The key of the page's list, such as ``data``.
    """

    __slots__ = ("_begin",)

    def __init__(self, name: str) -> None:
        key = re.escape(name.encode())
        self._begin = re.compile(rb'"%b"\s*:\s*\[\s*(\{\s*"type"\s*:\s*"[\w.]+")' % key)

    def cut(self, body: bytes, size: int) -> list[int]:
        """Return where the first row begins, and where each further part of the list does.

        Args:
            body: The page.
            size: Bytes of a part at most; a longer row is a part by itself.

        Returns:
            At least two places if the page can be cut, else none. All but the first are the comma
            before a row.
        """
        found = self._begin.search(body, 0, HEAD_BYTES)
        if found is None:
            return []
        between = next(
            (each for space in (b"", b" ") if (each := b"}," + space + found[1]) in body), None
        )
        if between is None:
            return []
        cuts = [found.start(1)]
        while len(body) - cuts[-1] > size:
            start = cuts[-1] + 1
            cut = body.rfind(between, start, cuts[-1] + size)
            if cut < 0:
                cut = body.find(between, start)
            if cut < 0:
                break
            cuts.append(cut + 1)
        return cuts if len(cuts) > 1 else []
