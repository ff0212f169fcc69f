"""Edits that take away what heals a defect by another way, so that the defect itself shows."""

from __future__ import annotations

from .mutant import Edit

NOT_COUNTED = Edit(
    "changes.py",
    "            run.counted = await count_all(run)\n",
    "            run.counted = None\n",
)
"""No run asks how many rows there are: a sweep would bring those that no change has brought."""
