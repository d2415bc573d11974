"""The walk of a token in the chat's docstring leads through functions that there are."""

from __future__ import annotations

import importlib
import re
from operator import attrgetter
from pathlib import Path

import pytest

import conduit_widget.chat

ROOT = Path(__file__).parents[3]
PLACE = re.compile(r"``([\w/-]+\.(?:py|tsx?)): ([\w.]+)``")
PLACES = PLACE.findall(conduit_widget.chat.__doc__ or "")


@pytest.mark.parametrize(("file", "name"), PLACES)
def test_every_station_of_the_walk_is_there(file: str, name: str) -> None:
    """A newcomer who follows it finds each function in the file that is named."""
    if file.startswith("js/"):
        assert re.search(rf"\b{name}\b", (ROOT / file).read_text(encoding="utf-8"))
        return
    module = importlib.import_module("conduit_widget." + file.removesuffix(".py").replace("/", "."))
    assert attrgetter(name)(module)


def test_the_walk_has_stations() -> None:
    """Its form is what the test above reads."""
    assert len(PLACES) > 25
