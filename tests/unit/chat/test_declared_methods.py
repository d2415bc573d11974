"""What the hubs declare is what their clients are offered."""

from __future__ import annotations

from pathlib import Path

from conduit_widget.chat_client import hub_proxies
from tests.codegen.hub_proxies import hub_proxies_python


def test_typed_proxies_are_made_from_the_declared_methods() -> None:
    """Where this fails, run ``python -m tests.codegen`` and commit what it writes."""
    assert Path(hub_proxies.__file__).read_text(encoding="utf-8") == hub_proxies_python()
