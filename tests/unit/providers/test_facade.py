"""What ``from conduit_widget.providers import …`` gives."""

from __future__ import annotations

import pytest

from conduit_widget import providers


@pytest.mark.parametrize("name", providers.__all__)
def test_every_name_is_there(name: str) -> None:
    """Each name that the room exports is found where the table says."""
    assert getattr(providers, name).__name__ == name
