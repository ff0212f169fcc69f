"""What an upload of a catalog of products may say, from Preview."""

from __future__ import annotations

from typing import TypedDict

from .common import Id


class CatalogPart(TypedDict, total=False):
    """Which part of a catalog is uploaded; all are left out for a whole one."""

    finalize: bool | None
    """False for a part, True after the last one, which then needs no catalog."""
    import_job_id: Id | None
    """What the answer to the first part says; needed from the second on."""
    part_number: int | None
    """What the answer before says; the same part may be sent again."""
