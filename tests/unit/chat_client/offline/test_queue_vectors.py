"""The rules of what waits, which the browser's queue has too, by the same vectors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.kernel.queue_vectors import VECTORS, Played


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    """An empty queue."""
    played = Played(tmp_path)
    yield played
    played.close()


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_what_people_do_merges_with_what_waits(played: Played, case: dict[str, Any]) -> None:
    """Each step is taken but the last, where that is refused, which changes nothing."""
    *first, last = case["steps"]
    for step in first:
        assert played.step(step) is None, step
    assert played.step(last) == case.get("error")
    queue = played.queue()
    if "queue" in case:
        assert queue == case["queue"]
    elif isinstance(case["ids"], list):
        assert [each["id"] for each in queue] == case["ids"]
    else:
        assert {"count": len(queue), "last": queue[-1]["id"]} == case["ids"]
