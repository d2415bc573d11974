"""What the command line's options take."""

from __future__ import annotations

import argparse

import pytest

from conduit_widget.cli.arguments import port


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("000", 0), ("8080", 8080), ("0008080", 8080), ("65535", 65535)]
)
def test_port_is_a_number(text: str, value: int) -> None:
    """Zeros before it change nothing."""
    assert port(text) == value


@pytest.mark.parametrize(
    "text", ["", "65536", "00000000099999", "9" * 5000, "-1", "+1", "1.0", "0x50", "\u0661", " 1", "1_0"]
)
def test_port_that_is_none_is_refused(text: str) -> None:
    """However it is written, the line names the range."""
    with pytest.raises(argparse.ArgumentTypeError, match="from 0 to 65535"):
        port(text)
