"""The wire contract in Python equals the shared vectors; js/test/contract.test.ts does the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from conduit_widget import contract, types
from conduit_widget.chat_client.changes import LinkState

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "contract.json").read_text())
OTHER_STRINGS = {"TOKEN_AUDIENCE", "TOKEN_ISSUER", "TOKEN_EXPIRING"}


def constants(owner: object, kinds: tuple[type, ...]) -> dict[str, Any]:
    """Return the public upper-case constants of a module or class, as JSON shows them."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in vars(owner).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, kinds)
    }


@pytest.mark.parametrize("name", ["ChatMethod", "ChatEvent", "StatusMethod", "StatusEvent", "ErrorText"])
def test_names_and_texts_equal_the_vectors(name: str) -> None:
    """None missing, none more."""
    assert constants(getattr(contract, name), (str,)) == VECTORS[name]


def test_paths_equal_the_vectors() -> None:
    """The addresses below a hub's own."""
    strings = constants(contract, (str,))
    assert {name: value for name, value in strings.items() if name not in OTHER_STRINGS} == VECTORS["paths"]


def test_numbers_equal_the_vectors() -> None:
    """Times in seconds, sizes in bytes, counts."""
    assert constants(contract, (int, float, tuple)) == VECTORS["numbers"]


@pytest.mark.parametrize("name", VECTORS["values"])
def test_values_equal_the_vectors(name: str) -> None:
    """What a field of that type may say."""
    kind = LinkState if name == "LinkState" else getattr(types, name)
    assert list(get_args(kind)) == VECTORS["values"][name]


@pytest.mark.parametrize("name", VECTORS["shapes"])
def test_shapes_equal_the_vectors(name: str) -> None:
    """Read and written again it is the same; no key is missing, none is more."""
    kind, shape = getattr(types, name), VECTORS["shapes"][name]
    assert msgspec.convert(shape, kind).to_wire() == shape
    assert set(kind.__struct_encode_fields__) == set(shape)


def test_close_reasons_equal_the_vectors() -> None:
    """Every number has its text and its verdict on coming back."""
    rows = [
        {
            "code": int(reason.code),
            "name": reason.code.name,
            "text": reason.text,
            "allowReconnect": reason.allow_reconnect,
        }
        for reason in contract.CLOSE_REASONS.values()
    ]
    assert rows == VECTORS["closeReasons"]
    assert set(contract.CLOSE_REASONS) == set(contract.CloseCode)
