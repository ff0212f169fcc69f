"""Names the parents that have more children than the API gives in one answer.

They are remembered until an answer gives all children, or the parent is gone. What the target lacks
of them is in no hole: the next run cannot read it either.
"""

from __future__ import annotations

from .stream_run import StreamRun

FIRST = 3
"""Parents that a note names; the report has more."""


def truncated_notes(run: StreamRun) -> list[str]:
    """Return what there is to say of children that the API does not give; forget gone parents."""
    saved = run.state.truncated
    for key in list(saved):
        family = run.families.get(key)
        if family is not None and family.is_gone:
            del saved[key]
    if not saved or run.parent is None:
        return []
    first = ", ".join(list(run.state.most_truncated())[:FIRST])
    note = (
        f"{run.name}: the API gives the newest children only of {len(saved):,} {run.parent.name}, "
        f"{first} first; {sum(saved.values()):,} older ones are not given, and are in exports"
    )
    return [note]
