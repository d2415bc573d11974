"""All payload types can be had from one place, whichever file they stand in."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from conduit_widget import types
from conduit_widget.types import Wire


@pytest.mark.parametrize("name", [each.name for each in pkgutil.iter_modules(types.__path__)])
def test_every_payload_type_is_in_types(name: str) -> None:
    """``conduit_widget.types`` has each struct of its files under its own name."""
    module = importlib.import_module(f"{types.__name__}.{name}")
    own = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and each.__module__ == module.__name__
    ]
    structs = [each for each in own if issubclass(each, Wire)]
    assert structs
    assert [each for each in structs if getattr(types, each.__name__, None) is not each] == []
