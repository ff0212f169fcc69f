"""Shared by all tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A shared machine stalls now and then; a deadline would make that a failure.
settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# What a developer has in the environment is nothing to test with.
for name in ("INTERCOM_TOKEN", "INTERCOM_BASE_URL"):
    os.environ.pop(name, None)
