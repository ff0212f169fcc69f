"""Edits that take away what heals a defect by another way, so that the defect itself shows."""

from __future__ import annotations

from .mutant import Edit

NOT_COUNTED = (
    Edit(
        "surplus.py",
        '        """Ask how many rows a stream has."""\n',
        "        return\n",
    ),
    Edit("surplus.py", "        if run.is_current:\n", "        if True:\n"),
)
"""No run asks how many rows there are: a sweep would bring those that no change has brought, and
those that a reading of everything has left out."""
NOT_DOUBTED = Edit(
    "changes.py",
    "        return is_newer or row.version < self._settled_before\n",
    "        return row.version < self._settled_before\n",
)
"""A change that comes behind a reading that found none is left to the next run."""
NO_EARLIER = Edit(
    "earlier_times.py",
    "        return not (held.flags & BY_ID and held.read_at >= self._began)\n",
    "        return False\n",
)
"""What hides a row by a later time does so for a run only, where an earlier one is looked into."""
NO_WAY_BACK = Edit(
    "stream_run.py",
    "            if row.version < held.version:\n",
    "            if False:\n",
)
"""Children are not read again where the time of their parent went back."""
ONE_LIST = Edit("rising_changes.py", "range(MOST_LISTS)", "range(0)")
"""Changes are read upward in one list without an end, as rows come into it."""
NOT_COUNTED_UPWARD = Edit(
    "rising_changes.py", "if is_counted and came.count < first.counted:", "if False:"
)
"""Changes are not counted as a whole once they are read upward."""
NOT_DOUBTED_UPWARD = (
    NOT_COUNTED_UPWARD,
    Edit("rising_changes.py", "(found.is_isolated or found.counted < left)", "False"),
    Edit(
        "rising_changes.py", "return await self._counts_no_more(run, first, listed)", "return True"
    ),
)
"""No count shows what the pages of changes leave out that begin with the earliest."""
