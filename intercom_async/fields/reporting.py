"""Fields of exports of reporting data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from .common import Moment


class ReportingQuery(TypedDict):
    """What is exported."""

    dataset_id: str
    """A dataset, as `list_datasets` names it."""
    attribute_ids: Sequence[str]
    """Columns of the dataset."""
    start_time: Moment
    """From when on; by which of a row's times, the data set says."""
    end_time: Moment
    """Until when."""
