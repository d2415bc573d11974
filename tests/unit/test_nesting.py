"""The checks of how deeply data nests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from conduit_widget.nesting import MAX_DEPTH, is_json_too_deep, is_too_deep


def nested(levels: int) -> Any:
    """Return a number in ``levels`` lists and dicts, by turns."""
    value: Any = 1
    for level in range(levels):
        value = {"a": value} if level % 2 else [value]
    return value


@pytest.mark.parametrize("levels", [0, 1, MAX_DEPTH, MAX_DEPTH + 1, 400])
def test_depth_counts_levels_of_containers(levels: int) -> None:
    """Data at the limit passes, one level more does not, as objects and as JSON."""
    value = nested(levels)
    assert is_too_deep(value) is (levels > MAX_DEPTH)
    assert is_json_too_deep(json.dumps(value).encode()) is (levels > MAX_DEPTH)


def test_nesting_of_a_million_levels_is_found_without_recursion() -> None:
    """The check itself cannot be made to recurse, or to read a text twice."""
    value: Any = []
    for _ in range(1_000_000):
        value = [value]
    assert is_too_deep(value)
    while value:  # else freeing it would recurse
        value = value[0]
    assert is_json_too_deep(b"[" * 1_000_000)
    assert not is_json_too_deep(b'"' + b'\\"' * 500_000)


def test_brackets_in_strings_do_not_count() -> None:
    """Text may hold any number of brackets, quotes and backslashes."""
    text = '[{"' * 100 + "\\" * 7
    assert not is_json_too_deep(json.dumps({"text": text}).encode())
    assert is_json_too_deep(json.dumps([text, nested(40)]).encode())


@given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
@settings(deadline=None)
def test_both_checks_agree(value: Any) -> None:
    """What is too deep as objects is too deep as JSON, and the other way round."""
    for limit in range(4):
        assert is_too_deep(value, limit) is is_json_too_deep(json.dumps(value).encode(), limit)
