"""Fields of companies."""

from __future__ import annotations

from typing import Any, TypedDict

from .common import Moment


class CompanyChanges(TypedDict, total=False):
    """What can be changed of a company by Intercom's id; a key left out keeps its value."""

    name: str
    plan: str
    size: int
    """People in the company."""
    website: str
    industry: str
    monthly_spend: int
    """Whole units of your currency; fractions are cut off."""
    custom_attributes: dict[str, Any]
    """Attributes must be defined before they are used."""


class CompanyFields(CompanyChanges, total=False):
    """Writable fields of a company; a key left out keeps its value."""

    company_id: str
    """Your own key; a company that has it is changed, else one is created."""
    remote_created_at: Moment
    """When the company was created in your system."""
    update_last_request_at: bool
    """Whether it counts as seen now."""
