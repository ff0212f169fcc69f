"""Exports of content and of reporting data: jobs that end in a file."""

from __future__ import annotations

from typing import Literal

import msgspec

from .base import LooseTimestamp, Model


class DataExport(Model, frozen=True, kw_only=True):
    """An export of messages; a workspace may have only one under way."""

    job_identifier: str = ""
    job_identfier: str | None = None
    """The same, as Preview spells it."""
    status: (
        Literal["pending", "in_progress", "failed", "completed", "no_data", "canceled"] | str | None
    ) = None
    download_expires_at: LooseTimestamp | None = None
    """The file cannot be had later. Sent as text."""
    download_url: str | None = None

    def __post_init__(self) -> None:
        """Put the id where every version but Preview has it."""
        if self.job_identfier and not self.job_identifier:
            msgspec.structs.force_setattr(self, "job_identifier", self.job_identfier)


class ReportingExport(Model, frozen=True, kw_only=True):
    """An export of reporting data."""

    job_identifier: str
    status: str | None = None
    download_url: str | None = None
    download_expires_at: LooseTimestamp | None = None
    """The file cannot be had later. Sent as text."""


class DatasetAttribute(Model, frozen=True, kw_only=True):
    """A column of a data set."""

    id: str | None = None
    name: str | None = None
    qualified_id: str | None = None


class Dataset(Model, frozen=True, kw_only=True):
    """A data set that can be exported."""

    id: str
    name: str | None = None
    description: str | None = None
    default_time_attribute_id: str | None = None
    attributes: list[DatasetAttribute] = []
