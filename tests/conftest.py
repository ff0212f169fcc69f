"""Shared by all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.support.scripted_client import client

__all__ = ["client"]

# A shared machine stalls now and then; a deadline would make that a failure.
settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# What a developer has in the environment is nothing to test with.
for name in ("INTERCOM_TOKEN", "INTERCOM_BASE_URL"):
    os.environ.pop(name, None)


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio in real time; folders whose time is virtual have a conftest that says so."""
    return "asyncio"
