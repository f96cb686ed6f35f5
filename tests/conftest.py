"""What every test shares. Fixtures of one room live beside its tests."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# One profile for the test run that must pass (repeatable), one for the long hunt at night.
settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("hunt", max_examples=2000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
