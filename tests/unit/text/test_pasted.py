"""Texts as people paste them."""

from __future__ import annotations

from conduit_widget.text.pasted import pasted


def test_address_is_freed_of_what_is_around_it() -> None:
    """Base URLs are pasted as well."""
    assert pasted(" “http://x/v1” ") == "http://x/v1"
