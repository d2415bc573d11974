"""Which messages of a conversation's tree are shown to somebody who has chosen nothing.

The front end passes the same vectors (``tests/vectors/branches.json``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from conduit_widget.types import ChatMessage

_START: Final = -1  # in place of the place of a parent: there is none


@dataclass(frozen=True, slots=True)
class Branch:
    """The messages of one branch, and of those that have others in their place how many there are."""

    shown: list[ChatMessage]
    versions: dict[str, int]


def newest_branch(messages: Sequence[ChatMessage]) -> Branch:
    """Return the branch with the newest message; ``messages`` are in the order of their positions.

    A message continues the one that its ``parent_id`` names, else the one that it is a version of continues
    (``editOf``), else the one before it. What continues a message that is not at hand stands at the start.
    """
    places: dict[str, int] = {}
    parents: list[int] = []
    children: dict[int, int] = {}
    for place, message in enumerate(messages):
        parent = _parent_of(place, message, places, parents)
        parents.append(parent)
        places[message.id] = place
        children[parent] = children.get(parent, 0) + 1
    following: dict[int, int] = {}
    best: dict[int, int] = {}
    # A parent stands before its children: from the end, each is complete when it is come to.
    for place in range(len(messages) - 1, -1, -1):
        newest, parent = max(place, best.get(place, _START)), parents[place]
        if newest > best.get(parent, _START):
            best[parent], following[parent] = newest, place
    shown: list[ChatMessage] = []
    versions: dict[str, int] = {}
    at = _START
    while at in following:
        count = children[at]
        at = following[at]
        shown.append(messages[at])
        if count > 1:
            versions[messages[at].id] = count
    return Branch(shown, versions)


def _parent_of(place: int, message: ChatMessage, places: dict[str, int], parents: list[int]) -> int:
    """Return a parent's place. What is named counts only where it came before: the list has no circles."""
    if message.parent_id:
        return places.get(message.parent_id, _START)
    old = message.metadata.get("editOf")
    known = places.get(old) if isinstance(old, str) else None
    return place - 1 if known is None else parents[known]
