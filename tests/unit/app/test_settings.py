"""Whom a hub is for follows from what it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conduit_widget.app import HubSettings
from conduit_widget.errors import SettingsError

DATA = Path("data")
SITE = {"jwks": "keys.json", "jwt_issuer": "i", "jwt_audience": "a"}


@pytest.mark.parametrize(
    ("given", "is_local"),
    [
        ({}, True),
        ({"host": "::1"}, True),
        ({"host": "localhost", "allowed_hosts": ("localhost", "127.0.0.1")}, True),
        ({"allowed_origins": ("https://lab.example",)}, True),
        ({"allowed_hosts": ("hub.example",)}, False),
        ({"key_file": Path("site.key")}, False),
        (SITE, False),
        ({"host": "0.0.0.0", "key_file": Path("site.key")}, False),
        ({"redis_url": "redis://r", "database_url": "postgresql://d", "key_file": Path("site.key")}, False),
    ],
)
def test_hub_is_for_others_as_soon_as_something_lets_others_in(given: dict[str, Any], is_local: bool) -> None:
    """A further Host, a key of the site's own or its identity provider: a proxy stands before it."""
    settings = HubSettings(data_dir=DATA, **given)
    settings.check()
    assert settings.is_local is is_local


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"host": "0.0.0.0"}, "--key-file"),
        ({"redis_url": "redis://r"}, "--database-url"),
        ({"redis_url": "redis://r", "database_url": "postgresql://d"}, "--key-file"),
        ({"redis_namespace": ""}, "--redis-namespace"),
        ({"jwks": "keys.json", "jwt_issuer": "i"}, "--jwt-audience"),
        ({"jwt_issuer": "i"}, "--jwks"),
    ],
)
def test_what_does_not_go_together_is_named(given: dict[str, Any], named: str) -> None:
    """By the option that is missing."""
    with pytest.raises(SettingsError, match=named):
        HubSettings(data_dir=DATA, **given).check()
