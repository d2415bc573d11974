"""What all tests share."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How long an example, or making one up, takes says how busy the machine is, not whether the code is right.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Spread the tests over several processes our way (``pytest -n N``)."""
    from tests.support.spread import Spread

    return Spread(config, log)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long bytes by their length: packed ones hold the time, and processes must agree on names."""
    return f"{argname}-{len(val)}-bytes" if isinstance(val, bytes) and len(val) > 32 else None
