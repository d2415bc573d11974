"""From a conversation's history to what the model reads, within its context.

Sizes are estimated, at 3.5 ASCII characters or one other character a token: the hub has no tokenizer for
every model, and a provider refuses what is really too long.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from conduit_widget.providers.provider import PromptMessage
from conduit_widget.types import ChatMessage, Role

__all__ = ["build_prompt", "estimate_tokens"]

CHARS_PER_TOKEN: Final = 3.5
MESSAGE_OVERHEAD_TOKENS: Final = 8
DEFAULT_ANSWER_SHARE: Final = 4
"""Without a maxTokens, one part in this many of the context is kept free for the answer."""

_SEVERAL: Final = "Several people take part; each of their messages starts with its writer's name."
_CUT: Final = "\n[…]\n"


def estimate_tokens(text: str) -> int:
    """Return about how many tokens the text has."""
    ascii_chars = len(text) if text.isascii() else sum(character.isascii() for character in text)
    return math.ceil(ascii_chars / CHARS_PER_TOKEN) + len(text) - ascii_chars


def build_prompt(
    history: Sequence[Mapping[str, Any]],
    *,
    system_prompt: str,
    context_tokens: int,
    max_tokens: int | None = None,
) -> list[PromptMessage]:
    """Return the system prompt and as much of the newest history as fits, oldest first.

    ``history`` is in wire form, oldest first, and ends with the question, which is always kept (its middle is
    cut out when it alone is too long). Answers without text are left out. User names stand before messages
    only when more than one person writes. Neighbours of one role become one message, since some models
    accept strict turns only.
    """
    messages = [message for message in map(ChatMessage.from_wire, history) if message.text.strip()]
    people = {message.author.user_id for message in messages if message.role == "user" and message.author}
    system = f"{system_prompt} {_SEVERAL}".strip() if len(people) > 1 else system_prompt
    reserved = max_tokens if max_tokens is not None else context_tokens // DEFAULT_ANSWER_SHARE
    budget = context_tokens - min(reserved, context_tokens // 2)
    budget -= estimate_tokens(system) + MESSAGE_OVERHEAD_TOKENS
    turns = _newest_that_fit([_turn(message, len(people) > 1) for message in messages], max(budget, 32))
    head = [PromptMessage("system", system)] if system else []
    return head + _merge_neighbours(turns)


def _turn(message: ChatMessage, named: bool) -> tuple[Role, str]:
    if named and message.role == "user" and message.author is not None:
        return message.role, f"{message.author.user_name}: {message.text}"
    return message.role, message.text


def _newest_that_fit(turns: Sequence[tuple[Role, str]], budget: int) -> list[tuple[Role, str]]:
    taken: list[tuple[Role, str]] = []
    for role, text in reversed(turns):
        cost = estimate_tokens(text) + MESSAGE_OVERHEAD_TOKENS
        if cost > budget:
            if not taken:
                taken.append((role, _cut_middle(text, budget)))
            break
        budget -= cost
        taken.append((role, text))
    # An answer whose question did not fit says little; models expect a user to speak first.
    while len(taken) > 1 and taken[-1][0] == "assistant":
        taken.pop()
    return taken[::-1]


def _cut_middle(text: str, budget_tokens: int) -> str:
    keep = max(int(len(text) * budget_tokens / max(estimate_tokens(text), 1)) - len(_CUT), 2)
    return text[: keep // 2] + _CUT + text[-(keep // 2) :]


def _merge_neighbours(turns: Sequence[tuple[Role, str]]) -> list[PromptMessage]:
    merged: list[tuple[Role, str]] = []
    for role, text in turns:
        if merged and merged[-1][0] == role:
            merged[-1] = (role, f"{merged[-1][1]}\n\n{text}")
        else:
            merged.append((role, text))
    return [PromptMessage(role, text) for role, text in merged]
