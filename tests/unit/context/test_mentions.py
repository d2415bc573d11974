"""What a text names with ``@``; the view reads texts in the same way (``tests/vectors``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.context.mentions import MAX_MENTIONS, mentioned

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors/context_mentions.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["text"])[:40])
def test_names_are_found(vector: dict[str, Any]) -> None:
    """Variables, cells, errors, files; no addresses and nothing in code."""
    assert mentioned(vector["text"]) == vector["names"]


def test_there_are_not_too_many() -> None:
    """A long text costs no more."""
    assert len(mentioned(" ".join(f"@x{number}" for number in range(1000)))) == MAX_MENTIONS
