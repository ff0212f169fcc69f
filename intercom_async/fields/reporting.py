"""Fields of exports of reporting data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from .common import Moment


class ReportingQuery(TypedDict):
    """What is exported."""

    dataset_id: str
    """One of `list_datasets`,"""
    attribute_ids: Sequence[str]
    """and the columns of it."""
    start_time: Moment
    """From when on; by which of a row's times, the data set says."""
    end_time: Moment
    """Until when."""
