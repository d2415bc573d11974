"""What all tests share."""

from __future__ import annotations

import logging
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
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


@pytest.fixture(scope="session")
def _data_dirs() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="conduit-tests-") as directory:
        yield Path(directory)


@pytest.fixture(autouse=True)
def _own_data_dir(_data_dirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a chat of a test keeps out of the tester's own data directory, and of the next test's."""
    monkeypatch.setenv("CONDUIT_DATA_DIR", str(_data_dirs / uuid.uuid4().hex))


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Keep what a test sets of this process's log, as the hub's command does, out of the next test's."""
    root = logging.getLogger()
    known, level = set(root.handlers), root.level
    levels = {each.name: each.level for each in _loggers()}
    yield
    root.setLevel(level)
    for handler in root.handlers[:]:
        if handler not in known and type(handler) is logging.StreamHandler:
            root.removeHandler(handler)
    for each in _loggers():
        each.setLevel(levels.get(each.name, logging.NOTSET))


def _loggers() -> list[logging.Logger]:
    """Return the loggers of the package."""
    found = list(logging.Logger.manager.loggerDict.items())
    return [
        each
        for name, each in found
        if isinstance(each, logging.Logger) and name.partition(".")[0] == "conduit_widget"
    ]
