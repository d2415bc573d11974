"""From the branch of a conversation that leads to an answer to what the model reads, within its context.

Sizes are estimated (:mod:`~conduit_widget.providers.limits.token_estimate`); a provider refuses what really
is too long.

Servers keep what they have read of a prompt for the next one that begins alike, which is most of the time to
the first token. So a history that is too long does not lose its oldest message with every question: it is cut
back by up to a half, then grows again. Where it is cut follows from the stored history alone, so that every
node, after any restart, cuts it in the same place, however much of it was read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from conduit_widget.contract import MAX_HISTORY_PAGE
from conduit_widget.providers.limits.token_estimate import MESSAGE_OVERHEAD_TOKENS, estimate_tokens
from conduit_widget.providers.provider import PromptMessage
from conduit_widget.types import ChatMessage, HistoryPage, Role

Ancestors = Callable[[str, int], Awaitable[HistoryPage]]
"""``ancestors(message_id, limit)`` returns the messages that lead to a message, oldest first."""

DEFAULT_ANSWER_SHARE: Final = 4
"""Without a maxTokens, one part in this many of the context is kept free for the answer."""
TYPICAL_MESSAGE_TOKENS: Final = 64
SMALLEST_PAGE: Final = 16
"""How many messages are read at a time: about as many as fit, but at least so many."""

_SEVERAL: Final = "Several people take part; each of their messages starts with its writer's name."
_CUT: Final = "\n[…]\n"


async def read_prompt(
    ancestors: Ancestors,
    answer_id: str,
    *,
    system_prompt: str,
    context_tokens: int,
    max_tokens: int | None = None,
    max_messages: int = MAX_HISTORY_PAGE,
) -> list[PromptMessage]:
    """Return the prompt of an answer: the system prompt, then what led to it, as :func:`build_prompt` does.

    The messages are read in pages, the question's first, until they are more than fit or ``max_messages``.
    """
    budget = _budget(system_prompt, context_tokens, max_tokens)
    branch: list[ChatMessage] = []
    read, cost, oldest, has_more = 0, 0, answer_id, True
    while has_more and read < max_messages and cost <= budget:
        limit = max((budget - cost) // TYPICAL_MESSAGE_TOKENS, SMALLEST_PAGE)
        page = await ancestors(oldest, min(limit, max_messages - read))
        has_more = page.has_more
        if not page.messages:
            break
        oldest = page.messages[0]["id"]
        messages = _readable(page.messages)
        branch = messages + branch
        read += len(page.messages)
        cost += sum(map(_cost, messages))
    return build_prompt(branch, budget=budget, system_prompt=system_prompt, is_whole=not has_more)


def build_prompt(
    branch: Sequence[ChatMessage], *, budget: int, system_prompt: str, is_whole: bool
) -> list[PromptMessage]:
    """Return the system prompt and the newest messages within ``budget`` tokens, at least about half of that.

    ``branch`` is oldest first (``is_whole``: from the root) and ends with the question, which is always kept
    (its middle is cut out when it alone is too long). What people wrote stands as they typed it. User names
    stand before messages only when more than one person writes. Neighbours of one role become one message,
    since some models accept strict turns only.
    """
    kept = _kept(branch, budget, is_whole=is_whole)
    people = {message.author.user_id for message in kept if message.role == "user" and message.author}
    turns = [_turn(message, len(people) > 1) for message in kept]
    if len(turns) == 1:
        turns = [(turns[0][0], _cut_middle(turns[0][1], budget))]
    system = (
        system_prompt if len(people) < 2 else f"{system_prompt} {_SEVERAL}" if system_prompt else _SEVERAL
    )
    head = [PromptMessage("system", system)] if system else []
    return head + _merge_neighbours(turns)


def _budget(system_prompt: str, context_tokens: int, max_tokens: int | None) -> int:
    """Return how many tokens of history the context has room for, beside the system prompt and the answer."""
    reserved = max_tokens if max_tokens is not None else context_tokens // DEFAULT_ANSWER_SHARE
    budget = context_tokens - min(reserved, context_tokens // 2)
    budget -= estimate_tokens(f"{system_prompt} {_SEVERAL}") + MESSAGE_OVERHEAD_TOKENS
    return max(budget, 32)


def _readable(wires: Sequence[Mapping[str, Any]]) -> list[ChatMessage]:
    """Return the messages that say something; one that cannot be read keeps nobody from an answer."""
    messages = []
    for wire in wires:
        with contextlib.suppress(msgspec.ValidationError):
            messages.append(ChatMessage.from_wire(wire))
    return [message for message in messages if message.text.strip()]


def _cost(message: ChatMessage) -> int:
    """Return about how many tokens a message takes, with a name: what is kept says whether it needs one."""
    return estimate_tokens(_turn(message, True)[1]) + MESSAGE_OVERHEAD_TOKENS


def _turn(message: ChatMessage, named: bool) -> tuple[Role, str]:
    if named and message.role == "user" and message.author is not None:
        return message.role, f"{message.author.user_name}: {message.text}"
    return message.role, message.text


def _kept(messages: Sequence[ChatMessage], budget: int, *, is_whole: bool) -> Sequence[ChatMessage]:
    """Return the newest messages that fit, from where earlier prompts began, if that still leaves half."""
    costs = [_cost(message) for message in messages]
    oldest = _newest_within(costs, budget)
    start = oldest
    if oldest > 0 or not is_whole:
        half = _newest_within(costs, min(budget, sum(costs)) // 2)
        mark = _roundest(_position(messages, oldest), _position(messages, half))
        while start < half and _position(messages, start) < mark:
            start += 1
    # An answer whose question did not fit says little; models expect a user to speak first.
    while start < len(messages) - 1 and messages[start].role == "assistant":
        start += 1
    return messages[start:]


def _newest_within(costs: Sequence[int], budget: int) -> int:
    """Return from where on the costs, down to the last, are within the budget; the last one always is."""
    start, left = len(costs), budget
    while start > 0 and (costs[start - 1] <= left or start == len(costs)):
        start -= 1
        left -= costs[start]
    return start


def _position(messages: Sequence[ChatMessage], index: int) -> int:
    """Return a message's place in the log (without one, in this list)."""
    return _seq(messages[index].metadata, index) if index < len(messages) else index


def _seq(metadata: object, otherwise: int) -> int:
    """Return the place in the log that stored metadata tell, where they tell one."""
    seq = metadata.get("seq") if isinstance(metadata, Mapping) else None
    return seq if isinstance(seq, int) else otherwise


def _roundest(least: int, most: int) -> int:
    """Return the number from ``least`` to ``most`` that the highest power of two divides.

    As both rise it stays the same for about half their distance: it is the mark of a cut.

    >>> _roundest(5, 12), _roundest(8, 15), _roundest(9, 15), _roundest(7, 7)
    (8, 8, 12, 7)
    """
    if least <= 0:
        return 0
    shift = ((least - 1) ^ most).bit_length() - 1
    return most >> shift << shift


def _cut_middle(text: str, budget_tokens: int) -> str:
    if estimate_tokens(text) + MESSAGE_OVERHEAD_TOKENS <= budget_tokens:
        return text
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
