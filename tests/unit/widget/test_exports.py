"""The package's front door: light to import, complete, and honest about what is not there."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import conduit_widget
from conduit_widget import errors


def test_importing_the_package_imports_nothing_heavy() -> None:
    """`import conduit_widget` costs next to nothing; rooms come with their first use."""
    code = (
        "import sys, conduit_widget; "
        "print([m for m in ('anywidget', 'ipywidgets', 'msgspec', 'httpx2', 'asyncio') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("name", conduit_widget.__all__)
def test_every_exported_name_resolves(name: str) -> None:
    """What `__all__` promises is there."""
    assert getattr(conduit_widget, name) is not None
    assert name in dir(conduit_widget)


def test_type_checkers_see_what_is_there() -> None:
    """The imports for type checkers name what the lazy ones do, from the same modules."""
    tree = ast.parse(Path(conduit_widget.__file__).read_text(encoding="utf-8"))
    (checked,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.asname: node.module
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == conduit_widget._EXPORTS


def test_unknown_name_is_an_attribute_error() -> None:
    """A typing error is not an import puzzle."""
    with pytest.raises(AttributeError, match="Chatt"):
        conduit_widget.__getattr__("Chatt")


def test_every_error_people_can_catch_is_at_the_front_door() -> None:
    """No ``except`` needs an import from inside the package."""
    kinds = {
        name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)
    }
    assert kinds <= set(conduit_widget.__all__)
    assert all(f" {name}" in (errors.__doc__ or "") for name in kinds), "the tree shows each"
