"""What Python says in a view: the catalogue has each sentence, and its English is what the key says."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from conduit_widget.chat_client.state.notice_lines import NOTICE_READERS
from conduit_widget.contract import StatusEvent
from conduit_widget.text.said import Said

ROOT = Path(__file__).parents[3]
KNOWN = {
    json.loads(line.strip().rstrip(","))
    for line in (ROOT / "js/src/texts/en/told.ts").read_text().splitlines()
    if line.strip().startswith('"')
}
LIMIT = {"percentageUsed": 92, "remaining": 8, "limit": 100, "forecastSeconds": 125}
NOTICES: list[tuple[str, dict[str, object]]] = [
    (StatusEvent.PROVIDER_FAILOVER, {"from": "a", "to": to, "midStream": cut, "reason": reason})
    for to in ("b", None)
    for cut in (True, False)
    for reason in ("rate_limit", None)
]
NOTICES += [
    (StatusEvent.RATE_LIMIT_WARNING, {**LIMIT, **named, **less})
    for named in ({"provider": "hub", "name": "messages"}, {"provider": "a", "scope": "tokens"})
    for less in ({}, {"limit": None}, {"percentageUsed": None})
]
NOTICES += [
    (StatusEvent.MODEL_AVAILABILITY_CHANGED, {"provider": "a", **change})
    for change in ({"added": ["m"]}, {"removed": ["n"]}, {"added": ["m"], "removed": ["n"]})
]


@pytest.mark.parametrize(("event", "notice"), NOTICES)
def test_a_notice_is_the_sentences_it_names_and_views_know_them(
    event: str, notice: dict[str, object]
) -> None:
    """The line is their English, and no place is left open."""
    line = NOTICE_READERS[event](notice)
    assert line is not None
    assert line.said
    assert " ".join(map(str, line.said)) == line.text
    assert "{" not in line.text
    assert {said.key for said in line.said} <= KNOWN


def test_every_sentence_that_python_names_is_in_the_catalogue() -> None:
    """Whatever is written as ``Said.of("…")``."""
    named = [
        argument.value
        for path in (ROOT / "conduit_widget").rglob("*.py")
        if path.name != "said.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Said.of"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    ]
    assert len(named) >= 10
    assert set(named) <= KNOWN


def test_numbers_are_written_for_people() -> None:
    """As English has them; names stay as they are, braces in them too."""
    assert str(Said.of("{name}: rows {rows}", name="{x}", rows=1234)) == "{x}: rows 1,234"
    assert not re.search(r"\d", Said.of("plot").key)
