"""Companies that contacts belong to."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

from intercom_async.models import Company
from intercom_async.operation import Operation

from .base import Moment, Resource


class CompanyFields(TypedDict, total=False):
    """Writable fields of a company; a key left out keeps its value."""

    company_id: str
    """Your own key; a company that has it is changed, else one is created."""
    name: str
    plan: str
    size: int
    """People in the company."""
    website: str
    industry: str
    monthly_spend: int
    """Whole units of your currency; fractions are cut off."""
    remote_created_at: Moment
    """When the company was created in your system."""
    custom_attributes: dict[str, Any]
    """Attributes must be defined before they are used."""


class Companies(Resource):
    """Companies, with your key (`company_id`) and Intercom's (`id`)."""

    CREATE = Operation("POST", "/companies", Company, body=CompanyFields, repeat="idempotent")

    async def create(self, **fields: Unpack[CompanyFields]) -> Company:
        """Create a company, or change the one that has this `company_id`, and return it.

        A company is not listed before a contact is attached to it.

        Reference: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/companies/createorupdatecompany
        """
        return await self._send(self.CREATE, fields=fields)
