"""Which branch is shown: as the front end has it, for whoever has chosen nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat_client.state.branches import newest_branch
from conduit_widget.types import ChatMessage

VECTORS = Path(__file__).parents[3] / "vectors" / "branches.json"
CASES = [each for each in json.loads(VECTORS.read_text(encoding="utf-8"))["cases"] if not each["choices"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_branch_with_the_newest_message_is_shown(case: dict[str, Any]) -> None:
    """The same messages, and the same number of versions."""
    branch = newest_branch([_message(each) for each in case["messages"]])
    assert [message.id for message in branch.shown] == case["shown"]
    assert branch.versions == {id_: len(all_) for id_, all_ in case["siblings"].items()}


def _message(written: dict[str, Any]) -> ChatMessage:
    metadata = {"editOf": written["editOf"]} if "editOf" in written else {}
    return ChatMessage(
        id=written["id"], role="user", content="", parent_id=written.get("parentId"), metadata=metadata
    )
